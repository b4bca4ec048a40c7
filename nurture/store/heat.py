"""Heat by forward decay: one row a lead and model, its day buckets, and the record of temperature.

Logs are base 2 of sums referred to the epoch: log2(sum of w * 2**(t/h)), t in epoch seconds. NULL is
minus infinity. (Cormode, Shkapenyuk, Srivastava, Xu: Forward Decay, ICDE 2009.)
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, Row, Uuid, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.caps import Bucket
from nurture.rules.heat import NO_HEAT, NOTHING, Heat
from nurture.rules.temperature import NO_FLOORS, Floors
from nurture.store import batch
from nurture.store.base import Base, Count, Id, Instant, Ref


class LeadHeat(Base):
    """A lead's heat under a model: P and N apart, so that adding is order-independent, and the net log
    that is compared. `level` is what heat alone says, by its rising and falling thresholds;
    `temperature` the higher of it and the unexpired floors. `due_at` is the next moment at which
    silence alone changes something: a cooling, the end of a floor, readiness falling low enough to arm."""

    __tablename__ = "lead_heat"
    __table_args__ = (
        Index("ix_lead_heat_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        # Most signals change sums alone: with room on the page, no index has to hear of them.
        {"postgresql_with": {"fillfactor": 70}},
    )

    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"), primary_key=True)
    model_id: Mapped[Ref] = mapped_column(ForeignKey("heat_model.id"), primary_key=True)
    model_version_id: Mapped[Ref]
    pos_log2: Mapped[float | None]
    neg_log2: Mapped[float | None]
    net_log2: Mapped[float | None]
    level: Mapped[str] = mapped_column(server_default="cold")
    temperature: Mapped[str] = mapped_column(server_default="cold")
    since: Mapped[Instant]
    warm_floor_until: Mapped[Instant | None]
    hot_floor_until: Mapped[Instant | None]
    due_at: Mapped[Instant | None]
    updated_at: Mapped[Instant]


class HeatBucket(Base):
    """The signals of one lead, model, rule and UTC day that count: how many, their sums, and the last
    one counted, so that a signal below the cap is added in one step."""

    __tablename__ = "heat_bucket"
    __table_args__ = {"postgresql_with": {"fillfactor": 70}}

    lead_id: Mapped[Ref] = mapped_column(primary_key=True)
    model_id: Mapped[Ref] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    count: Mapped[Count]
    pos_log2: Mapped[float | None]
    neg_log2: Mapped[float | None]
    last_at: Mapped[Instant]
    last_id: Mapped[uuid.UUID] = mapped_column(Uuid)


class TemperatureChange(Base):
    """A lead's temperature changed under a model, and why. Appended only."""

    __tablename__ = "temperature_change"
    __table_args__ = (
        Index("ix_temperature_change_lead_id_at", "lead_id", "at"),
        Index("ix_temperature_change_at", "at"),
    )

    id: Mapped[Id]
    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"))
    model_id: Mapped[Ref] = mapped_column(ForeignKey("heat_model.id"))
    at: Mapped[Instant]
    old: Mapped[str]
    new: Mapped[str]
    heat: Mapped[float]
    reason: Mapped[str]
    signal_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)


Pair = tuple[int, int]
BucketKey = tuple[int, int, str, date]


@dataclass(frozen=True, slots=True)
class StoredHeat:
    """A lead's row under a model, as values. `since` is when the temperature began."""

    lead_id: int
    model_id: int
    version_id: int
    since: datetime
    heat: Heat = NO_HEAT
    level: str = "cold"
    temperature: str = "cold"
    floors: Floors = NO_FLOORS
    due_at: datetime | None = None

    @property
    def pair(self) -> Pair:
        return (self.lead_id, self.model_id)


@dataclass(frozen=True, slots=True)
class NewTemperature:
    """A change to be recorded; `signal_id` the signal that brought it, None for silence."""

    lead_id: int
    model_id: int
    old: str
    new: str
    heat: float
    reason: str
    signal_id: uuid.UUID | None = None


