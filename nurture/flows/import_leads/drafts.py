"""Files of leads that people brought: kept, looked into, chosen for, and forgotten."""

from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Conflict, Invalid, NotFound
from nurture.files import csv_in
from nurture.flows.import_leads.dating import ask_at_once
from nurture.flows.import_leads.values import ImportOptions
from nurture.flows.start_leads import MOST_DAYS, read_place
from nurture.rules import columns as column_rules
from nurture.rules.activity_dates import order_told
from nurture.rules.words import _
from nurture.store import imports
from nurture.store.audit import audit
from nurture.store.imports import Import


def begin_import(
    sessions: sessionmaker[Session],
    path: Path,
    options: ImportOptions,
    *,
    now: datetime,
    by: str,
    filename: str | None = None,
) -> int:
    """Look at the file and its header and note the import; the id of it, or of the one to go on with.

    Raises Invalid for a file or mapping that cannot be taken, before anything is written.
    """
    if options.on_error not in ("skip", "stop"):
        raise Invalid(_("on_error is skip or stop."), {"on_error": [_("Say skip or stop.")]})
    if options.others not in ("ignore", "keep"):
        raise Invalid(_("others is ignore or keep."), {"others": [_("Say ignore or keep.")]})
    order_told(options.dates)
    survey = csv_in.survey(path)
    header = csv_in.read_header(path, survey)
    column_rules.plan(header, options.mapping, keep_others=options.keeps_others)
    with sessions.begin() as session:
        check_start(session, options)
        begun = imports.find_resumable(session, survey.sha256, options.kept())
        if begun is None:
            begun = Import(
                filename=filename or path.name,
                file_hash=survey.sha256,
                options=options.kept(),
                rows_total=survey.lines,
                created_by=by,
                created_at=now,
            )
            session.add(begun)
            session.flush()
            audit(session, by, "import.begun", f"import:{begun.id}", now=now)
        return begun.id


def check_start(session: Session, options: ImportOptions) -> None:
    """Raise Invalid for a place that no live program has, or days that are too many."""
    if options.start:
        read_place(session, options.start)
    if not 0 <= options.spread_days <= MOST_DAYS:
        sentence = _("Spread them over at most {most} days.").format(most=MOST_DAYS)
        raise Invalid(sentence, {"spread_days": [sentence]})


def lay_aside(
    sessions: sessionmaker[Session], path: Path, *, now: datetime, by: str, filename: str, home: Path
) -> int:
    """Keep an uploaded file whose mapping a person is still to choose; the id of its import, a draft.

    Raises Invalid for what is no CSV file; nothing is kept then.
    """
    try:
        survey = csv_in.survey(path)
        csv_in.read_header(path, survey)
    except Invalid:
        path.unlink(missing_ok=True)
        raise
    with sessions.begin() as session:
        noted = Import(
            filename=filename,
            file_hash=survey.sha256,
            options={},
            state="draft",
            rows_total=survey.lines,
            created_by=by,
            created_at=now,
        )
        session.add(noted)
        session.flush()
        import_id = noted.id
        audit(session, by, "import.uploaded", f"import:{import_id}", now=now)
    keep_upload(path, home, import_id)
    return import_id


def look_into(import_id: int, home: Path, *, rows: int = 5) -> tuple[list[str], list[list[str]]]:
    """The names of the columns of a kept file, and its first rows, each with a cell for every column at
    least. Raises NotFound once it is gone."""
    path = upload_of(home, import_id)
    if not path.is_file():
        raise NotFound(_("The file of this import is no longer here: upload it again."))
    survey = csv_in.survey(path)
    header = csv_in.read_header(path, survey)
    first = islice(csv_in.read_rows(path, survey, len(header)), rows)
    # Of a row that cannot be read (a quotation mark without its end) there may be less.
    return header, [row.cells + [""] * (len(header) - len(row.cells)) for row in first]


def settle_options(
    session: Session,
    import_id: int,
    options: ImportOptions,
    *,
    home: Path,
    state: str,
    now: datetime,
    by: str = "system",
) -> None:
    """What a person chose for a draft: `state` is draft (only kept), checking (to be tried) or staged (to be
    carried out), both of them by the worker of long jobs. Raises Invalid, Conflict when it was begun."""
    noted = session.get(Import, import_id, with_for_update=True)
    if noted is None:
        raise NotFound(_("There is no such import."))
    if noted.state != "draft":
        raise Conflict(_("This import was begun already."))
    header, _rows = look_into(import_id, home, rows=0)
    planned = column_rules.plan(header, options.mapping, keep_others=options.keeps_others)
    check_start(session, options)
    if state != "draft":
        path = upload_of(home, import_id)
        ask_at_once(path, csv_in.survey(path), header, planned, options.dates, now.date())
    noted.options, noted.state, noted.summary = options.kept(), state, {}
    noted.rows_read, noted.error, noted.bad_rows_path = 0, None, None
    if state != "draft":
        action = "import.begun" if state == "staged" else "import.tried"
        audit(session, by, action, f"import:{import_id}", now=now)


def discard(session: Session, import_id: int, *, home: Path, now: datetime, by: str = "system") -> None:
    """Forget a draft and its file. Raises Conflict when it was begun."""
    noted = session.get(Import, import_id, with_for_update=True)
    if noted is None:
        raise NotFound(_("There is no such import."))
    if noted.state != "draft":
        raise Conflict(_("This import was begun already."))
    session.delete(noted)
    audit(session, by, "import.discarded", f"import:{import_id}", now=now)
    upload_of(home, import_id).unlink(missing_ok=True)


def keep_upload(path: Path, home: Path, import_id: int) -> Path:
    """Put an uploaded file where its import finds it again, after a restart too."""
    kept = upload_of(home, import_id)
    path.replace(kept)
    return kept


def size_of(import_id: int, home: Path) -> int:
    """How many bytes a kept file has."""
    return upload_of(home, import_id).stat().st_size


def upload_of(home: Path, import_id: int) -> Path:
    return home / "uploads" / f"{import_id}.csv"
