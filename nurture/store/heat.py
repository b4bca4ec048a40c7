"""Heat by forward decay: one row a lead and model.

Logs are base 2 of sums referred to the epoch: log2(sum of w * 2**(t/h)), t in epoch seconds. NULL is
minus infinity. (Cormode, Shkapenyuk, Srivastava, Xu: Forward Decay, ICDE 2009.)
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Index, Row, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.heat import NO_HEAT, NOTHING, Heat
from nurture.rules.temperature import NO_FLOORS, Floors
from nurture.store import batch
from nurture.store.base import Base, Instant, Ref


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

    lead_id: Mapped[Ref] = mapped_column(primary_key=True)
    model_id: Mapped[Ref] = mapped_column(primary_key=True)
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


Pair = tuple[int, int]


# A tuple: two are made for each lead that is rated.
class StoredHeat(NamedTuple):
    """A lead's row under a model, as values. `since` is when the temperature began, `judged_at` when the row
    was last written (None for one that never was)."""

    lead_id: int
    model_id: int
    version_id: int
    since: datetime
    heat: Heat = NO_HEAT
    level: str = "cold"
    temperature: str = "cold"
    floors: Floors = NO_FLOORS
    due_at: datetime | None = None
    judged_at: datetime | None = None

    @property
    def pair(self) -> Pair:
        return (self.lead_id, self.model_id)


_LOAD = text(
    """
    SELECT lead_id, model_id, model_version_id, since, pos_log2, neg_log2, level, temperature,
           warm_floor_until, hot_floor_until, due_at, updated_at
    FROM lead_heat WHERE lead_id = ANY(CAST(:leads AS bigint[])) AND model_id = ANY(:models)
    """
)
_SAVE = text(
    """
    INSERT INTO lead_heat (lead_id, model_id, model_version_id, pos_log2, neg_log2, net_log2, level,
        temperature, since, warm_floor_until, hot_floor_until, due_at, updated_at)
    SELECT g.*, CAST(:now AS timestamptz)
    FROM unnest(
        CAST(:leads AS bigint[]), CAST(:models AS bigint[]), CAST(:versions AS bigint[]),
        CAST(:pos AS float8[]), CAST(:neg AS float8[]), CAST(:net AS float8[]),
        CAST(:levels AS text[]), CAST(:temperatures AS text[]), CAST(:since AS timestamptz[]),
        CAST(:warm AS timestamptz[]), CAST(:hot AS timestamptz[]), CAST(:due AS timestamptz[])
    ) AS g
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


def load(session: Session, lead_ids: Collection[int], model_ids: Collection[int]) -> dict[Pair, StoredHeat]:
    """The rows of these leads under these models; a lead never rated has none."""
    rows = session.execute(_LOAD, {"leads": batch.numbers(lead_ids), "models": list(model_ids)})
    return {(row.lead_id, row.model_id): _stored(row) for row in rows}


def save(session: Session, heats: Sequence[StoredHeat], *, now: datetime) -> None:
    """Write these rows, new or changed, in one statement."""
    if not heats:
        return
    given = {
        "leads": batch.array(one.lead_id for one in heats),
        "models": batch.array(one.model_id for one in heats),
        "versions": batch.array(one.version_id for one in heats),
        "pos": batch.array(log_or_null(one.heat.pos) for one in heats),
        "neg": batch.array(log_or_null(one.heat.neg) for one in heats),
        "net": batch.array(log_or_null(one.heat.net) for one in heats),
        "levels": batch.array(one.level for one in heats),
        "temperatures": batch.array(one.temperature for one in heats),
        "since": batch.array(one.since for one in heats),
        "warm": batch.array(one.floors.warm_until for one in heats),
        "hot": batch.array(one.floors.hot_until for one in heats),
        "due": batch.array(one.due_at for one in heats),
    }
    session.execute(_SAVE, given | {"now": now})


def due(session: Session, model_ids: Collection[int], *, now: datetime, limit: int) -> list[int]:
    """Leads whose heat has cooled to a threshold, or whose floor has run out, by now."""
    given = {"models": list(model_ids), "now": now, "limit": limit}
    return list(dict.fromkeys(session.scalars(_DUE, given)))


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


def forget_versions(session: Session, model_id: int, *, but: int) -> None:
    """Let no row but those of one version say by which it was rated: they are all stale."""
    statement = text(
        "UPDATE lead_heat SET model_version_id = 0 WHERE model_id = :model_id AND model_version_id <> :but"
    )
    session.execute(statement, {"model_id": model_id, "but": but})


def of_logs(pos: float | None, neg: float | None) -> Heat:
    """Heat as two columns keep it."""
    return Heat(NOTHING if pos is None else pos, NOTHING if neg is None else neg)


def log_or_null(log: float) -> float | None:
    """A log as a column keeps it."""
    return None if log == NOTHING else log


def _floors(warm_until: datetime | None, hot_until: datetime | None) -> Floors:
    return NO_FLOORS if warm_until is None and hot_until is None else Floors(warm_until, hot_until)


def _stored(row: Row[Any]) -> StoredHeat:
    return StoredHeat(
        lead_id=row.lead_id,
        model_id=row.model_id,
        version_id=row.model_version_id,
        since=row.since,
        heat=of_logs(row.pos_log2, row.neg_log2),
        level=row.level,
        temperature=row.temperature,
        floors=_floors(row.warm_floor_until, row.hot_floor_until),
        due_at=row.due_at,
        judged_at=row.updated_at,
    )
