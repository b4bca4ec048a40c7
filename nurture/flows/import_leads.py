"""A file of leads comes in: rows put aside in chunks, then all taken in one transaction, or none.

The rows survive an interrupted import, so that the same file with the same options goes on where it
stopped. After the leads are in, they are graded and enter programs in batches; a crash there loses
nothing either, since every row stays put aside until its lead has been led on.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Conflict, Invalid, NotFound, Unavailable
from nurture.files import csv_in
from nurture.files.csv_out import BadRows
from nurture.flows import take_in
from nurture.rules import columns as column_rules
from nurture.rules.columns import Columns
from nurture.rules.conditions import seen
from nurture.rules.lead_rows import LeadRow, RefusedRow, merge, search_text, share_phone, take
from nurture.rules.words import _, ngettext
from nurture.store import companies, imports, leads, sources, staged_leads, staging, suppressions
from nurture.store.audit import audit
from nurture.store.imports import Import

log = structlog.get_logger()

CHUNK = 5_000
_LED_ON_AT_ONCE = 2_000
_TRIES = 3


@dataclass(frozen=True)
class ImportOptions:
    """`mapping` is column name -> answer; `consent` the purpose that the file's leads agreed to, and
    `wording` the words they agreed to; `on_error` is skip (hand bad rows back) or stop (take nothing if one
    row is bad); without `enter` new leads are held: they start in no program until somebody lets them."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    source: str = "import"
    consent: str | None = None
    on_error: str = "skip"
    wording: str = ""
    enter: bool = True

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
    """What came of a file. `bad` counts refused rows by reason, `not_mailable` leads by reason;
    `bad_rows` is the file handed back, if any row was refused."""

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
    bad_rows: Path | None


@dataclass(frozen=True)
class _Run:
    """One import under way, with all that its steps share."""

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

    @property
    def bad_rows_path(self) -> Path:
        return self.home / "imports" / f"{self.import_id}-bad-rows.csv"


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
    survey = csv_in.survey(path)
    column_rules.plan(csv_in.read_header(path, survey), options.mapping)
    with sessions.begin() as session:
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
    """The names of the columns of a kept file, and its first rows. Raises NotFound once it is gone."""
    path = _upload(home, import_id)
    if not path.is_file():
        raise NotFound(_("The file of this import is no longer here: upload it again."))
    survey = csv_in.survey(path)
    header = csv_in.read_header(path, survey)
    return header, [row.cells for row in islice(csv_in.read_rows(path, survey, len(header)), rows)]


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
    column_rules.plan(header, options.mapping)
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
    _upload(home, import_id).unlink(missing_ok=True)


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
    columns = column_rules.plan(header, options.mapping)
    run = _Run(
        sessions, import_id, path, survey, header, columns, options, home, pepper, base_url, now, by, progress
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
) -> ImportResult:
    """Begin and carry out in one call, as the terminal does."""
    import_id = begin_import(sessions, path, options, now=now, by=by)
    return run_import(
        sessions, import_id, path, home=home, pepper=pepper, base_url=base_url, now=now, progress=progress
    )  # fmt: skip


def keep_upload(path: Path, home: Path, import_id: int) -> Path:
    """Put an uploaded file where its import finds it again, after a restart too."""
    kept = _upload(home, import_id)
    path.replace(kept)
    return kept


def run_waiting(
    sessions: sessionmaker[Session], *, home: Path, pepper: bytes, base_url: str, now: datetime
) -> int:
    """Carry out the oldest uploaded file that waits, or was interrupted; 0 when none does. What came of it,
    good or bad, is noted with the import."""
    with sessions() as session:
        waiting = [
            import_id for import_id in imports.unfinished(session) if _upload(home, import_id).is_file()
        ]
    for import_id in waiting:
        path = _upload(home, import_id)
        try:
            run_import(
                sessions, import_id, path, home=home, pepper=pepper, base_url=base_url, now=now
            )  # fmt: skip
        except Conflict:
            continue  # another process is at it
        except Invalid as fault:
            log.info("import.refused", import_id=import_id, faults=len(fault.errors))
        with sessions() as session:
            if session.get_one(Import, import_id).state != "draft":
                path.unlink(missing_ok=True)
        return 1
    return 0


