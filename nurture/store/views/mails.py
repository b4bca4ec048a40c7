"""The mails of programs, as a list to choose from."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from nurture.store.mails import MailRow, MailVersion
from nurture.store.programs import ProgramRow


@dataclass(frozen=True)
class MailLine:
    """A mail of a program and the subject of its newest version."""

    id: int
    key: str
    name: str
    subject: str
    program_id: int
    program: str


def of_programs(session: Session, *, after: int = 0, limit: int = 500) -> list[MailLine]:
    """Mails in the order they came to be, those after this id: one statement."""
    other = aliased(MailVersion)
    newest = (
        select(func.max(other.id)).where(other.mail_id == MailRow.id).correlate(MailRow).scalar_subquery()
    )
    rows = session.execute(
        select(MailRow.id, MailRow.key, MailRow.name, MailVersion.subject, ProgramRow.id, ProgramRow.name)
        .join(ProgramRow, ProgramRow.id == MailRow.program_id)
        .join(MailVersion, MailVersion.id == newest)
        .where(MailRow.id > after)
        .order_by(MailRow.id)
        .limit(limit)
    )
    return [MailLine(*row) for row in rows]
