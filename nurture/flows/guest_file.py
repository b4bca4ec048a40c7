"""Guests from a CSV file: email or lead_id, and what else is known of each person (the names of the API)."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Invalid, Refusal
from nurture.files.csv_in import read_header, read_rows, survey
from nurture.flows.guests import register_person
from nurture.rules.words import _

MOST = 2_000
_NAMES = frozenset(
    {"email", "first_name", "last_name", "phone", "company", "role", "language", "country", "city"}
)


@dataclass
class GuestFile:
    """What became of the rows; `faults` are (line, sentence)."""

    registered: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)


def register_file(
    sessions: sessionmaker[Session],
    event_id: int,
    path: Path,
    *,
    by: str,
    now: datetime,
    pepper: bytes,
    base_url: str,
) -> GuestFile:
    """Put everybody of the file on the list, each row for itself; a row that cannot be taken says why and
    stops nobody. Doing it again changes nothing. Raises Invalid for what is no such file."""
    found = survey(path)
    header = [name.lower().strip().replace(" ", "_") for name in read_header(path, found)]
    if not {"email", "phone", "lead_id"} & set(header):
        raise Invalid(_("The file needs a column email, phone or lead_id."))
    done = GuestFile()
    for number, row in enumerate(read_rows(path, found, len(header))):
        if number == MOST:
            raise Invalid(_("Up to %(n)s rows are taken: send the others in a second file.") % {"n": MOST})
        if row.fault is not None:
            done.faults.append((row.line, row.fault))
            continue
        cells = dict(zip(header, (cell.strip() for cell in row.cells), strict=False))
        try:
            with sessions.begin() as session:
                said = _said(cells)
                register_person(
                    session,
                    event_id,
                    said,
                    by=by,
                    now=now,
                    pepper=pepper,
                    base_url=base_url,
                    source="import",
                    beyond=True,
                )
        except Refusal as refusal:
            errors = getattr(refusal, "errors", {})
            sentence = next(iter(errors.values()))[0] if errors else str(refusal)
            done.faults.append((row.line, sentence))
        else:
            done.registered += 1
    return done


def _said(cells: dict[str, str]) -> dict[str, Any]:
    said: dict[str, Any] = {name: value for name, value in cells.items() if name in _NAMES and value}
    if cells.get("lead_id", "").isdecimal() and len(cells["lead_id"]) < 19:
        said["id"] = int(cells["lead_id"])
    return said
