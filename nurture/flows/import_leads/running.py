"""An import is carried out from wherever it stands, or only tried."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Conflict, Invalid, NotFound, Unavailable
from nurture.files import csv_in
from nurture.flows.import_leads.drafts import begin_import, upload_of
from nurture.flows.import_leads.leading import lead_on
from nurture.flows.import_leads.reading import stage
from nurture.flows.import_leads.taking import take_all, take_in_one
from nurture.flows.import_leads.values import ImportOptions, ImportResult, Progress, Run, result_of
from nurture.rules import columns as column_rules
from nurture.rules.activity_dates import FIELD as DATES
from nurture.rules.words import _
from nurture.store import imports, staging
from nurture.store.imports import Import

log = structlog.get_logger()


def run_import(
    sessions: sessionmaker[Session],
    import_id: int,
    path: Path,
    *,
    home: Path,
    pepper: bytes,
    base_url: str,
    now: datetime,
    progress: Callable[[Progress], None] = lambda _progress: None,
    processes: int | None = None,
) -> ImportResult:
    """Carry out an import that was begun, or try it when it is to be checked. Raises Invalid for a file that
    cannot be taken (nothing of it is then), Conflict when another process is at it."""
    with sessions() as session:
        noted = session.get(Import, import_id)
        if noted is None:
            raise NotFound(_("There is no such import."))
        options = ImportOptions(**noted.options)
        by, only_try = noted.created_by, noted.state == "checking"
        if noted.state == "done":
            return result_of(noted, home)
    survey = csv_in.survey(path)
    header = csv_in.read_header(path, survey)
    columns = column_rules.plan(header, options.mapping, keep_others=options.keeps_others)
    run = Run(
        sessions, import_id, path, survey, header, columns, options, home, pepper, base_url, now, by,
        progress, processes,
    )  # fmt: skip
    with imports.turn(sessions, import_id) as mine:
        if not mine:
            raise Conflict(_("This import is being carried out already."))
        try:
            return _try_out(run) if only_try else _carry_out(run)
        except Invalid as fault:
            _fail(run, str(fault))
            raise
        except OSError as error:
            sentence = _("The import stopped: {reason}. What was read is kept; start it again to go on.")
            raise Unavailable(sentence.format(reason=error.strerror or error)) from error


def import_leads(
    sessions: sessionmaker[Session],
    path: Path,
    options: ImportOptions,
    *,
    home: Path,
    pepper: bytes,
    base_url: str,
    now: datetime,
    by: str = "terminal",
    progress: Callable[[Progress], None] = lambda _progress: None,
    processes: int | None = None,
) -> ImportResult:
    """Begin and carry out in one call, as the terminal does."""
    import_id = begin_import(sessions, path, options, now=now, by=by)
    return run_import(
        sessions, import_id, path, home=home, pepper=pepper, base_url=base_url, now=now, progress=progress,
        processes=processes,
    )  # fmt: skip


def run_waiting(
    sessions: sessionmaker[Session], *, home: Path, pepper: bytes, base_url: str, now: datetime
) -> int:
    """Carry out the oldest uploaded file that waits, or was interrupted; 0 when none does. What came of it,
    good or bad, is noted with the import."""
    with sessions() as session:
        waiting = [
            import_id for import_id in imports.unfinished(session) if upload_of(home, import_id).is_file()
        ]
    for import_id in waiting:
        path = upload_of(home, import_id)
        try:
            run_import(
                sessions, import_id, path, home=home, pepper=pepper, base_url=base_url, now=now
            )  # fmt: skip
        except Conflict:
            continue  # another process is at it
        except Invalid as fault:
            log.info("import.refused", import_id=import_id, faults=len(fault.errors))
            _ask_again(sessions, import_id, fault)
        with sessions() as session:
            if session.get_one(Import, import_id).state != "draft":
                path.unlink(missing_ok=True)
        return 1
    return 0


def run_kept(
    sessions: sessionmaker[Session],
    import_id: int,
    *,
    home: Path,
    pepper: bytes,
    base_url: str,
    now: datetime,
) -> None:
    """Try or carry out one kept file at once, while a person waits. Raises Invalid, Conflict."""
    path = upload_of(home, import_id)
    try:
        run_import(sessions, import_id, path, home=home, pepper=pepper, base_url=base_url, now=now)
    except Invalid as fault:
        _ask_again(sessions, import_id, fault)
        raise
    with sessions() as session:
        if session.get_one(Import, import_id).state != "draft":
            path.unlink(missing_ok=True)


def _carry_out(run: Run) -> ImportResult:
    with run.sessions() as session:
        state = session.get_one(Import, run.import_id).state
    if state == "staged":
        stage(run)
        take_in_one(run)
    lead_on(run)
    with run.sessions() as session:
        return result_of(session.get_one(Import, run.import_id), run.home)


def _try_out(run: Run) -> ImportResult:
    """Everything as it would be, and then nothing of it: the numbers are exact, the base is as before."""
    stage(run)
    with run.sessions() as session:
        take_all(run, session)
        found = dict(session.get_one(Import, run.import_id).summary)
        session.rollback()
    with run.sessions.begin() as session:
        staging.drop_staging(session, run.import_id)
        noted = session.get_one(Import, run.import_id)
        noted.state, noted.summary = "draft", {"tried": found}
        noted.bad_rows_path = f"imports/{run.bad_rows_path.name}" if found["bad"] else None
        noted.error = None
        return result_of(noted, run.home)


def _ask_again(sessions: sessionmaker[Session], import_id: int, fault: Invalid) -> None:
    """A file whose dates mean two days is a draft once more: the person who brought it knows."""
    if DATES not in fault.errors:
        return
    with sessions.begin() as session:
        noted = session.get_one(Import, import_id)
        noted.state, noted.finished_at = "draft", None
        noted.summary = {"dates": {"two_ways": True}}


def _fail(run: Run, sentence: str) -> None:
    with run.sessions.begin() as session:
        noted = session.get_one(Import, run.import_id)
        staging.drop_staging(session, run.import_id)
        bad = noted.summary.get("staging", {}).get("bad", {})
        # A draft that could not even be tried is mended, or thrown away, by the person who brought it.
        noted.state = "draft" if noted.state == "checking" else "failed"
        noted.error, noted.finished_at = sentence, run.now if noted.state == "failed" else None
        noted.summary = {"bad": bad}
        noted.bad_rows_path = f"imports/{run.bad_rows_path.name}" if bad else None
