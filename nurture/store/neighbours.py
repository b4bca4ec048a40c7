"""Recorded hits that stand near others: on the same mail, from the same address, at the same company."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from nurture.rules.hits import Hit
from nurture.rules.ids import time_of
from nurture.rules.robots import Verdict
from nurture.store.hits import JudgedHit

# More of one kind than this within minutes change nothing about the verdict, and bound what one mail that
# is hit all the time can cost.
_MOST = 200
Span = tuple[datetime, datetime]

COLUMNS = """
    h.id, h.received_at, h.kind, h.delivery_id, h.lead_id, h.link_id, h.method, h.ip, h.user_agent,
    h.verdict, h.reasons, h.since_sent, h.domain
"""
_NEAR = """
    SELECT h.* FROM unnest(CAST(:keys AS {kind}[]), CAST(:first AS timestamptz[]),
                           CAST(:last AS timestamptz[])) AS g (key, first_at, last_at)
    CROSS JOIN LATERAL (
        SELECT {columns} FROM hit h
        WHERE h.{column} = g.key AND h.received_at BETWEEN g.first_at AND g.last_at
            AND h.received_at BETWEEN :from AND :until
        ORDER BY h.received_at DESC LIMIT :most
    ) h
"""
_OF_DELIVERIES = text(_NEAR.format(kind="bigint", column="delivery_id", columns=COLUMNS))
_OF_ADDRESSES = text(_NEAR.format(kind="text", column="ip", columns=COLUMNS))
_OF_DOMAINS = text(_NEAR.format(kind="text", column="domain", columns=COLUMNS))
_FIND = text(
    f"""
    SELECT {COLUMNS} FROM hit h
    WHERE h.id = ANY(CAST(:ids AS uuid[])) AND h.received_at BETWEEN :from AND :until ORDER BY h.id
    """
)


def of_deliveries(session: Session, near: Mapping[int, Span]) -> list[JudgedHit]:
    """Recorded hits of these deliveries, each within its stretch of time; the latest 200 of each."""
    return _read(session, _OF_DELIVERIES, near)


def of_addresses(session: Session, near: Mapping[str, Span]) -> list[JudgedHit]:
    """Recorded hits from these addresses."""
    return _read(session, _OF_ADDRESSES, near)


def of_domains(session: Session, near: Mapping[str, Span]) -> list[JudgedHit]:
    """Recorded clicks at these companies."""
    return _read(session, _OF_DOMAINS, near)


def spans(times: Iterable[tuple[Any, datetime]], margin: timedelta) -> dict[Any, Span]:
    """From the first of each key to its last, with a margin on both sides."""
    found: dict[Any, Span] = {}
    for key, at in times:
        first, last = found.get(key, (at, at))
        found[key] = (min(first, at), max(last, at))
    return {key: (first - margin, last + margin) for key, (first, last) in found.items()}


def _read(session: Session, query: Any, near: Mapping[Any, Span]) -> list[JudgedHit]:
    if not near:
        return []
    given: dict[str, Any] = {
        "keys": list(near),
        "first": [span[0] for span in near.values()],
        "last": [span[1] for span in near.values()],
        "from": min(span[0] for span in near.values()),
        "until": max(span[1] for span in near.values()),
        "most": _MOST,
    }
    return [recorded(row) for row in session.execute(query, given)]


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