_LOAD = text(
    """
    SELECT lead_id, model_id, model_version_id, since, pos_log2, neg_log2, level, temperature,
           warm_floor_until, hot_floor_until, due_at
    FROM lead_heat WHERE lead_id = ANY(CAST(:leads AS bigint[])) AND model_id = ANY(:models)
    """
)
_SAVE = text(
    """
    INSERT INTO lead_heat (lead_id, model_id, model_version_id, pos_log2, neg_log2, net_log2, level,
        temperature, since, warm_floor_until, hot_floor_until, due_at, updated_at)
    SELECT g.*, CAST(:now AS timestamptz)
    FROM json_to_recordset(CAST(:rows AS json)) AS g (
        lead_id bigint, model_id bigint, version bigint, pos float8, neg float8, net float8, level text,
        temperature text, since timestamptz, warm timestamptz, hot timestamptz, due timestamptz
    )
    ON CONFLICT (lead_id, model_id) DO UPDATE SET
        model_version_id = excluded.model_version_id, pos_log2 = excluded.pos_log2,
        neg_log2 = excluded.neg_log2, net_log2 = excluded.net_log2, level = excluded.level,
        temperature = excluded.temperature, since = excluded.since,
        warm_floor_until = excluded.warm_floor_until, hot_floor_until = excluded.hot_floor_until,
        due_at = excluded.due_at, updated_at = excluded.updated_at
    """
)
_DUE = text(
    """
    SELECT h.lead_id FROM lead_heat h JOIN lead l ON l.id = h.lead_id
    WHERE h.due_at <= :now AND h.model_id = ANY(:models) AND l.erased_at IS NULL
    ORDER BY h.due_at LIMIT :limit
    """
)
_BUCKETS = text(
    """
    SELECT b.lead_id, b.model_id, b.rule, b.day, b.count AS counted, b.pos_log2, b.neg_log2,
           b.last_at, b.last_id
    FROM json_to_recordset(CAST(:rows AS json)) AS g (lead_id bigint, model_id bigint, rule text, day date)
    JOIN heat_bucket b ON b.lead_id = g.lead_id AND b.model_id = g.model_id AND b.rule = g.rule
        AND b.day = g.day
    """
)
_BUCKETS_SINCE = text(
    """
    SELECT b.lead_id, b.model_id, b.rule, b.day, b.count AS counted, b.pos_log2, b.neg_log2,
           b.last_at, b.last_id
    FROM unnest(CAST(:leads AS bigint[]), CAST(:models AS bigint[]), CAST(:days AS date[]))
         AS g (lead_id, model_id, since)
    JOIN heat_bucket b ON b.lead_id = g.lead_id AND b.model_id = g.model_id AND b.day >= g.since
    ORDER BY b.lead_id, b.model_id, b.day, b.rule
    """
)
_SAVE_BUCKETS = text(
    """
    INSERT INTO heat_bucket (lead_id, model_id, rule, day, count, pos_log2, neg_log2, last_at, last_id)
    SELECT * FROM json_to_recordset(CAST(:rows AS json)) AS g (
        lead_id bigint, model_id bigint, rule text, day date, count int, pos float8, neg float8,
        last_at timestamptz, last_id uuid
    )
    ON CONFLICT (lead_id, model_id, rule, day) DO UPDATE SET
        count = excluded.count, pos_log2 = excluded.pos_log2, neg_log2 = excluded.neg_log2,
        last_at = excluded.last_at, last_id = excluded.last_id
    """
)
_DROP_BUCKETS = text(
    """
    DELETE FROM heat_bucket b
    USING json_to_recordset(CAST(:rows AS json)) AS g (lead_id bigint, model_id bigint, rule text, day date)
    WHERE b.lead_id = g.lead_id AND b.model_id = g.model_id AND b.rule = g.rule AND b.day = g.day
    """
)
_FORGET_MODEL = text(
    "DELETE FROM heat_bucket WHERE model_id = :model_id AND lead_id = ANY(:leads)",
)
_STALE = text(
    """
    SELECT l.id FROM lead l LEFT JOIN lead_heat h ON h.lead_id = l.id AND h.model_id = :model_id
    WHERE l.id = ANY(:leads)
      AND (h.model_version_id <> :version_id OR (h.lead_id IS NULL AND l.id > :after))
    ORDER BY l.id
    """
)
_FOLLOWING_LEADS = text(
    "SELECT id FROM lead WHERE id > :after AND erased_at IS NULL ORDER BY id LIMIT :limit"
)
# A log kept for one half-life says something else under another: what it is worth at the switch stays.
_MOVE_HEAT = text(
    """
    UPDATE lead_heat SET pos_log2 = pos_log2 + :by, neg_log2 = neg_log2 + :by, net_log2 = net_log2 + :by
    WHERE model_id = :model_id
    """
)
_MOVE_DEFAULT = (
    text("UPDATE lead SET heat_log2 = heat_log2 + :by WHERE heat_log2 IS NOT NULL"),
    text("UPDATE handoff SET heat_before = heat_before + :by WHERE heat_before IS NOT NULL"),
)
_ADD_CHANGES = text(
    """
    INSERT INTO temperature_change (lead_id, model_id, at, old, new, heat, reason, signal_id)
    SELECT g.lead_id, g.model_id, :now, g.old, g.new, g.heat, g.reason, g.signal_id
    FROM unnest(
        CAST(:leads AS bigint[]), CAST(:models AS bigint[]), CAST(:old AS text[]), CAST(:new AS text[]),
        CAST(:heats AS float8[]), CAST(:reasons AS text[]), CAST(:signals AS uuid[])
    ) AS g (lead_id, model_id, old, new, heat, reason, signal_id)
    RETURNING id, lead_id, model_id
    """
)


