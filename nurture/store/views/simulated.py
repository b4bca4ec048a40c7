"""What the pages of simulations show beside them: names of mails, what is known of the leads' habits."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store.programs import ProgramRow

_MAILS = text("SELECT key, name FROM mail WHERE program_id = :program_id")
_CHAINS = text(
    """
    SELECT jsonb_object_keys(newest.spec -> 'chains')
    FROM (SELECT spec FROM program_version WHERE program_id = :program_id ORDER BY no DESC LIMIT 1) newest
    """
)
_LIVE = text("SELECT no FROM program_version WHERE id = :id")
_RATES = text(
    """
    SELECT count(*) AS sent, count(opened_at) AS opened, count(clicked_at) AS clicked
    FROM (
        SELECT opened_at, clicked_at FROM delivery
        WHERE program_id = :program_id AND purpose = 'chain' AND state = 'sent' AND sent_at > :since
        ORDER BY id DESC LIMIT :most
    ) latest
    """
)
_BASE = text(
    """
    SELECT count(*) FROM (
        SELECT 1 FROM lead l JOIN program p ON p.id = :program_id AND p.demo = l.demo
        WHERE l.erased_at IS NULL AND l.held_at IS NULL AND NOT l.is_test AND l.stage <> 'lost' LIMIT :most
    ) found
    """
)
MOST_COUNTED = 20_000


@dataclass(frozen=True, slots=True)
class Habit:
    """What people did with the latest mails of a program."""

    sent: int
    opened: int
    clicked: int


def mail_names(session: Session, program_id: int) -> dict[str, tuple[int, str]]:
    """The names of a program's mails by key, as steps in words take them."""
    rows = session.execute(_MAILS, {"program_id": program_id})
    return {row.key: (0, row.name) for row in rows}


def chains_of(session: Session, program_id: int) -> set[str]:
    """The temperatures that the newest version has chains for."""
    return set(session.execute(_CHAINS, {"program_id": program_id}).scalars())


def live_no(session: Session, program: ProgramRow) -> int | None:
    """The number of the live version."""
    if program.live_version_id is None:
        return None
    return int(session.execute(_LIVE, {"id": program.live_version_id}).scalar_one())


def habit(session: Session, program_id: int, *, now: datetime) -> Habit:
    """Of the latest mails of a year, counted to MOST_COUNTED."""
    since = now - timedelta(days=365)
    values = {"program_id": program_id, "since": since, "most": MOST_COUNTED}
    return Habit(**session.execute(_RATES, values).mappings().one())


def base_size(session: Session, program_id: int) -> int:
    """How many leads the program may have, counted to MOST_COUNTED."""
    values = {"program_id": program_id, "most": MOST_COUNTED}
    return int(session.execute(_BASE, values).scalar_one())
