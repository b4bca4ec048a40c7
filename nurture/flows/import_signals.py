"""Past activities of leads from a CSV file: email or lead_id, kind, occurred_at, and optionally a key; every
other column goes into the data of the signal. Columns are known by the names that people give them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Invalid
from nurture.files.csv_in import Row, read_header, read_rows, survey
from nurture.flows.take_signals import MOST, take_signals
from nurture.rules.activity_columns import OWN, named
from nurture.rules.outside_events import kind_of
from nurture.rules.words import _

SOURCE = "import"
_MOST_FAULTS = 1_000


@dataclass
class SignalImport:
    """What became of the rows; `faults` are (line, sentence), the first thousand of them."""

    read: int = 0
    new: int = 0
    known: int = 0
    bad: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)

    def refuse(self, line: int, sentence: str) -> None:
        """Count a row that cannot be taken."""
        self.bad += 1
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append((line, sentence))


def import_signals(
    sessions: sessionmaker[Session],
    path: Path,
    *,
    now: datetime,
    progress: Callable[[int], None] = lambda read: None,
) -> SignalImport:
    """Take a file in, a thousand rows at a time. Repeating it takes nothing twice: a row without a key is
    known by its words. Raises Invalid for what is no such file."""
    found = survey(path)
    written = read_header(path, found)
    header = named(written)
    missing = [name for name in ("kind", "occurred_at") if name not in header]
    if missing or not {"email", "lead_id"} & set(header):
        raise Invalid(
            _(
                "The file needs the columns email (or lead_id), kind and occurred_at. "
                "The columns are: {names}."
            ).format(names=", ".join(written[:20]))
        )
    done = SignalImport()
    rows = read_rows(path, found, len(header))
    while portion := list(islice(rows, MOST)):
        done.read += len(portion)
        said = list(_said(header, portion, done))
        while said:
            said = _take(sessions, said, done, now)
        progress(done.read)
    return done


def _take(
    sessions: sessionmaker[Session], said: list[tuple[int, dict[str, Any]]], done: SignalImport, now: datetime
) -> list[tuple[int, dict[str, Any]]]:
    """Take these rows; those to be tried again without the ones that were refused."""
    try:
        with sessions.begin() as session:
            taken = take_signals(session, [one for _line, one in said], source=SOURCE, now=now)
    except Invalid as refusal:
        bad = {int(place.partition(".")[0]): sentences[0] for place, sentences in refusal.errors.items()}
        for number, sentence in bad.items():
            done.refuse(said[number][0], sentence)
        return [one for number, one in enumerate(said) if number not in bad]
    done.new += sum(one.id is not None for one in taken)
    done.known += sum(one.id is None for one in taken)
    return []


def _said(header: list[str], portion: list[Row], done: SignalImport) -> Iterator[tuple[int, dict[str, Any]]]:
    for row in portion:
        if row.fault is not None:
            done.refuse(row.line, row.fault)
            continue
        try:
            yield row.line, _read(dict(zip(header, (cell.strip() for cell in row.cells), strict=False)))
        except ValueError as fault:
            done.refuse(row.line, str(fault))


def _read(cells: dict[str, str]) -> dict[str, Any]:
    """A row as take_signals wants it; raises ValueError with a sentence."""
    kind = kind_of(cells["kind"])
    if kind is None:
        raise ValueError(_("The kind has no name."))
    said: dict[str, Any] = {"kind": kind, "occurred_at": _instant(cells["occurred_at"])}
    if cells.get("lead_id"):
        if not cells["lead_id"].isdecimal() or len(cells["lead_id"]) > 18:
            raise ValueError(_("The lead_id is a number."))
        said["lead_id"] = int(cells["lead_id"])
    elif cells.get("email"):
        said["email"] = cells["email"]
    else:
        raise ValueError(_("The row names no lead."))
    said["data"] = {name: value for name, value in cells.items() if name and name not in OWN and value}
    words = "\x1f".join(f"{name}={value}" for name, value in sorted(cells.items()) if value)
    said["key"] = cells.get("key", "")[:255] or sha256(words.encode()).hexdigest()
    return said


def _instant(text: str) -> datetime:
    """ISO 8601; without a zone it is UTC, without a time the beginning of the day."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as fault:
        raise ValueError(_("occurred_at is a date or an instant, such as 2025-11-30T14:00:00Z.")) from fault
    return at if at.tzinfo else at.replace(tzinfo=UTC)
