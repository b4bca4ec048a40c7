"""Past activities of leads from a CSV file: email or lead_id, kind, occurred_at, and optionally a key; every
other column goes into the data of the signal. Columns are known by the names that people give them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Invalid
from nurture.files.csv_in import Row, Survey, read_header, read_rows, survey
from nurture.flows.strangers import MakeLeads, make_leads, strangers
from nurture.flows.take_signals import MOST, faults_of, take_signals
from nurture.rules.activity_columns import OWN, named
from nurture.rules.activity_dates import ColumnOfDates, Shown, order_told
from nurture.rules.outside_events import kind_of
from nurture.rules.timing import zone_named
from nurture.rules.words import _
from nurture.rules.written_moments import read
from nurture.store import signal_keys
from nurture.store.views.reading import reading

SOURCE = "import"
_MOST_FAULTS = 1_000


@dataclass(frozen=True)
class HowDates:
    """How moments are meant: `order` (day_first, month_first) of dates like 03/04/2026 where the file itself
    does not tell, and the `zone` of those without one."""

    order: str | None = None
    zone: str = "UTC"


@dataclass(frozen=True)
class Understood:
    """How the dates of a file were understood: the `order` where any depends on it, their `zone`, one of each
    shape, and the `first` and `last` of those that can be taken."""

    order: str | None
    zone: str
    shown: list[Shown]
    has_two_ways: bool
    first: datetime | None = None
    last: datetime | None = None


@dataclass
class SignalImport:
    """What became of the rows, or would become of them; `faults` are (line, sentence), the first thousand.
    `strangers` are addresses that are no lead's, `made` how many leads were made of them first."""

    dates: Understood
    read: int = 0
    new: int = 0
    known: int = 0
    bad: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)
    strangers: set[str] = field(default_factory=set)
    made: int = 0

    def refuse(self, line: int, sentence: str) -> None:
        """Count a row that cannot be taken."""
        self.bad += 1
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append((line, sentence))

    def saw(self, at: datetime) -> None:
        """Widen what the dates span."""
        first, last = self.dates.first or at, self.dates.last or at
        self.dates = replace(self.dates, first=min(first, at), last=max(last, at))


@dataclass(frozen=True)
class _File:
    path: Path
    survey: Survey
    header: list[str]

    def rows(self) -> Iterator[Row]:
        return read_rows(self.path, self.survey, len(self.header))

    def cells(self, row: Row) -> dict[str, str]:
        return dict(zip(self.header, (cell.strip() for cell in row.cells), strict=False))


def import_signals(
    sessions: sessionmaker[Session],
    path: Path,
    *,
    now: datetime,
    how: HowDates | None = None,
    make: MakeLeads | None = None,
    progress: Callable[[int], None] = lambda read: None,
) -> SignalImport:
    """Take a file in, a thousand rows at a time; with `make` leads of strangers are made first. Repeating it
    takes nothing twice: a row without a key is known by its words. Raises Invalid for what is no such file,
    and for dates that mean two days."""
    file = _open(path)
    column = _column(file, how or HowDates())
    done = SignalImport(_understood(column, how or HowDates()))
    if make is not None:
        done.made = _make_leads(sessions, file, make, now)
    rows = file.rows()
    while portion := list(islice(rows, MOST)):
        done.read += len(portion)
        said = list(_said(file, portion, column, done))
        done.strangers |= strangers(sessions, [one for _line, one in said])
        while said:
            said = _take(sessions, said, done, now)
        progress(done.read)
    done.faults.sort()
    return done


def check_signals(
    sessions: sessionmaker[Session], path: Path, *, now: datetime, how: HowDates | None = None
) -> SignalImport:
    """What taking the file in would do, without doing it. Raises as import_signals does."""
    file = _open(path)
    column = _column(file, how or HowDates())
    done = SignalImport(_understood(column, how or HowDates()))
    keys: set[str] = set()
    rows = file.rows()
    while portion := list(islice(rows, MOST)):
        done.read += len(portion)
        _try(sessions, list(_said(file, portion, column, done)), done, keys, now)
    done.faults.sort()
    return done