def size_of(import_id: int, home: Path) -> int:
    """How many bytes a kept file has."""
    return _upload(home, import_id).stat().st_size


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
    path = _upload(home, import_id)
    run_import(sessions, import_id, path, home=home, pepper=pepper, base_url=base_url, now=now)
    with sessions() as session:
        if session.get_one(Import, import_id).state != "draft":
            path.unlink(missing_ok=True)


def _upload(home: Path, import_id: int) -> Path:
    return home / "uploads" / f"{import_id}.csv"


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
        bad_rows=home / noted.bad_rows_path if noted.bad_rows_path else None,
    )


def _carry_out(run: _Run) -> ImportResult:
    with run.sessions() as session:
        state = session.get_one(Import, run.import_id).state
    if state == "staged":
        _stage(run)
        _take(run)
    _lead_on(run)
    with run.sessions() as session:
        return result_of(session.get_one(Import, run.import_id), run.home)


def _try_out(run: _Run) -> ImportResult:
    """Everything as it would be, and then nothing of it: the numbers are exact, the base is as before."""
    _stage(run)
    with run.sessions() as session:
        _take_all(run, session)
        found = dict(session.get_one(Import, run.import_id).summary)
        session.rollback()
    with run.sessions.begin() as session:
        staging.drop_staging(session, run.import_id)
        noted = session.get_one(Import, run.import_id)
        noted.state, noted.summary = "draft", {"tried": found}
        noted.bad_rows_path = f"imports/{run.bad_rows_path.name}" if found["bad"] else None
        noted.error = None
        return result_of(noted, run.home)


def _stage(run: _Run) -> None:
    """Read the file from where it was left and put its rows aside, a chunk a transaction."""
    with run.sessions() as session:
        noted = session.get_one(Import, run.import_id)
        done = dict(noted.summary.get("staging", {}))
        whole = staging.is_kept(session, run.import_id, done.get("taken", 0)) and run.bad_rows_path.is_file()
        done = done if whole else {}
    line, read, taken = done.get("line", 1), done.get("read", 0), done.get("taken", 0)
    bad: Counter[str] = Counter(done.get("bad", {}))
    rows = csv_in.read_rows(run.path, run.survey, len(run.header))
    with BadRows(run.bad_rows_path, run.header, position=done.get("bad_bytes", 0)) as refused:
        if not done:
            with run.sessions.begin() as session:
                staging.drop_staging(session, run.import_id)
        remaining = (row for row in rows if row.line > line)
        while chunk := list(islice(remaining, CHUNK)):
            read += len(chunk)
            good = _sort_out(run, chunk, refused, bad)
            taken += len(good)
            done = {"line": chunk[-1].line, "read": read, "taken": taken, "bad": dict(bad)}
            _stage_chunk(run, good, {**done, "bad_bytes": refused.settle()}, read)
            run.progress(Progress("reading", read, max(run.survey.lines, read)))
    if run.options.on_error == "stop" and bad:
        raise Invalid(_stopped(run, sum(bad.values())))
    if not read:
        raise Invalid(_("The file has a header and no rows."))


def _sort_out(run: _Run, chunk: Sequence[csv_in.Row], refused: BadRows, bad: Counter[str]) -> list[LeadRow]:
    good: list[LeadRow] = []
    for row in chunk:
        answer = (
            RefusedRow(row.line, "unreadable", row.fault)
            if row.fault
            else take(row.line, row.cells, run.columns)
        )
        if isinstance(answer, RefusedRow):
            bad[answer.code] += 1
            refused.add(answer.line, answer.sentence, row.cells)
        else:
            good.append(answer)
    return good


