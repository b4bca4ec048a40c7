"""Signals: recorded activities of people, partitioned by month of arrival."""

import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Index, PrimaryKeyConstraint, Row, Uuid, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.ids import NOISE_BYTES, millis_of, time_of, uuid7
from nurture.store import batch
from nurture.store.base import Base, Instant, Json, Ref

# Where signals come from that stand in a timeline as answers of sales already.
SALES = "sales"
# Where those of hits come from.
TRACKING = "tracking"


class Signal(Base):
    """One activity. `id` is a UUIDv7 and `received_at` its own time for hits, so that the pair is
    unique across partitions. `verdict` is the one known when it arrived; later ones are appended to
    signal_verdict. Partitioned by RANGE (received_at): see store/partitions.py."""

    __tablename__ = "signal"
    __table_args__ = (
        PrimaryKeyConstraint("id", "received_at"),
        Index("ix_signal_lead_id_occurred_at", "lead_id", "occurred_at"),
        Index("ix_signal_kind_occurred_at", "kind", "occurred_at"),
        Index("ix_signal_lead_id_kind_occurred_at", "lead_id", "kind", "occurred_at"),
        {"postgresql_partition_by": "RANGE (received_at)"},
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid)
    received_at: Mapped[Instant]
    lead_id: Mapped[Ref]
    kind: Mapped[str]
    occurred_at: Mapped[Instant]
    source: Mapped[str]
    delivery_id: Mapped[Ref | None]
    mail_key: Mapped[str | None]
    data: Mapped[Json]
    verdict: Mapped[str] = mapped_column(server_default="human")


class SignalKey(Base):
    """External keys of signals, unpartitioned: the same (source, key) is the same signal."""

    __tablename__ = "signal_key"

    source: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    signal_id: Mapped[uuid.UUID] = mapped_column(Uuid)


class SignalVerdict(Base):
    """A later verdict on a signal or hit: re-judged by rule or overruled by a marketer. Appended only;
    the latest holds."""

    __tablename__ = "signal_verdict"

    signal_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    at: Mapped[Instant] = mapped_column(primary_key=True)
    verdict: Mapped[str]
    reason: Mapped[str]
    by: Mapped[str]


class UnratedSignal(Base):
    """Signals that flows/rate has not counted yet: its inbox. `rate_by` is until when one may wait while many
    hits are recorded (rules/patience), long ago for those that may not. `kind` is told of the signal of a hit
    that happened when it came in, so that it need not be read (NULL: it must be)."""

    __tablename__ = "unrated_signal"
    __table_args__ = (
        Index("ix_unrated_signal_lead_id", "lead_id"),
        Index("ix_unrated_signal_rate_by", "rate_by"),
    )

    signal_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    received_at: Mapped[Instant]
    lead_id: Mapped[Ref]
    rate_by: Mapped[Instant] = mapped_column(server_default=text("'epoch'"))
    kind: Mapped[str | None]


class NewSignal(NamedTuple):
    """An activity as a source reports it. `source` is tracking, api, import, form, page or sales; `key` is
    the source's own name for it and makes reporting it again harmless; `id` is given by hits alone, whose
    UUIDv7 then is the signal's."""

    lead_id: int
    kind: str
    occurred_at: datetime
    source: str
    key: str | None = None
    delivery_id: int | None = None
    mail_key: str | None = None
    data: Mapping[str, Any] = MappingProxyType({})
    id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class TimelineSignal:
    """A signal as a timeline shows it, `verdict` the one that holds now."""

    id: uuid.UUID
    kind: str
    occurred_at: datetime
    source: str
    delivery_id: int | None
    mail_key: str | None
    data: Mapping[str, Any]
    verdict: str


@dataclass(frozen=True, slots=True)
class Reported:
    """What was reported, of whom and by whom."""

    lead_id: int
    kind: str
    source: str


