"""Take every due run one step further: a batch is claimed, decided on facts, and written in a few
statements, all in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows import compete, model_facts
from nurture.flows.kept_out import kept_out
from nurture.flows.published import Published, as_standing, published
from nurture.flows.write_decided import Decided, write
from nurture.rules import merging
from nurture.rules.chain import (
    Around,
    Rounds,
    SendMail,
    Standing,
    next_step,
)
from nurture.rules.conditions import Look, looked_at
from nurture.rules.edits import Gone
from nurture.rules.facts import Facts
from nurture.rules.program import Chain
from nurture.rules.timing import closes_at, next_open, window_of, within, zone_for
from nurture.store import restraint
from nurture.store.enrollments import claiming
from nurture.store.enrollments import late as late_mails
from nurture.store.enrollments.claiming import DueRun
from nurture.store.enrollments.late import Replanned


def advance(sessions: sessionmaker[Session], pepper: bytes, *, now: datetime, limit: int = 500) -> int:
    """Advance up to `limit` due runs; returns how many were due (0 = idle). `pepper` hashes addresses to
    find the suppressed ones."""
    with sessions.begin() as session:
        programs = published(session)
        if not programs:
            return 0
        paused = [chain_id for one in programs.values() for chain_id in one.paused_chain_ids]
        due = claiming.claim(session, list(programs), paused, now=now, limit=limit)
        if due:
            write(session, _decide(session, programs, due, pepper, now), now)
        # Whoever is behind looks after late mails when it has caught up.
        replanned = _replan_late(session, programs, now, limit) if len(due) < limit else 0
        return len(due) + replanned


def _replan_late(session: Session, programs: Mapping[int, Published], now: datetime, limit: int) -> int:
    """Mails that sending was too slow for, or stopped, go out when their window opens again."""
    late = late_mails.find(session, list(programs), now=now, limit=limit)
    replanned = []
    hours = restraint.hours(session) if late else None
    for mail in late:
        program = programs[mail.program_id].program
        zone = zone_for(mail.timezone, program.timezone)
        window = within(window_of(program.window, mail.country), hours)
        opens = next_open(window, zone, now) or now
        until = closes_at(window, zone, opens) or opens + timedelta(days=3650)
        replanned.append(Replanned(mail.id, opens, until))
    late_mails.replan(session, replanned)
    return len(late)


def _decide(
    session: Session, programs: Mapping[int, Published], due: Sequence[DueRun], pepper: bytes, now: datetime
) -> list[Decided]:
    standing = as_standing(session, programs, {(run.program_id, run.version_id) for run in due})
    known = _facts(session, standing, due, now)
    cap, hours = restraint.cap(session), restraint.hours(session)
    places = compete.places(
        session,
        {run.lead_id for run in due},
        [cap, *(one.program.frequency for one in programs.values())],
        {one.id: one.program.priority for one in programs.values()},
        now=now,
        runs={run.id for run in due},
    )
    pauses = restraint.pauses(session, [run.lead_id for run in due], now=now)
    suppressed = _suppressed(session, due, pepper)
    decided = []
    # Of the runs of one lead, that of the program with the highest priority takes the last place under a cap.
    for run in sorted(due, key=lambda run: -programs[run.program_id].program.priority):
        one = standing[run.program_id, run.version_id]
        chain = one.chain_of(run.chain_id) or Chain("", ())
        lead = known[one.row.model_id][run.lead_id]
        around = Around(
            sends=places.before(run.lead_id, one.program.priority),
            suppressed=run.lead_id in suppressed,
            cap=cap,
            hours=hours,
            with_sales=run.with_sales,
            paused_until=pauses.get(run.lead_id),
        )
        decision = next_step(one.program, chain, _standing(run, one.gone, chain), lead, around, now)
        # A mail decided now counts for the lead's other runs of this batch.
        places.take(run.lead_id, sum(isinstance(intent, SendMail) for intent in decision.intents))
        decided.append(Decided(run, one, programs[run.program_id], chain, lead, decision))
    return decided


def _facts(
    session: Session, standing: Mapping[tuple[int, int], Published], due: Sequence[DueRun], now: datetime
) -> dict[int | None, dict[int, Facts]]:
    leads: dict[int | None, set[int]] = {}
    for run in due:
        leads.setdefault(standing[run.program_id, run.version_id].row.model_id, set()).add(run.lead_id)
    asked: dict[int | None, dict[str, Look]] = {model_id: {} for model_id in leads}
    for place in {(run.program_id, run.version_id) for run in due}:
        model_id = standing[place].row.model_id
        asked[model_id] = looked_at((asked[model_id], standing[place].asked_inside(now)))
    return {
        model_id: model_facts.load(session, sorted(ids), now=now, model_id=model_id, asked=asked[model_id])
        for model_id, ids in leads.items()
    }


def _suppressed(session: Session, due: Sequence[DueRun], pepper: bytes) -> set[int]:
    return set(kept_out(session, {run.lead_id: run.email_norm for run in due if run.email_norm}, pepper))


def _standing(run: DueRun, gone: Gone, chain: Chain) -> Standing:
    sent = {mail: datetime.fromisoformat(at) for mail, at in run.data.get("sent", {}).items()}
    return Standing(
        step_key=run.step_key,
        since=run.step_since or run.entered_at,
        entered_at=run.entered_at,
        pass_no=run.pass_no,
        settled_state=run.settled_state,
        settled_at=run.settled_at,
        sent=sent,
        hops=run.data.get("hops", 0),
        over=run.data.get("over", False),
        resting=run.resting_reason,
        waits=run.due_reason,
        rounds=_rounds(run.data.get("rounds")),
        parallel=run.parallel,
        had=gone.had(chain.temperature, sent) | merging.had(run.data, chain.temperature, run.pass_no),
    )


def _rounds(kept: Sequence[Any] | None) -> Rounds:
    return Rounds(kept[0], datetime.fromisoformat(kept[1])) if kept else Rounds()
