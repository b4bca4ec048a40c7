"""The rows of a file are read, sorted out and put aside, a chunk a transaction."""

from collections import Counter
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Invalid
from nurture.files import csv_in
from nurture.files.csv_out import BadRows
from nurture.flows.import_leads.dating import understand
from nurture.flows.import_leads.preparing import Guide, Prepared, prepared
from nurture.flows.import_leads.values import Progress, Run
from nurture.rules.words import _, ngettext, spoken
from nurture.store import kept_nos, staging, suppressions
from nurture.store.imports import Import

CHUNK = 5_000


def stage(run: Run) -> None:
    """Read the file from where it was left and put its rows aside, a chunk a transaction."""
    told = run.options.dates
    understood = understand(run.path, run.survey, run.header, run.columns, told, run.now.date())
    with run.sessions() as session:
        noted = session.get_one(Import, run.import_id)
        done = dict(noted.summary.get("staging", {}))
        whole = staging.is_kept(session, run.import_id, done.get("taken", 0)) and run.bad_rows_path.is_file()
        done = done if whole else {}
    line, read, taken = done.get("line", 1), done.get("read", 0), done.get("taken", 0)
    bad: Counter[str] = Counter(done.get("bad", {}))
    rows = csv_in.read_rows(run.path, run.survey, len(run.header))
    remaining = (row for row in rows if row.line > line)
    guide = Guide(run.import_id, run.columns, understood.dates, run.pepper, run.now, spoken())
    with BadRows(run.bad_rows_path, run.header, position=done.get("bad_bytes", 0)) as refused:
        if not done:
            with run.sessions.begin() as session:
                staging.drop_staging(session, run.import_id)
                noted = session.get_one(Import, run.import_id)
                noted.summary = {**noted.summary, "dates": understood.kept()}
        lines = run.survey.lines
        for chunk in prepared(remaining, guide, at_once=CHUNK, lines=lines, processes=run.processes):
            read += chunk.read
            taken += len(chunk.ready)
            for row, cells in chunk.refused:
                bad[row.code] += 1
                refused.add(row.line, row.sentence, cells)
            done = {"line": chunk.last_line, "read": read, "taken": taken, "bad": dict(bad)}
            _stage_chunk(run, chunk, {**done, "bad_bytes": refused.settle()}, read)
            run.progress(Progress("reading", read, max(lines, read)))
    if run.options.on_error == "stop" and bad:
        raise Invalid(_stopped(run, sum(bad.values())))
    if not read:
        raise Invalid(_("The file has a header and no rows."))


def _stage_chunk(run: Run, chunk: Prepared, done: dict[str, Any], read: int) -> None:
    with run.sessions.begin() as session:
        staging.stage(session, chunk.ready, staging.reserve_lead_ids(session, len(chunk.ready)))
        staging.add_to(session, run.import_id, _no_more_mails(session, chunk))
        noted = session.get_one(Import, run.import_id)
        noted.rows_read = read
        noted.summary = {**noted.summary, "staging": done}


def _no_more_mails(session: Session, chunk: Prepared) -> dict[int, dict[str, Any]]:
    """By line, what is to be noted with it: that its address is shut, and what its owner has said no to
    alone."""
    found: dict[int, dict[str, Any]] = {}
    for digest in suppressions.suppressed(session, chunk.addresses):
        found.setdefault(chunk.addresses[digest][0], {})["suppressed"] = True
    addresses = {digest: norm for digest, (_line, norm) in chunk.addresses.items()}
    for digest, noes in kept_nos.standing(session, addresses).items():
        mine = found.setdefault(chunk.addresses[digest][0], {})
        mine["nos"] = {one.purpose: one.number for one in noes}
    return found


def _stopped(run: Run, count: int) -> str:
    sentence = ngettext(
        "One row cannot be taken, so nothing was. It is in {file}, with its reason.",
        "{count} rows cannot be taken, so nothing was. They are in {file}, each with its reason.",
        count,
    )
    return sentence.format(count=count, file=run.bad_rows_path)