_REPORTED = text("SELECT lead_id, kind, source FROM signal WHERE id = :id")
_ADD_KEYS = text(
    """
    INSERT INTO signal_key (source, key, signal_id)
    SELECT source, key, signal_id
    FROM unnest(CAST(:sources AS text[]), CAST(:keys AS text[]), CAST(:ids AS uuid[]))
         AS g (source, key, signal_id)
    ORDER BY source, key
    ON CONFLICT DO NOTHING
    RETURNING signal_id
    """
)
_ADD = text(
    """
    WITH added AS (
        INSERT INTO signal
            (id, received_at, lead_id, kind, occurred_at, source, delivery_id, mail_key, data)
        SELECT id, received_at, lead_id, kind, occurred_at, source, delivery_id, mail_key, data
        FROM json_to_recordset(CAST(:rows AS json)) AS g (
            id uuid, received_at timestamptz, lead_id bigint, kind text, occurred_at timestamptz,
            source text, delivery_id bigint, mail_key text, data jsonb
        )
        ON CONFLICT DO NOTHING
        RETURNING id, received_at, lead_id, source, occurred_at, kind
    ), waiting AS (
        INSERT INTO unrated_signal (signal_id, received_at, lead_id, rate_by, kind)
        SELECT id, received_at, lead_id, coalesce(CAST(:rate_by AS timestamptz), 'epoch'),
               CASE WHEN source = :tracking AND occurred_at = received_at THEN kind END
        FROM added
    )
    SELECT CASE WHEN count(*) < :given THEN coalesce(array_agg(id), '{}') END FROM added
    """
)
_TIMELINE = """
    SELECT s.id, s.kind, s.occurred_at, s.source, s.delivery_id, s.mail_key, s.data,
           coalesce(latest.verdict, s.verdict) AS verdict
    FROM signal s
    LEFT JOIN LATERAL (
        SELECT v.verdict FROM signal_verdict v WHERE v.signal_id = s.id ORDER BY v.at DESC LIMIT 1
    ) latest ON true
    WHERE s.lead_id = :lead_id {older}
    ORDER BY s.occurred_at DESC, s.id DESC
    LIMIT :limit
"""
_NEWEST = text(_TIMELINE.format(older=""))
_OLDER = text(_TIMELINE.format(older="AND (s.occurred_at, s.id) < (:at, CAST(:id AS uuid))"))


def reported(session: Session, signal_id: uuid.UUID) -> Reported | None:
    """A signal by its id, whatever its verdict."""
    row = session.execute(_REPORTED, {"id": signal_id}).one_or_none()
    return None if row is None else Reported(*row)


def add(
    session: Session, rows: Sequence[NewSignal], *, now: datetime, rate_by: datetime | None = None
) -> list[uuid.UUID]:
    """Take in signals of existing leads and queue them for rating; the ids of those that were new. With
    `rate_by` they may wait until then while many hits are recorded.

    Two statements, however many rows. Rows whose (source, key) is known, or appears twice, are left out.
    """
    named = [(row.id or _new_id(now), row) for row in rows]
    fresh = _unknown(session, _without_doubles(named))
    if not fresh:
        return []
    given = [
        {
            "id": number,
            "received_at": time_of(number),
            "lead_id": row.lead_id,
            "kind": row.kind,
            "occurred_at": row.occurred_at,
            "source": row.source,
            "delivery_id": row.delivery_id,
            "mail_key": row.mail_key,
            "data": row.data,
        }
        for number, row in fresh
    ]
    # As a rule all of them are new, and then their ids need not be read back.
    told = {"rows": batch.rows(given), "given": len(given), "rate_by": rate_by, "tracking": TRACKING}
    new = session.scalar(_ADD, told)
    return [number for number, _row in fresh] if new is None else list(new)


def timeline(
    session: Session,
    lead_id: int,
    *,
    limit: int = 50,
    before: tuple[datetime, uuid.UUID] | None = None,
) -> list[TimelineSignal]:
    """A lead's signals, newest first; `before` is (occurred_at, id) of the last one of the page above."""
    if before is None:
        rows = session.execute(_NEWEST, {"lead_id": lead_id, "limit": limit})
    else:
        place = {"lead_id": lead_id, "limit": limit, "at": before[0], "id": before[1]}
        rows = session.execute(_OLDER, place)
    return [_shown(row) for row in rows]


def _new_id(now: datetime) -> uuid.UUID:
    return uuid7(millis_of(now), os.urandom(NOISE_BYTES))


def _without_doubles(named: list[tuple[uuid.UUID, NewSignal]]) -> list[tuple[uuid.UUID, NewSignal]]:
    """The first of each (source, key), and everything that has no key."""
    firsts = {(row.source, row.key or number): (number, row) for number, row in reversed(named)}
    return list(reversed(firsts.values()))


def _unknown(session: Session, named: list[tuple[uuid.UUID, NewSignal]]) -> list[tuple[uuid.UUID, NewSignal]]:
    """Claim the external keys; rows whose key was claimed before fall away."""
    keyed = [(number, row) for number, row in named if row.key is not None]
    if not keyed:
        return named
    new = session.scalars(
        _ADD_KEYS,
        {
            "sources": [row.source for _, row in keyed],
            "keys": [row.key for _, row in keyed],
            "ids": [number for number, _ in keyed],
        },
    )
    claimed = set(new)
    return [(number, row) for number, row in named if row.key is None or number in claimed]


def _shown(row: Row[Any]) -> TimelineSignal:
    return TimelineSignal(
        id=row.id,
        kind=row.kind,
        occurred_at=row.occurred_at,
        source=row.source,
        delivery_id=row.delivery_id,
        mail_key=row.mail_key,
        data=row.data or {},
        verdict=row.verdict,
    )
