"""The record of temperature: each change of a lead under a model, and what brought it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, Uuid, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Id, Instant, Ref
from nurture.store.heat import Pair


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


_ADD = text(
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
_LATEST = text(
    """
    SELECT DISTINCT ON (lead_id, model_id) lead_id, model_id, new FROM temperature_change
    WHERE lead_id = ANY(:leads) ORDER BY lead_id, model_id, at DESC, id DESC
    """
)
_RECORDED = text(
    """
    SELECT new FROM temperature_change
    WHERE lead_id = :lead AND model_id = :model AND at <= :at ORDER BY at DESC, id DESC LIMIT 1
    """
)


def add(session: Session, changes: Sequence[NewTemperature], *, now: datetime) -> dict[Pair, int]:
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
    return {(row.lead_id, row.model_id): row.id for row in session.execute(_ADD, given)}


def latest(session: Session, lead_ids: Sequence[int]) -> dict[Pair, str]:
    """The temperature of each of these leads under each model by what was recorded last."""
    rows = session.execute(_LATEST, {"leads": list(lead_ids)})
    return {(row.lead_id, row.model_id): row.new for row in rows}


def recorded(session: Session, lead_id: int, model_id: int, at: datetime) -> str:
    """The temperature that was recorded by a moment."""
    given = {"lead": lead_id, "model": model_id, "at": at}
    return str(session.execute(_RECORDED, given).scalar() or "cold")
