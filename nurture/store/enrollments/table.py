"""Enrolments: a lead inside a chain. State belongs to the run, never to the lead alone."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Flag, Id, Instant, Json, Ref


class Enrollment(Base):
    """One run of a lead through the chain of one temperature.

    `state`: active, resting (listed in `resting_reason`, until `due_at`), ended (`exit_reason`).
    `step_key` is where it stands (NULL = before the first step), `step_since` since when, `pass_no` how
    often this run has come round (goto, repeat). `awaiting_delivery_id` is the send that must settle
    first; `waiting_for` a wait_for's signal kind that may wake it early. `data` keeps what the steps
    remember: `sent` (when each mail was handed to delivery), `hops`, `rounds` (how often goto sent it on,
    since when), `over` (behind the last step). `occasion` names what may let a lead in only once (a signal,
    a date); a `parallel` run stands beside another one of the lead in the program.
    """

    __tablename__ = "enrollment"
    __table_args__ = (
        Index(
            "uq_enrollment_standing",
            "program_id",
            "lead_id",
            unique=True,
            postgresql_where=text("state IN ('active', 'resting') AND NOT parallel"),
        ),
        Index(
            "uq_enrollment_occasion",
            "chain_id",
            "lead_id",
            "occasion",
            unique=True,
            postgresql_where=text("occasion IS NOT NULL"),
        ),
        Index(
            "ix_enrollment_due",
            "due_at",
            "id",
            postgresql_where=text("state IN ('active', 'resting') AND due_at IS NOT NULL"),
        ),
        Index("ix_enrollment_lead_id", "lead_id"),
        Index("ix_enrollment_step", "chain_id", "step_key", postgresql_where=text("state = 'active'")),
        CheckConstraint("state IN ('active', 'resting', 'ended')", name="state"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    id: Mapped[Id]
    program_id: Mapped[Ref] = mapped_column(ForeignKey("program.id"))
    chain_id: Mapped[Ref] = mapped_column(ForeignKey("chain.id"))
    version_id: Mapped[Ref] = mapped_column(ForeignKey("program_version.id"))
    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"))
    state: Mapped[str] = mapped_column(server_default="active")
    step_key: Mapped[str | None]
    step_since: Mapped[Instant | None]
    pass_no: Mapped[int] = mapped_column(server_default=text("1"))
    due_at: Mapped[Instant | None]
    due_reason: Mapped[str] = mapped_column(server_default="")
    waiting_for: Mapped[str | None]
    awaiting_delivery_id: Mapped[Ref | None]
    settled_state: Mapped[str | None]
    settled_at: Mapped[Instant | None]
    resting_reason: Mapped[str | None]
    exit_reason: Mapped[str | None]
    data: Mapped[Json]
    last_sent_step: Mapped[str | None]
    entered_at: Mapped[Instant]
    entered_by: Mapped[str] = mapped_column(server_default="")
    ended_at: Mapped[Instant | None]
    parallel: Mapped[Flag]
    occasion: Mapped[str | None]
