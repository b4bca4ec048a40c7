"""The rows of a file are read, sorted out and put aside, a chunk a transaction."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Invalid
from nurture.files import csv_in
from nurture.files.csv_out import BadRows
from nurture.flows.import_leads.values import Progress, Run
from nurture.rules.conditions import seen
from nurture.rules.lead_rows import LeadRow, RefusedRow, search_text, take
from nurture.rules.words import _, ngettext
from nurture.store import kept_nos, staging, suppressions
from nurture.store.imports import Import

CHUNK = 5_000


def stage(run: Run) -> None:
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


def _sort_out(run: Run, chunk: Sequence[csv_in.Row], refused: BadRows, bad: Counter[str]) -> list[LeadRow]:
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


def _stage_chunk(run: Run, good: list[LeadRow], done: dict[str, Any], read: int) -> None:
    with run.sessions.begin() as session:
        _mark_suppressed(run, session, good)
        for row in good:
            fold_row(row, run.now)
        staging.stage(session, run.import_id, good, staging.reserve_lead_ids(session, len(good)))
        noted = session.get_one(Import, run.import_id)
        noted.rows_read = read
        noted.summary = {**noted.summary, "staging": done}


def _mark_suppressed(run: Run, session: Session, rows: Sequence[LeadRow]) -> None:
    """Note with each row whether its address is shut, and what its owner has said no to alone."""
    hashes = {suppressions.address_hash(run.pepper, row.email_norm): row for row in rows if row.email_norm}
    for digest in suppressions.suppressed(session, hashes):
        hashes[digest].values["suppressed"] = True
    addresses = {digest: row.email_norm or "" for digest, row in hashes.items()}
    for digest, noes in kept_nos.standing(session, addresses).items():
        hashes[digest].values["nos"] = {one.purpose: one.number for one in noes}


def fold_row(row: LeadRow, now: datetime) -> None:
    """What the search box and conditions look into, should this row become a new lead."""
    values = row.values
    company, first, last = values.get("company", {}), values.get("first_name"), values.get("last_name")
    values["search"] = search_text(first, last, row.email, company.get("name"), row.phone)
    plain = {**values, "email": row.email, "phone": row.phone, "created_at": now}
    values["folded_fields"] = seen.folded_lead(plain, values.get("fields"), values.get("dates"))
    if "tags" in values:
        values["folded_tags"] = seen.folded_names(values["tags"])


def _stopped(run: Run, count: int) -> str:
    sentence = ngettext(
        "One row cannot be taken, so nothing was. It is in {file}, with its reason.",
        "{count} rows cannot be taken, so nothing was. They are in {file}, each with its reason.",
        count,
    )
    return sentence.format(count=count, file=run.bad_rows_path)
