"""Hand-offs go out as a CSV file that a spreadsheet opens safely."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from nurture.store import handoff_export
from nurture.store.audit import audit

_MARK = b"\xef\xbb\xbf"  # tells spreadsheets that this is UTF-8


def note(sessions: sessionmaker[Session], *, by: str, now: datetime) -> None:
    """Write down who takes the hand-offs out."""
    with sessions.begin() as session:
        audit(session, by, "handoffs.exported", "handoffs", now=now)


def stream(sessions: sessionmaker[Session]) -> Iterator[bytes]:
    """The bytes of the file, as they are read."""
    with sessions() as session:
        yield _MARK
        yield from handoff_export.stream(session)
