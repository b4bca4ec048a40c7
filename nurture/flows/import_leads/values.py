"""What an import is asked, how far it is, and what came of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from nurture.files import csv_in
from nurture.flows.import_leads.dating import ShownDay, shown_of
from nurture.rules.columns import Columns
from nurture.store.imports import Import


@dataclass(frozen=True)
class ImportOptions:
    """`mapping` is column name -> answer; `consent` the purpose that the file's leads agreed to, and
    `wording` the words they agreed to; `on_error` is skip (hand bad rows back) or stop (take nothing if one
    row is bad); without `enter` new leads are held: they start in no program until somebody lets them.
    `others` says what columns of unknown meaning become: ignore, or keep as fields of one's own.
    `dates` says what comes first in dates like 03/04/2026 where the file does not tell: day_first or
    month_first. `start` is a place where all of them start (flows/start_leads.py), evenly over
    `spread_days`."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    source: str = "import"
    consent: str | None = None
    on_error: str = "skip"
    wording: str = ""
    enter: bool = True
    start: str = ""
    spread_days: int = 0
    others: str = "ignore"
    dates: str = ""

    @property
    def keeps_others(self) -> bool:
        return self.others == "keep"

    def kept(self) -> dict[str, Any]:
        return {**asdict(self), "mapping": dict(self.mapping)}


@dataclass(frozen=True)
class Progress:
    """How far an import is: `phase` is reading, taking or entering programs; `total` may be an estimate."""

    phase: str
    done: int
    total: int


@dataclass(frozen=True)
class ImportResult:
    """What came of a file. `bad` counts refused rows by reason, `not_mailable` leads by reason,
    `outcomes` past deals (won, lost); `dates` shows how the dates of the file were understood, and
    `dates_order` what came first where that mattered; `bad_rows` is the file handed back, if any row was
    refused."""

    import_id: int
    read: int
    new: int
    updated: int
    unchanged: int
    duplicates: int
    bad: Mapping[str, int]
    mailable: int
    not_mailable: Mapping[str, int]
    warnings: Mapping[str, int]
    ignored_columns: Sequence[str]
    outcomes: Mapping[str, int]
    bad_rows: Path | None
    dates: Sequence[ShownDay] = ()
    dates_order: str | None = None


@dataclass(frozen=True)
class Run:
    """One import under way, with all that its steps share. `processes` may work beside this one (None: as
    many as there are cores to spare, where the file is long)."""

    sessions: sessionmaker[Session]
    import_id: int
    path: Path
    survey: csv_in.Survey
    header: list[str]
    columns: Columns
    options: ImportOptions
    home: Path
    pepper: bytes
    base_url: str
    now: datetime
    by: str
    progress: Callable[[Progress], None]
    processes: int | None = None

    @property
    def bad_rows_path(self) -> Path:
        return self.home / "imports" / f"{self.import_id}-bad-rows.csv"


def result_of(noted: Import, home: Path) -> ImportResult:
    """The result of a finished import, read back."""
    summary = noted.summary.get("tried", noted.summary)
    return ImportResult(
        import_id=noted.id,
        read=noted.rows_read,
        new=summary.get("new", 0),
        updated=summary.get("updated", 0),
        unchanged=summary.get("unchanged", 0),
        duplicates=summary.get("duplicates", 0),
        bad=summary.get("bad", {}),
        mailable=summary.get("mailable", 0),
        not_mailable=summary.get("not_mailable", {}),
        warnings=summary.get("warnings", {}),
        ignored_columns=tuple(summary.get("ignored_columns", ())),
        outcomes=summary.get("outcomes", {}),
        bad_rows=home / noted.bad_rows_path if noted.bad_rows_path else None,
        dates=shown_of(summary.get("dates", {})),
        dates_order=summary.get("dates", {}).get("order"),
    )
