"""Everybody who matches is changed, however many: portion by portion, each a transaction and a note of its
own, so that it can be watched, stopped and undone."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows import change_leads
from nurture.rules.words import _
from nurture.store import bulk_jobs, lead_list, users
from nurture.store.bulk_jobs import BulkJob
from nurture.store.lead_list import LeadQuery

PORTION = 2_000


def ask(
    session: Session, wanted: LeadQuery, what: str, value: str, words: str = "", *, by: str, now: datetime
) -> BulkJob:
    """Have everybody who matches now changed. Raises Invalid for a change that cannot be made at all."""
    with session.begin_nested() as trial:
        change_leads.change_leads(session, [], what, value, words, by=by, now=now)
        trial.rollback()
    job = bulk_jobs.add(
        session,
        at=now,
        by=by,
        what=what,
        value=value,
        words=words,
        query=asdict(wanted),
        total=lead_list.how_many(session, wanted),
        last_id=bulk_jobs.newest_lead(session),
    )
    users.audit(session, by, f"leads.{what}", f"bulk_job:{job.id}", now=now, detail={"n": job.total})
    return job


def cancel(session: Session, job_id: int, *, by: str, now: datetime) -> BulkJob:
    """Stop after the portion that is being worked on; what was changed stays until it is undone. Raises
    NotFound, Conflict for one that is over."""
    job = _locked(session, job_id)
    if job.state not in ("waiting", "running"):
        raise Conflict(_("This is over already."))
    job.state, job.finished_at = "cancelled", now
    users.audit(session, by, "leads.job_cancelled", f"bulk_job:{job.id}", now=now)
    return job


def undo(session: Session, job_id: int, *, by: str, now: datetime) -> BulkJob:
    """Take back what was changed, for exactly those whom it changed, the last portion first. Raises NotFound,
    Conflict for one that is under way or undone."""
    job = _locked(session, job_id)
    if job.state in bulk_jobs.UNDER_WAY:
        raise Conflict(_("Stop it first: it is under way."))
    if job.state == "undone":
        raise Conflict(_("This was undone already."))
    job.state, job.finished_at = "undoing", None
    users.audit(session, by, f"leads.{job.what}.undone", f"bulk_job:{job.id}", now=now)
    return job


def carry_out(sessions: sessionmaker[Session], clock: Callable[[], datetime], *, size: int = PORTION) -> int:
    """Work on what waits until nothing does; how many portions, of `size` leads each. Several at once do no
    harm."""
    portions = 0
    while work(sessions, now=clock(), size=size):
        portions += 1
    return portions


def work(sessions: sessionmaker[Session], *, now: datetime, size: int = PORTION) -> bool:
    """One portion of what waits; False when nothing does."""
    with sessions.begin() as session:
        job = bulk_jobs.take(session)
        if job is None:
            return False
        if job.state == "undoing":
            _undo_one(session, job, now, size)
        else:
            _change_some(session, job, now, size)
        return True


def _change_some(session: Session, job: BulkJob, now: datetime, size: int) -> None:
    wanted = LeadQuery(**job.query)
    ids = lead_list.following(session, wanted, after=job.cursor, last=job.last_id, limit=size)
    if not ids:
        job.state, job.finished_at = "done", now
        return
    job.state = "running"
    try:
        with session.begin_nested():
            done = change_leads.change_leads(
                session, ids, job.what, job.value, job.words, by=job.by, now=now, job_id=job.id
            )
    except Invalid as refusal:
        # The tag, owner or step was there when it was asked for, and is not any more.
        job.state, job.error, job.finished_at = "failed", str(refusal), now
        return
    job.cursor = ids[-1]
    job.looked += len(ids)
    job.changed += len(done.lead_ids)


def _undo_one(session: Session, job: BulkJob, now: datetime, size: int) -> None:
    portion = bulk_jobs.last_portion(session, job.id)
    if portion is None:
        job.state, job.finished_at, job.looked = "undone", now, 0
        return
    job.looked = max(job.looked - size, 0)
    change_leads.undo(session, portion, by=job.by, now=now)


def _locked(session: Session, job_id: int) -> BulkJob:
    job = bulk_jobs.locked(session, job_id)
    if job is None:
        raise NotFound(_("There is no such change."))
    return job
