"""What drafts ask for by name: as much a use of a tag, a field or a segment as a program that is live."""

from sqlalchemy.orm import Session

from nurture.files.programs import read_sources
from nurture.store import drafts
from nurture.store.definitions import Definition


def definitions(session: Session) -> list[tuple[str, Definition]]:
    """(key, definition) of every program that is being drafted, as much of it as can be read."""
    return [
        (key, Definition("program", number, name, dict(read_sources(source).spec)))
        for number, key, name, source in drafts.every(session)
    ]
