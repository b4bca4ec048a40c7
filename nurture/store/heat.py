"""Heat by forward decay: one row a lead and model, its day buckets, and the record of temperature.

Logs are base 2 of sums referred to the epoch: log2(sum of w * 2**(t/h)), t in epoch seconds. NULL is
minus infinity. (Cormode, Shkapenyuk, Srivastava, Xu: Forward Decay, ICDE 2009.)
"""

import uuid
from datetime import date

from sqlalchemy import Date, ForeignKey, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Count, Id, Instant, Ref


class LeadHeat(Base):
    """A lead's heat under a model: P and N apart, so that adding is order-independent, and the net log
    that is compared. `level` is what heat alone says, by its rising and falling thresholds;
    `temperature` the higher of it and the unexpired floors. `due_at` is the next moment at which
    silence alone changes something: a cooling, the end of a floor, readiness falling low enough to arm."""

    __tablename__ = "lead_heat"
    __table_args__ = (
        Index("ix_lead_heat_model_id_net_log2", "model_id", "net_log2"),
        Index("ix_lead_heat_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
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

    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"), primary_key=True)
    model_id: Mapped[Ref] = mapped_column(ForeignKey("heat_model.id"), primary_key=True)
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