def _stage_chunk(run: _Run, good: list[LeadRow], done: dict[str, Any], read: int) -> None:
    with run.sessions.begin() as session:
        _mark_suppressed(run, session, good)
        for row in good:
            _fold(row, run.now)
        staging.stage(session, run.import_id, good, staging.reserve_lead_ids(session, len(good)))
        noted = session.get_one(Import, run.import_id)
        noted.rows_read = read
        noted.summary = {**noted.summary, "staging": done}


def _mark_suppressed(run: _Run, session: Session, rows: Sequence[LeadRow]) -> None:
    hashes = {suppressions.address_hash(run.pepper, row.email_norm): row for row in rows if row.email_norm}
    for digest in suppressions.suppressed(session, hashes):
        hashes[digest].values["suppressed"] = True


def _fold(row: LeadRow, now: datetime) -> None:
    """What the search box and conditions look into, should this row become a new lead."""
    values = row.values
    company, first, last = values.get("company", {}), values.get("first_name"), values.get("last_name")
    values["search"] = search_text(first, last, row.email, company.get("name"), row.phone)
    plain = {**values, "email": row.email, "phone": row.phone, "created_at": now}
    values["folded_fields"] = seen.folded_lead(plain, values.get("fields"), values.get("dates"))
    if "tags" in values:
        values["folded_tags"] = seen.folded_names(values["tags"])


def _take(run: _Run) -> None:
    """The one transaction. Another that takes the same person at the same moment makes it run again."""
    for attempt in range(1, _TRIES + 1):
        try:
            with run.sessions.begin() as session:
                _take_all(run, session)
            return
        except (IntegrityError, OperationalError):
            if attempt == _TRIES:
                raise


def _take_all(run: _Run, session: Session) -> None:
    total = run.survey.lines
    run.progress(Progress("taking", 0, total))
    duplicates = _one_row_a_lead(run, session)
    staged_leads.take_companies(session, run.import_id, now=run.now)
    companies.refold(session, companies.changed_at(session, run.now))
    source_id = sources.ensure(session, run.options.source, kind="import", now=run.now)
    known = staging.known_count(session, run.import_id)
    changed = staged_leads.take_known_leads(session, run.import_id, source_id, now=run.now)
    leads.refold(session, changed)
    new = staged_leads.take_new_leads(session, run.import_id, source_id, now=run.now, by=run.by)
    run.progress(Progress("taking", total, total))
    if not run.options.enter:
        staged_leads.hold_new(session, run.import_id, now=run.now)
    if run.options.consent:
        _grant(run, session, run.options.consent)
    reach = staged_leads.reach(session, run.import_id, run.options.consent or "marketing")
    noted = session.get_one(Import, run.import_id)
    staged = noted.summary["staging"]
    bad = staged["bad"]
    noted.state = "running"
    noted.bad_rows_path = f"imports/{run.bad_rows_path.name}" if bad else None
    noted.summary = {
        "new": new,
        "updated": len(changed),
        "unchanged": known - len(changed),
        "duplicates": duplicates,
        "bad": bad,
        "mailable": reach.pop("may_be_mailed", 0),
        "not_mailable": reach,
        "warnings": staged_leads.warning_counts(session, run.import_id),
        "ignored_columns": list(run.columns.ignored),
        "source_id": source_id,
        "taken_at": run.now.isoformat(),
        "led_on": 0,
    }


def _one_row_a_lead(run: _Run, session: Session) -> int:
    """Merge the rows that tell of one lead, first by what the file says, then by whom it is known to be."""
    staging.analyze(session)
    duplicates = _merge_groups(run, session, staging.same_email(session, run.import_id))
    duplicates += _merge_phones(run, session)
    staging.match_emails(session, run.import_id)
    foreign = staging.match_phones(session, run.import_id)
    for row in foreign:
        share_phone(row)
        _fold(row, run.now)
    staging.replace_rows(session, run.import_id, foreign)
    return duplicates + _merge_groups(run, session, staging.same_lead(session, run.import_id))


