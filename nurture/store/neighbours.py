"""Recorded hits that stand near others: on the same mail, from the same address, at the same company."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
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
# On a mail a click weighs one, and one that no person can have made two.
_CLICKS = f"""
    sum(CASE WHEN kind <> '{CLICK}' THEN 0
             WHEN EXISTS (SELECT FROM link WHERE link.id = link_id AND label = '{TRAP_LABEL}') THEN 2
             ELSE 1 END)
"""
_OF_DELIVERIES = text(_CROWDED.format(kind="bigint", column="delivery_id", columns=COLUMNS, weight=_CLICKS))
_OF_ADDRESSES = text(_CROWDED.format(kind="text", column="ip", columns=COLUMNS, weight="count(*)"))
_OF_DOMAINS = text(_CROWDED.format(kind="text", column="domain", columns=COLUMNS, weight="count(*)"))
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
        *_read(session, _OF_DELIVERIES, deliveries, least=LEAST_ON_MAIL),
        *_read(session, _OF_ADDRESSES, addresses, least=LEAST_AT_ADDRESS),
        *_read(session, _OF_DOMAINS, domains, least=LEAST_AT_DOMAIN),
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


def _read(session: Session, query: TextClause, wanted: Sequence[Span], **given: Any) -> Iterable[Row[Any]]:
    if not wanted:
        return ()
    bounds: dict[str, Any] = {
        "spans": batch.rows([span._asdict() for span in wanted]),
        "from": min(span.first_at for span in wanted),
        "until": max(span.last_at for span in wanted),
        "most": _MOST,
    }
    return session.execute(query, bounds | given).all()


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
