"""Recorded hits that stand near others: on the same mail, from the same address, at the same company."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

from nurture.rules.hits import CLICK, TRAP_LABEL, Hit
from nurture.rules.ids import time_of
from nurture.rules.robots import Verdict
from nurture.rules.surroundings import LEAST_AT_ADDRESS, LEAST_AT_DOMAIN, LEAST_ON_MAIL
from nurture.store import batch
from nurture.store.hits import JudgedHit

# More of one kind than this within minutes change nothing about the verdict, and bound what one mail that
# is hit all the time can cost.
_MOST = 200


class Span(NamedTuple):
    """A stretch of time around the hits of one delivery, address or company: what those `here` weigh, which
    is their number for addresses and companies, and for deliveries see `of_mails`."""

    key: int | str
    first_at: datetime
    last_at: datetime
    here: int


COLUMNS = """
    h.id, h.received_at, h.kind, h.delivery_id, h.lead_id, h.link_id, h.method, h.ip, h.user_agent,
    h.verdict, h.reasons, h.since_sent, h.domain
"""
# What weighs too little together with the batch itself tells nothing.
_CROWDED = """
    SELECT {columns} FROM json_to_recordset(CAST(:spans AS json))
        AS g (key {kind}, first_at timestamptz, last_at timestamptz, here int)
    CROSS JOIN LATERAL (
        SELECT *, {weight} OVER () AS there FROM (
            SELECT * FROM hit h
            WHERE h.{column} = g.key AND h.received_at BETWEEN g.first_at AND g.last_at
                AND h.received_at BETWEEN :from AND :until
            ORDER BY h.received_at DESC LIMIT :most
        ) latest
    ) h
    WHERE h.there + g.here >= :least
"""
# Whom it is worth to look at like that: the same, over the whole time of the batch at once. Most are not.
_WORTH = """
    SELECT g.key FROM unnest(CAST(:keys AS {kind}[]), CAST(:here AS int[])) AS g (key, here)
    CROSS JOIN LATERAL (
        SELECT {weight} AS there FROM (
            SELECT kind, link_id FROM hit h
            WHERE h.{column} = g.key AND h.received_at BETWEEN :from AND :until
            ORDER BY h.received_at DESC LIMIT :most
        ) latest
    ) h
    WHERE h.there > 0 AND h.there + g.here >= :least
"""
# On a mail a click weighs one, and one that no person can have made two.
_CLICKS = f"""
    sum(CASE WHEN kind <> '{CLICK}' THEN 0
             WHEN EXISTS (SELECT FROM link WHERE link.id = link_id AND label = '{TRAP_LABEL}') THEN 2
             ELSE 1 END)
"""


@dataclass(frozen=True, slots=True)
class _Asked:
    """The two queries for one kind of neighbourhood, and what its hits have to weigh."""

    worth: TextClause
    crowded: TextClause
    least: int


def _asked(kind: str, column: str, weight: str, least: int) -> _Asked:
    given = {"kind": kind, "column": column, "weight": weight, "columns": COLUMNS}
    return _Asked(text(_WORTH.format(**given)), text(_CROWDED.format(**given)), least)


_OF_DELIVERIES = _asked("bigint", "delivery_id", _CLICKS, LEAST_ON_MAIL)
_OF_ADDRESSES = _asked("text", "ip", "count(*)", LEAST_AT_ADDRESS)
_OF_DOMAINS = _asked("text", "domain", "count(*)", LEAST_AT_DOMAIN)
_FIND = text(
    f"""
    SELECT {COLUMNS} FROM hit h
    WHERE h.id = ANY(CAST(:ids AS uuid[])) AND h.received_at BETWEEN :from AND :until ORDER BY h.id
    """
)


def near(
    session: Session, *, deliveries: Sequence[Span], addresses: Sequence[Span], domains: Sequence[Span]
) -> list[JudgedHit]:
    """Recorded hits of these deliveries, from these addresses and at these companies, each within its stretch
    of time, the latest 200 of each; each hit once. Those without company enough to say something are left
    out."""
    found = (
        *_read(session, _OF_DELIVERIES, deliveries),
        *_read(session, _OF_ADDRESSES, addresses),
        *_read(session, _OF_DOMAINS, domains),
    )
    return [recorded(row) for row in {row.id: row for row in found}.values()]


def spans(times: Iterable[tuple[int | str, datetime]], margin: timedelta) -> list[Span]:
    """From the first of each key to its last, with a margin on both sides."""
    found: dict[int | str, list[datetime]] = {}
    for key, at in times:
        found.setdefault(key, []).append(at)
    return [Span(key, min(at) - margin, max(at) + margin, len(at)) for key, at in found.items()]


def of_mails(times: Iterable[tuple[int, datetime, int]], margin: timedelta) -> list[Span]:
    """The spans of deliveries, from (delivery, time, weight) of each hit: a click weighs one, a click that no
    person can have made two, anything else nothing."""
    known = list(times)
    weights: Counter[int | str] = Counter()
    for delivery_id, _at, weight in known:
        weights[delivery_id] += weight
    found = spans(((delivery_id, at) for delivery_id, at, _weight in known), margin)
    return [span._replace(here=weights[span.key]) for span in found]


def _read(session: Session, asked: _Asked, spans: Sequence[Span]) -> Iterable[Row[Any]]:
    if not spans:
        return ()
    bounds = {
        "from": min(span.first_at for span in spans),
        "until": max(span.last_at for span in spans),
        "most": _MOST,
        "least": asked.least,
    }
    keys = {"keys": _keys(spans), "here": batch.numbers(span.here for span in spans)}
    worth = set(session.scalars(asked.worth, keys | bounds).all())
    if not worth:
        return ()
    chosen = [span._asdict() for span in spans if span.key in worth]
    return session.execute(asked.crowded, {"spans": batch.rows(chosen)} | bounds).all()


def _keys(spans: Sequence[Span]) -> str:
    """Ids, addresses or domains as the text of an array."""
    return "{" + ",".join([batch.quoted(str(span.key)) for span in spans]) + "}"


def recorded(row: Row[Any]) -> JudgedHit:
    """A row of `hit` as values, without its headers."""
    hit = Hit(row.id, row.kind, row.delivery_id, row.link_id, row.method, row.user_agent, row.ip)
    verdict = Verdict(row.verdict, tuple(row.reasons))
    return JudgedHit(hit, row.lead_id, row.since_sent, row.domain, verdict)


def find(session: Session, ids: Collection[UUID]) -> list[JudgedHit]:
    """Recorded hits by their ids."""
    if not ids:
        return []
    given = {"ids": list(ids), "from": time_of(min(ids)), "until": time_of(max(ids))}
    return [recorded(row) for row in session.execute(_FIND, given)]