def _open(path: Path) -> _File:
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
    return _File(path, found, header)


def _column(file: _File, how: HowDates) -> ColumnOfDates:
    """The column of moments, looked at whole."""
    zone = zone_named(how.zone)
    if zone is None:
        sentence = _("Name a time zone, such as Europe/Berlin.")
        raise Invalid(sentence, {"zone": [sentence]})
    column = ColumnOfDates(zone, order_told(how.order))
    place = file.header.index("occurred_at")
    for row in file.rows():
        if row.fault is None and (written := row.cells[place].strip()):
            column.look_at(row.line, written)
    return column


def _understood(column: ColumnOfDates, how: HowDates) -> Understood:
    return Understood(column.order, how.zone, column.shown(), column.has_two_ways)


def _try(
    sessions: sessionmaker[Session],
    said: list[tuple[int, dict[str, Any]]],
    done: SignalImport,
    keys: set[str],
    now: datetime,
) -> None:
    """As _take, with nothing written; `keys` are those of the rows before."""
    with reading(sessions) as session:
        faults = faults_of(session, [one for _line, one in said], now=now)
        known = signal_keys.known(session, SOURCE, [one["key"] for _line, one in said])
    done.strangers |= strangers(sessions, [one for _line, one in said])
    for number, (line, one) in enumerate(said):
        if number in faults:
            done.refuse(line, faults[number])
            continue
        done.saw(one["occurred_at"])
        is_known = one["key"] in known or one["key"] in keys
        keys.add(one["key"])
        done.known += is_known
        done.new += not is_known


def _make_leads(sessions: sessionmaker[Session], file: _File, make: MakeLeads, now: datetime) -> int:
    """Make leads of the strangers of the file; how many are new."""
    found: set[str] = set()
    rows = file.rows()
    while portion := list(islice(rows, MOST)):
        cells = (file.cells(row) for row in portion if row.fault is None)
        found |= strangers(sessions, [one for one in cells if not one.get("lead_id")])
    return make_leads(sessions, found, make, now=now)


def _take(
    sessions: sessionmaker[Session], said: list[tuple[int, dict[str, Any]]], done: SignalImport, now: datetime
) -> list[tuple[int, dict[str, Any]]]:
    """Take these rows; those to be tried again without the ones that were refused."""
    try:
        with sessions.begin() as session:
            taken = take_signals(session, [one for _line, one in said], source=SOURCE, now=now)
    except Invalid as refusal:
        bad: dict[int, list[str]] = {}
        for place, sentences in refusal.errors.items():
            bad.setdefault(int(place.partition(".")[0]), []).extend(sentences)
        for number, sentences in bad.items():
            done.refuse(said[number][0], " ".join(sentences))
        return [one for number, one in enumerate(said) if number not in bad]
    for _line, one in said:
        done.saw(one["occurred_at"])
    done.new += sum(one.new for one in taken)
    done.known += sum(not one.new for one in taken)
    return []


def _said(
    file: _File, portion: list[Row], column: ColumnOfDates, done: SignalImport
) -> Iterator[tuple[int, dict[str, Any]]]:
    order = column.order
    for row in portion:
        if row.fault is not None:
            done.refuse(row.line, row.fault)
            continue
        try:
            yield row.line, _read(file.cells(row), order, column.zone)
        except ValueError as fault:
            done.refuse(row.line, str(fault))


def _read(cells: dict[str, str], order: str | None, zone: tzinfo) -> dict[str, Any]:
    """A row as take_signals wants it; raises ValueError with a sentence."""
    kind = kind_of(cells["kind"])
    if kind is None:
        raise ValueError(_("The kind has no name."))
    if not cells["occurred_at"]:
        raise ValueError(_("The row says no date."))
    said: dict[str, Any] = {"kind": kind, "occurred_at": read(cells["occurred_at"], order=order, zone=zone)}
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