def load(session: Session, lead_ids: Collection[int], model_ids: Collection[int]) -> dict[Pair, StoredHeat]:
    """The rows of these leads under these models; a lead never rated has none."""
    rows = session.execute(_LOAD, {"leads": batch.numbers(lead_ids), "models": list(model_ids)})
    return {(row.lead_id, row.model_id): _stored(row) for row in rows}


def save(session: Session, heats: Sequence[StoredHeat], *, now: datetime) -> None:
    """Write these rows, new or changed, in one statement."""
    if not heats:
        return
    rows = [
        {
            "lead_id": one.lead_id,
            "model_id": one.model_id,
            "version": one.version_id,
            "pos": _log(one.heat.pos),
            "neg": _log(one.heat.neg),
            "net": _log(one.heat.net),
            "level": one.level,
            "temperature": one.temperature,
            "since": one.since,
            "warm": one.floors.warm_until,
            "hot": one.floors.hot_until,
            "due": one.due_at,
        }
        for one in heats
    ]
    session.execute(_SAVE, {"rows": batch.rows(rows), "now": now})


def due(session: Session, model_ids: Collection[int], *, now: datetime, limit: int) -> list[int]:
    """Leads whose heat has cooled to a threshold, or whose floor has run out, by now."""
    given = {"models": list(model_ids), "now": now, "limit": limit}
    return list(dict.fromkeys(session.scalars(_DUE, given)))


def buckets(session: Session, keys: Iterable[BucketKey]) -> dict[BucketKey, Bucket]:
    """These days' buckets; those that do not exist are left out."""
    return _by_key(session.execute(_BUCKETS, _named(keys)))


def buckets_since(session: Session, since: Mapping[Pair, date]) -> dict[BucketKey, Bucket]:
    """All buckets of each lead and model from the given day on, oldest first."""
    given = {
        "leads": [lead_id for lead_id, _model in since],
        "models": [model_id for _lead, model_id in since],
        "days": list(since.values()),
    }
    return _by_key(session.execute(_BUCKETS_SINCE, given))


def save_buckets(session: Session, changed: Mapping[BucketKey, Bucket]) -> None:
    """Write buckets, new or changed, in one statement, and drop the empty ones in another."""
    full = {key: bucket for key, bucket in changed.items() if bucket.last is not None}
    empty = [key for key, bucket in changed.items() if bucket.last is None]
    if full:
        rows = [
            {
                "lead_id": lead_id,
                "model_id": model_id,
                "rule": rule,
                "day": day,
                "count": bucket.count,
                "pos": _log(bucket.heat.pos),
                "neg": _log(bucket.heat.neg),
                "last_at": bucket.last[0],
                "last_id": bucket.last[1],
            }
            for (lead_id, model_id, rule, day), bucket in full.items()
            if bucket.last
        ]
        session.execute(_SAVE_BUCKETS, {"rows": batch.rows(rows)})
    if empty:
        session.execute(_DROP_BUCKETS, _named(empty))


