"""The list of an event goes out as a CSV file that a spreadsheet opens safely."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.events import existing
from nurture.store import guest_export
from nurture.store.audit import audit

_MARK = b"\xef\xbb\xbf"  # tells spreadsheets that this is UTF-8


def note(sessions: sessionmaker[Session], event_id: int, *, by: str, now: datetime) -> None:
    """Write down who takes the list out. Raises NotFound."""
    with sessions.begin() as session:
        existing(session, event_id)
        audit(session, by, "event.exported", f"event:{event_id}", now=now)


def stream(sessions: sessionmaker[Session], event_id: int) -> Iterator[bytes]:
    """The bytes of the file, as they are read."""
    with sessions() as session:
        yield _MARK
        yield from guest_export.stream(session, event_id)
