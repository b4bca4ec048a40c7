"""Programs and single chains are paused and go on; who came due too late meanwhile waits for a person."""

from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Conflict, NotFound
from nurture.rules import program as rules
from nurture.rules.program import Chain, Program, Send, Step, Wait, WaitUntil
from nurture.rules.words import _
from nurture.store import programs
from nurture.store.audit import audit
from nurture.store.chains import switch
from nurture.store.enrollments import late
from nurture.store.programs import ChainRow, ProgramRow


def pause(session: Session, program_id: int, *, now: datetime, by: str = "system") -> None:
    """Stop a live program: nobody enters, nothing is sent, everybody stays where they stand."""
    row = programs.lock(session, program_id)
    if row.state != "live":
        raise Conflict(_("Only a live program can be paused."))
    row.state, row.paused_at, row.updated_at = "paused", now, now
    audit(session, by, "program.paused", f"program:{row.id}", now=now)


def resume(session: Session, program_id: int, *, now: datetime, by: str = "system") -> None:
    """Let a paused program go on. Steps that came due meanwhile are taken one after the other, within its
    windows; those too late are held for a person (`decide_held`)."""
    row = programs.lock(session, program_id)
    if row.state != "paused":
        raise Conflict(_("Only a paused program can be resumed."))
    since = row.paused_at or now
    row.state, row.paused_at, row.updated_at = "live", None, now
    audit(session, by, "program.resumed", f"program:{row.id}", now=now)
    late.after_pause(session, row.id, None, since=since, hold_after=_live(session, row).hold_after, now=now)


def pause_chain(session: Session, chain_id: int, *, now: datetime, by: str = "system") -> bool:
    """Stop one chain alone; False when it is paused already, or there is none."""
    if not switch(session, chain_id, paused=True, now=now):
        return False
    audit(session, by, "program.paused", f"chain:{chain_id}", now=now)
    return True


def resume_chain(session: Session, chain_id: int, *, now: datetime, by: str = "system") -> bool:
    """Let one paused chain go on in the same way; False when it is not paused, or there is none."""
    chain = session.get(ChainRow, chain_id, with_for_update=True)
    if chain is None or chain.paused_at is None:
        return False
    since, chain.paused_at = chain.paused_at, None
    row = programs.lock(session, chain.program_id)
    hold_after = _live(session, row).hold_after
    late.after_pause(session, row.id, chain.id, since=since, hold_after=hold_after, now=now)
    audit(session, by, "program.resumed", f"chain:{chain_id}", now=now)
    return True


def decide_held(session: Session, program_id: int, *, go_on: bool, now: datetime, by: str = "system") -> int:
    """A person decides about the steps held after a pause: they are taken after all, one after the other,
    or the mails are left out. How many they were."""
    if session.get(ProgramRow, program_id) is None:
        raise NotFound(_("There is no such program."))
    row = programs.lock(session, program_id)
    held = late.held(session, row.id)
    if go_on:
        late.go_on(session, row.id, now=now)
    else:
        _leave_out(session, row, now)
    detail = {"go_on": go_on, "n": held}
    audit(session, by, "program.held_decided", f"program:{row.id}", now=now, detail=detail)
    return held


def _leave_out(session: Session, row: ProgramRow, now: datetime) -> None:
    """The mails of the steps that are held, and of those that would go out as soon as a held wait is over."""
    chains = _live(session, row).chains
    sends = {
        step.key for chain in chains.values() for step in chain.by_key.values() if isinstance(step, Send)
    }
    places = [
        (place.id, chains[place.temperature])
        for place in programs.chains(session, [row.id])
        if place.temperature in chains
    ]
    firsts = {number: chain.first for number, chain in places if chain.first}
    waits = {
        (number, key): mail
        for number, chain in places
        for key in chain.by_key
        if (mail := _mail_behind(chain, key)) is not None
    }
    late.leave_out(session, row.id, sorted(sends), firsts, waits, now=now)


def _mail_behind(chain: Chain, key: str) -> str | None:
    """The mail that goes out as soon as the wait at this step is over; None where something else comes."""
    step: Step | None = chain.by_key[key]
    if not isinstance(step, Wait | WaitUntil):
        return None
    while isinstance(step, Wait | WaitUntil):
        step = chain.by_key.get(chain.after[step.key] or "")
    return step.key if isinstance(step, Send) else None


def _live(session: Session, row: ProgramRow) -> Program:
    version_id = row.live_version_id or 0
    found = programs.specs(session, [version_id])
    if version_id not in found:
        raise Conflict(_("The program is not published."))
    return rules.read(found[version_id][0])
