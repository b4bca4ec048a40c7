"""The leads of a file are graded and enter programs, a batch a transaction."""

from collections.abc import Iterator
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from nurture.errors import Invalid
from nurture.flows import take_in
from nurture.flows.import_leads.values import Progress, Run
from nurture.flows.start_leads import Spread, read_place, start_leads
from nurture.store import leads, staged_leads, staging
from nurture.store.imports import Import

log = structlog.get_logger()

_AT_ONCE = 2_000


def lead_on(run: Run) -> None:
    """Grade the leads and let them enter programs, a batch a transaction."""
    with run.sessions() as session:
        noted = session.get_one(Import, run.import_id)
        since, done = noted.created_at, noted.summary["led_on"]
        total = noted.summary["new"] + noted.summary["updated"] + noted.summary["unchanged"]
    if total > _AT_ONCE:
        with run.sessions.begin() as session:
            staged_leads.analyze(session)
    next_look = max(8 * done, _AT_ONCE)
    for lead_ids in _batches(run, done):
        if done >= next_look:
            # Estimates that are off by less than this lead to the same plans.
            next_look = 8 * done
            with run.sessions.begin() as session:
                staged_leads.analyze_entered(session)
        first, done = done, done + len(lead_ids)
        with run.sessions.begin() as session:
            _start(run, session, lead_ids, Spread(run.options.spread_days, first, total))
            take_in.take_in(session, lead_ids, since=since, base_url=run.base_url, now=run.now)
            noted = session.get_one(Import, run.import_id)
            noted.summary = {**noted.summary, "led_on": done}
        run.progress(Progress("entering programs", done, total))
    with run.sessions.begin() as session:
        staging.drop_staging(session, run.import_id)
        noted = session.get_one(Import, run.import_id)
        noted.state, noted.finished_at = "done", run.now


def _start(run: Run, session: Session, lead_ids: list[int], spread: Spread) -> None:
    """Put them where the person who brought them said, before programs look at whom they take. A program
    that is live no more by then takes nobody by hand."""
    if not run.options.start:
        return
    try:
        place = read_place(session, run.options.start)
    except Invalid:
        log.warning("import.place_gone", import_id=run.import_id)
        return
    start_leads(session, lead_ids, place, now=run.now, spread=spread)


def _batches(run: Run, done: int) -> Iterator[list[int]]:
    """The leads of the file in order, from the one after `done`. What is put aside is not kept through a
    crash of the database; then the leads that the file touched are found by its mark."""
    with run.sessions() as session:
        noted = session.get_one(Import, run.import_id)
        lead_ids = staging.leads_of(session, run.import_id)
        if not lead_ids:
            taken_at = datetime.fromisoformat(noted.summary["taken_at"])
            lead_ids, done = leads.touched_by(session, noted.summary["source_id"], taken_at), 0
    for start in range(done, len(lead_ids), _AT_ONCE):
        yield lead_ids[start : start + _AT_ONCE]
