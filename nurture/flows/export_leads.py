"""Leads go out as a CSV file that a spreadsheet opens safely and an import takes back."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Unavailable
from nurture.rules.words import _
from nurture.store import lead_export, models
from nurture.store.audit import audit
from nurture.store.lead_list import LeadQuery, Order

_MARK = b"\xef\xbb\xbf"  # tells spreadsheets that this is UTF-8


def export_leads(
    sessions: sessionmaker[Session],
    path: Path,
    *,
    now: datetime,
    by: str = "terminal",
    progress: Callable[[int, int], None] = lambda *_: None,
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
        with sessions.begin() as session:
            audit(session, by, "leads.exported", "leads", now=now, detail={"n": total})
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        sentence = _("The file {name} cannot be written: {reason}.")
        raise Unavailable(sentence.format(name=path.name, reason=error.strerror)) from error
    return total


def note(
    sessions: sessionmaker[Session], wanted: LeadQuery, names: Sequence[str], *, by: str, now: datetime
) -> None:
    """Write down who takes which leads out, by what they are and never by whom: no address is kept."""
    narrowed = sorted(name for name in wanted.__dataclass_fields__ if getattr(wanted, name))
    with sessions.begin() as session:
        detail = {"narrowed_by": narrowed, "columns": list(names)}
        audit(session, by, "leads.exported", "leads", now=now, detail=detail)


def stream(
    sessions: sessionmaker[Session],
    wanted: LeadQuery,
    order: Order,
    names: Sequence[str],
    *,
    now: datetime,
) -> Iterator[bytes]:
    """The bytes of a file of those who match, as they are read."""
    with sessions() as session:
        default = next((model for model in models.live(session) if model.is_default), None)
        half_life = default.model.half_life_s if default is not None else 1.0
        yield _MARK
        yield from lead_export.stream_chosen(session, wanted, order, names, half_life_s=half_life, now=now)
