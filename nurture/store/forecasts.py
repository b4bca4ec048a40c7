"""The forecast of the calendar: worked out when asked for while few runs stand in chains, kept beside them
by a long job once they are many."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Instant, Ref

# Above so many runs working it out takes longer than a page may.
LARGE = 20_000
_MANY = text("SELECT reltuples > :large FROM pg_class WHERE oid = 'enrollment'::regclass")


class ForecastLine(Base):
    """So many mails of one step that go out on one day of `zone`, the first at `first_at`, as it was worked
    out at `counted_at`; `certain` unless something the leads do can change which mail it is."""

    __tablename__ = "forecast_line"

    zone: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    chain_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    step_key: Mapped[str] = mapped_column(primary_key=True)
    certain: Mapped[bool] = mapped_column(primary_key=True)
    program_id: Mapped[Ref]
    first_at: Mapped[Instant]
    n: Mapped[int]
    counted_at: Mapped[Instant]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the forecast, whether worked out just now or kept."""

    day: date
    program_id: int
    chain_id: int
    step_key: str
    certain: bool
    first_at: datetime
    n: int


@dataclass(frozen=True, slots=True)
class Kept:
    """The lines of a zone and when they were worked out."""

    lines: list[Line]
    counted_at: datetime


def is_large(session: Session) -> bool:
    """Whether so many runs exist (as the planner knows) that the forecast is kept."""
    return bool(session.scalar(_MANY, {"large": LARGE}))


def kept(session: Session, zone: str) -> Kept | None:
    """What is kept for this zone; None where nothing is."""
    rows = session.scalars(select(ForecastLine).where(ForecastLine.zone == zone)).all()
    if not rows:
        return None
    lines = [
        Line(row.day, row.program_id, row.chain_id, row.step_key, row.certain, row.first_at, row.n)
        for row in rows
    ]
    return Kept(lines, rows[0].counted_at)


def keep(session: Session, zone: str, lines: Sequence[Line], *, now: datetime) -> None:
    """Keep these lines in place of all that were."""
    session.execute(delete(ForecastLine))
    rows = [{**asdict(line), "zone": zone, "counted_at": now} for line in lines]
    if rows:
        session.execute(insert(ForecastLine), rows)
