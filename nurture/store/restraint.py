"""Restraint: the cap over everything that the installation sends, and the pauses that leads wish for."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.timing import Frequency, Window
from nurture.store.base import Base, Instant, Ref


class Restraint(Base):
    """One row, id 1: at most `most` mails to one lead in any `days` days, whatever sends them (NULL: no
    cap); `over` says what happens to the next one, defer or skip. From `quiet_from` until `quiet_until`,
    minutes of the lead's own day over midnight, nobody is written to (NULL: no quiet hours)."""

    __tablename__ = "restraint"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    most: Mapped[int | None]
    days: Mapped[int] = mapped_column(server_default=text("7"))
    over: Mapped[str] = mapped_column(server_default="defer")
    quiet_from: Mapped[int | None]
    quiet_until: Mapped[int | None]


class LeadPause(Base):
    """A lead that wants no mails before `until`; said `at`."""

    __tablename__ = "lead_pause"

    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"), primary_key=True, autoincrement=False)
    until: Mapped[Instant]
    at: Mapped[Instant]


# Mails that have not begun to go out wait with their lead; newsletters are of their day and lapse.
_PAUSE = text(
    """
    WITH held AS (
        UPDATE delivery
        SET state = CASE WHEN purpose = 'newsletter' THEN 'skipped' ELSE 'scheduled' END,
            reason = 'own_pause', due_at = CASE WHEN purpose = 'newsletter' THEN due_at ELSE :until END,
            settled_at = CASE WHEN purpose = 'newsletter' THEN :now ELSE settled_at END
        WHERE lead_id = :lead_id AND consent_purpose IS NOT NULL
          AND state IN ('scheduled', 'ready', 'deferred')
        RETURNING id, purpose
    ), kept AS (
        INSERT INTO lead_pause (lead_id, until, at) VALUES (:lead_id, :until, :now)
        ON CONFLICT (lead_id) DO UPDATE SET until = excluded.until, at = excluded.at
    )
    SELECT id FROM held WHERE purpose = 'newsletter'
    """
)
_GO_ON = text(
    """
    WITH freed AS (
        UPDATE delivery SET state = 'ready', reason = '', due_at = :now
        WHERE lead_id = :lead_id AND state = 'scheduled' AND reason = 'own_pause'
        RETURNING id
    ), woken AS (
        UPDATE enrollment SET due_at = :now
        WHERE lead_id = :lead_id AND state = 'active' AND due_reason = 'own_pause'
        RETURNING id
    )
    DELETE FROM lead_pause WHERE lead_id = :lead_id
    """
)
_PAUSED = text("SELECT lead_id, until FROM lead_pause WHERE lead_id = ANY(:lead_ids) AND until > :now")


def get(session: Session) -> Restraint:
    """The one row."""
    return session.get_one(Restraint, 1)


def cap(session: Session) -> Frequency | None:
    """The cap over everything, or None."""
    row = get(session)
    return None if row.most is None else Frequency(row.most, timedelta(days=row.days), row.over)


def hours(session: Session) -> Window | None:
    """The hours of a lead's own day that are not quiet, or None where all are open."""
    row = get(session)
    if row.quiet_from is None or row.quiet_until is None:
        return None
    return Window(frozenset(range(7)), opens=row.quiet_until, closes=row.quiet_from)


def pause(session: Session, lead_id: int, until: datetime, *, now: datetime) -> list[int]:
    """Nothing that rests on consent begins to go to this lead before `until`; the deliveries of newsletters
    that lapse by it."""
    return list(session.scalars(_PAUSE, {"lead_id": lead_id, "until": until, "now": now}))


def go_on(session: Session, lead_id: int, *, now: datetime) -> None:
    """The pause is over: what waited for it is due."""
    session.execute(_GO_ON, {"lead_id": lead_id, "now": now})


def pauses(session: Session, lead_ids: Sequence[int], *, now: datetime) -> dict[int, datetime]:
    """Until when each of these leads wants no mails; those that take them are missing."""
    rows = session.execute(_PAUSED, {"lead_ids": list(lead_ids), "now": now})
    return {row.lead_id: row.until for row in rows}
