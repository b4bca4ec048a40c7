"""The tables of statistics."""

import datetime as dt
from decimal import Decimal

from sqlalchemy import BigInteger, ForeignKey, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Instant, Ref


class StepDay(Base):
    """Counters of one step ("" is the chain as a whole) of a chain version on one UTC day.

    `what`: entered (of a chain: entered:<outside, repeat or the chain it came from>), left:<how>, with the
    seconds stayed in `total`; stayed:<class> (rules/statistics/stays); moved_in and moved_out by an edit
    that brought runs to another version; sent, failed and skipped with <what>:<reason> beside, bounced,
    complained; opened and clicked by people, machine_opened and machine_clicked by machines, once a
    delivery, on the day it was sent; held_out; goal, goal_held_out, worth:<currency> and
    worth_held_out:<currency> with the sum in `total`. 1970-01-01 holds what was counted before days were.
    """

    __tablename__ = "step_day"

    chain_id: Mapped[Ref] = mapped_column(ForeignKey("chain.id"), primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    version_id: Mapped[Ref] = mapped_column(ForeignKey("program_version.id"), primary_key=True)
    step_key: Mapped[str] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    total: Mapped[Decimal] = mapped_column(Numeric, server_default=text("0"))


class ArmLead(Base):
    """A lead in one arm of a comparison, once: a program as a whole (`chain_id` 0: treated or held_out), a
    chain (`step_key` "": in, again, over, held_out), or the first way it took at a step that chooses. It
    counts as converted when it meets the goal until `until`, wherever it stands by then."""

    __tablename__ = "arm_lead"

    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"), primary_key=True)
    program_id: Mapped[Ref] = mapped_column(ForeignKey("program.id"), primary_key=True)
    chain_id: Mapped[Ref] = mapped_column(primary_key=True)
    step_key: Mapped[str] = mapped_column(primary_key=True)
    way: Mapped[str]
    version_id: Mapped[Ref]
    at: Mapped[Instant]
    until: Mapped[Instant]
    met_at: Mapped[Instant | None]


class ArmDay(Base):
    """How many leads came into an arm on one UTC day, and how many of these have met the goal since."""

    __tablename__ = "arm_day"

    program_id: Mapped[Ref] = mapped_column(ForeignKey("program.id"), primary_key=True)
    chain_id: Mapped[Ref] = mapped_column(primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    version_id: Mapped[Ref] = mapped_column(primary_key=True)
    step_key: Mapped[str] = mapped_column(primary_key=True)
    way: Mapped[str] = mapped_column(primary_key=True)
    leads: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    met: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