def forget_buckets(session: Session, model_id: int, lead_ids: Collection[int]) -> None:
    """Drop every bucket of these leads under a model, before they are filled anew."""
    session.execute(_FORGET_MODEL, {"model_id": model_id, "leads": list(lead_ids)})


def stale(
    session: Session, model_id: int, version_id: int, lead_ids: Collection[int], *, after: int
) -> list[int]:
    """Those of these leads that were last rated by another version of the model; without a row under it,
    those past the id `after`."""
    given = {"model_id": model_id, "version_id": version_id, "leads": list(lead_ids), "after": after}
    return list(session.scalars(_STALE, given))


def following_leads(session: Session, *, after: int, limit: int) -> list[int]:
    """Ids of leads, ascending, past `after`; erased ones are left out."""
    return list(session.scalars(_FOLLOWING_LEADS, {"after": after, "limit": limit}))


def move_logs(session: Session, model_id: int, by: float, *, default: bool) -> None:
    """Add `by` to every stored log of a model whose half-life has changed, and, for the default model, to
    those that other tables keep."""
    session.execute(_MOVE_HEAT, {"model_id": model_id, "by": by})
    for statement in _MOVE_DEFAULT if default else ():
        session.execute(statement, {"by": by})


def recorded(session: Session, lead_id: int, model_id: int, at: datetime) -> str:
    """The temperature that was recorded by a moment."""
    statement = text(
        """
        SELECT new FROM temperature_change
        WHERE lead_id = :lead AND model_id = :model AND at <= :at ORDER BY at DESC, id DESC LIMIT 1
        """
    )
    given = {"lead": lead_id, "model": model_id, "at": at}
    return str(session.execute(statement, given).scalar() or "cold")


def forget_versions(session: Session, model_id: int, *, but: int) -> None:
    """Let no row but those of one version say by which it was rated: they are all stale."""
    statement = text(
        "UPDATE lead_heat SET model_version_id = 0 WHERE model_id = :model_id AND model_version_id <> :but"
    )
    session.execute(statement, {"model_id": model_id, "but": but})


def add_changes(session: Session, changes: Sequence[NewTemperature], *, now: datetime) -> dict[Pair, int]:
    """Record changes of temperature; the id of each by lead and model."""
    if not changes:
        return {}
    given = {
        "leads": [change.lead_id for change in changes],
        "models": [change.model_id for change in changes],
        "old": [change.old for change in changes],
        "new": [change.new for change in changes],
        "heats": [change.heat for change in changes],
        "reasons": [change.reason for change in changes],
        "signals": [change.signal_id for change in changes],
        "now": now,
    }
    return {(row.lead_id, row.model_id): row.id for row in session.execute(_ADD_CHANGES, given)}


def _named(keys: Iterable[BucketKey]) -> dict[str, str]:
    names = ("lead_id", "model_id", "rule", "day")
    return {"rows": batch.rows([dict(zip(names, key, strict=True)) for key in keys])}


def _by_key(rows: Iterable[Row[Any]]) -> dict[BucketKey, Bucket]:
    return {
        (row.lead_id, row.model_id, row.rule, row.day): Bucket(
            row.counted, _heat(row.pos_log2, row.neg_log2), (row.last_at, row.last_id)
        )
        for row in rows
    }


def _stored(row: Row[Any]) -> StoredHeat:
    return StoredHeat(
        lead_id=row.lead_id,
        model_id=row.model_id,
        version_id=row.model_version_id,
        since=row.since,
        heat=_heat(row.pos_log2, row.neg_log2),
        level=row.level,
        temperature=row.temperature,
        floors=Floors(row.warm_floor_until, row.hot_floor_until),
        due_at=row.due_at,
    )


def _heat(pos: float | None, neg: float | None) -> Heat:
    return Heat(NOTHING if pos is None else pos, NOTHING if neg is None else neg)


def _log(log: float) -> float | None:
    return None if log == NOTHING else log
