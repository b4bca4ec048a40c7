"""Recorded hits that stand near others: on the same mail, from the same address, at the same company."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
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


# A hit by what it shares with others (its delivery, address or company), when it was, and what it weighs:
# one as a rule; on a delivery a click one, a click that no person can have made two, anything else nothing.
Sighting = tuple[int | str, datetime, int]


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
             WHEN EXISTS (SELECT FROM link WHERE link.id = link_id AND label = '{TRAP_LABEL}')
                  THEN {LEAST_ON_MAIL}
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
    session: Session,
    *,
    deliveries: Sequence[Sighting],
    addresses: Sequence[Sighting],
    domains: Sequence[Sighting],
    within: timedelta,
) -> list[JudgedHit]:
    """Hits recorded within this time of others of these deliveries, from these addresses and at these
    companies, the latest 200 of each; each hit once. Those without company enough to say something are left
    out."""
    found = (
        *_read(session, _OF_DELIVERIES, deliveries, within),
        *_read(session, _OF_ADDRESSES, addresses, within),
        *_read(session, _OF_DOMAINS, domains, within),
    )
    return [recorded(row) for row in {row.id: row for row in found}.values()]


def _read(session: Session, asked: _Asked, seen: Sequence[Sighting], within: timedelta) -> Iterable[Row[Any]]:
    if not seen:
        return ()
    here: Counter[int | str] = Counter()
    for key, _at, weight in seen:
        here[key] += weight
    times = [at for _key, at, _weight in seen]
    bounds = {
        "from": min(times) - within,
        "until": max(times) + within,
        "most": _MOST,
        "least": asked.least,
    }
    keys = {"keys": batch.array(here), "here": batch.array(here.values())}
    worth = set(session.scalars(asked.worth, keys | bounds).all())
    if not worth:
        return ()
    spans = _spans([one for one in seen if one[0] in worth], here, within)
    return session.execute(asked.crowded, {"spans": batch.rows(spans)} | bounds).all()


def _spans(
    seen: Sequence[Sighting], here: Mapping[int | str, int], within: timedelta
) -> list[dict[str, Any]]:
    """From the first of each key to its last, with a margin on both sides, and what weighs there."""
    found: dict[int | str, list[datetime]] = {}
    for key, at, _weight in seen:
        found.setdefault(key, []).append(at)
    return [
        {"key": key, "first_at": min(at) - within, "last_at": max(at) + within, "here": here[key]}
        for key, at in found.items()
    ]


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
