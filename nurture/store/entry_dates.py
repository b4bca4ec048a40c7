"""Leads whose dates let them into a chain about now, and up to when that was looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.rules.conditions.seen import INSTANT, kept_name, microseconds


@dataclass(frozen=True, slots=True)
class Days:
    """The days about which a date counts: instants from `first` to `last`, or for anniversaries days of the
    year (05-31)."""

    first: datetime
    last: datetime
    yearly: Sequence[str] | None = None


_SEEN = text("SELECT dates_seen_at FROM chain WHERE id = :chain_id FOR UPDATE SKIP LOCKED")
_BEGIN = text("UPDATE chain SET dates_seen_at = :now WHERE id = :chain_id")
_AT = "CAST(l.folded_fields ->> CAST(:name AS text) AS numeric)"
_LEADS = """
    SELECT l.id FROM lead l
    WHERE l.id > :after AND l.erased_at IS NULL AND l.held_at IS NULL
      AND l.folded_fields ? CAST(:name AS text) AND {met}
    ORDER BY l.id LIMIT :limit
"""
_ON_DAYS = text(_LEADS.format(met=f"{_AT} BETWEEN :first AND :last"))
_YEARLY = text(
    _LEADS.format(
        met=f"to_char(to_timestamp(CAST({_AT} / 1000000 AS float)) AT TIME ZONE 'UTC', 'MM-DD') = ANY(:days)"
    )
)


@dataclass(frozen=True, slots=True)
class Seen:
    """Up to when the dates of a chain were looked at; None for a chain never looked at."""

    at: datetime | None


def lock(session: Session, chain_id: int) -> Seen | None:
    """Up to when the dates of this chain were looked at, held until the transaction ends; None while somebody
    else looks."""
    row = session.execute(_SEEN, {"chain_id": chain_id}).first()
    return None if row is None else Seen(row.dates_seen_at)


def seen(session: Session, chain_id: int, *, now: datetime) -> None:
    """The dates up to `now` have been looked at."""
    session.execute(_BEGIN, {"chain_id": chain_id, "now": now})


def leads(session: Session, field: str, days: Days, *, after: int, limit: int) -> list[int]:
    """The next leads by id whose date in `field` (dates.renewal) may be met; the caller tells exactly."""
    values = {"name": INSTANT + kept_name(field), "after": after, "limit": limit}
    if days.yearly is not None:
        return list(session.execute(_YEARLY, {**values, "days": list(days.yearly)}).scalars())
    return list(
        session.execute(
            _ON_DAYS, {**values, "first": microseconds(days.first), "last": microseconds(days.last)}
        ).scalars()
    )