def _merge_groups(run: _Run, session: Session, groups: Iterator[list[LeadRow]]) -> int:
    merged, dropped = [], []
    for first, *later in groups:
        for row in later:
            merge(first, row)
        _fold(first, run.now)
        merged.append(first)
        dropped += [row.line for row in later]
    # Dropped first: until then two rows may hold the number that only one of them keeps.
    staging.drop_rows(session, run.import_id, dropped)
    staging.replace_rows(session, run.import_id, merged)
    return len(dropped)


def _merge_phones(run: _Run, session: Session) -> int:
    """One number, several rows: those without an address are the first one's; those with another address
    are other people at the same number."""
    changed, dropped = [], []
    for first, *later in staging.same_phone(session, run.import_id):
        for row in later:
            if row.email_norm is None or first.email_norm is None:
                merge(first, row)
                dropped.append(row.line)
            else:
                share_phone(row)
                _fold(row, run.now)
                changed.append(row)
        _fold(first, run.now)
        changed.append(first)
    staging.drop_rows(session, run.import_id, dropped)
    staging.replace_rows(session, run.import_id, changed)
    return len(dropped)


def _grant(run: _Run, session: Session, purpose: str) -> None:
    wording = run.options.wording or _("consent given outside, brought by a file")
    proof = {"import": run.import_id, "file_hash": run.survey.sha256, "source": run.options.source}
    staged_leads.grant(session, run.import_id, purpose, wording=wording, proof=proof, now=run.now)


def _lead_on(run: _Run) -> None:
    """Grade the leads and let them enter programs, a batch a transaction."""
    with run.sessions() as session:
        noted = session.get_one(Import, run.import_id)
        since, done = noted.created_at, noted.summary["led_on"]
        total = noted.summary["new"] + noted.summary["updated"] + noted.summary["unchanged"]
    next_look = done
    for lead_ids in _batches(run, done):
        if total > _LED_ON_AT_ONCE and done >= next_look:
            next_look = max(2 * done, _LED_ON_AT_ONCE)
            with run.sessions.begin() as session:
                staged_leads.analyze(session)
        done += len(lead_ids)
        with run.sessions.begin() as session:
            take_in.take_in(session, lead_ids, since=since, base_url=run.base_url, now=run.now)
            noted = session.get_one(Import, run.import_id)
            noted.summary = {**noted.summary, "led_on": done}
        run.progress(Progress("entering programs", done, total))
    with run.sessions.begin() as session:
        staging.drop_staging(session, run.import_id)
        noted = session.get_one(Import, run.import_id)
        noted.state, noted.finished_at = "done", run.now


def _batches(run: _Run, done: int) -> Iterator[list[int]]:
    """The leads of the file in order, from the one after `done`. What is put aside is not kept through a
    crash of the database; then the leads that the file touched are found by its mark."""
    with run.sessions() as session:
        noted = session.get_one(Import, run.import_id)
        lead_ids = staging.leads_of(session, run.import_id)
        if not lead_ids:
            taken_at = datetime.fromisoformat(noted.summary["taken_at"])
            lead_ids, done = leads.touched_by(session, noted.summary["source_id"], taken_at), 0
    for start in range(done, len(lead_ids), _LED_ON_AT_ONCE):
        yield lead_ids[start : start + _LED_ON_AT_ONCE]


def _stopped(run: _Run, count: int) -> str:
    sentence = ngettext(
        "One row cannot be taken, so nothing was. It is in {file}, with its reason.",
        "{count} rows cannot be taken, so nothing was. They are in {file}, each with its reason.",
        count,
    )
    return sentence.format(count=count, file=run.bad_rows_path)


def _fail(run: _Run, sentence: str) -> None:
    with run.sessions.begin() as session:
        noted = session.get_one(Import, run.import_id)
        staging.drop_staging(session, run.import_id)
        bad = noted.summary.get("staging", {}).get("bad", {})
        # A draft that could not even be tried is mended, or thrown away, by the person who brought it.
        noted.state = "draft" if noted.state == "checking" else "failed"
        noted.error, noted.finished_at = sentence, run.now if noted.state == "failed" else None
        noted.summary = {"bad": bad}
        noted.bad_rows_path = f"imports/{run.bad_rows_path.name}" if bad else None
