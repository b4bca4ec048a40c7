"""All leads go out as a CSV file that a spreadsheet opens safely and an import takes back."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Unavailable
from nurture.rules.words import _
from nurture.store import lead_export

_MARK = b"\xef\xbb\xbf"  # tells spreadsheets that this is UTF-8


def export_leads(
    sessions: sessionmaker[Session], path: Path, *, progress: Callable[[int, int], None] = lambda *_: None
) -> int:
    """Write the file; how many leads are in it. `progress(done, total)` counts lines as they are written.

    The file appears under its name when it is whole. Raises Unavailable when it cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with sessions() as session, unfinished.open("wb") as file:
            total = lead_export.count(session)
            file.write(_MARK)
            for line, piece in enumerate(lead_export.stream(session)):  # the header is line 0
                file.write(piece)
                progress(min(line, total), total)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        sentence = _("The file {name} cannot be written: {reason}.")
        raise Unavailable(sentence.format(name=path.name, reason=error.strerror)) from error
    return total
