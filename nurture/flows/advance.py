"""Take every due run one step further: a batch is claimed, decided on facts, and written in a few
statements, all in one transaction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows import compete, enroll, model_facts
from nurture.flows.enroll import OUTSIDE, Start
from nurture.flows.published import Published, published
from nurture.flows.ripen import Ripe, ripen
from nurture.rules.chain import Around, Decision, Hand, MoveTo, SendMail, SetTo, Standing, Tag, next_step
from nurture.rules.facts import Facts
from nurture.rules.program import Chain
from nurture.rules.timing import closes_at, next_open, window_of, zone_for
from nurture.rules.words import _
from nurture.store import restraint, steps, suppressions
from nurture.store.enrollments import claiming, marking
from nurture.store.enrollments import late as late_mails
from nurture.store.enrollments.claiming import ChainSend, DueRun, RunAfter
from nurture.store.enrollments.late import Replanned
from nurture.store.steps import FlowTally, NewEvent, StepTally
from nurture.store.webhooks import Message, write_messages

_FINISHED_STATES = ("sent", "failed", "skipped", "cancelled", "uncertain")


@dataclass(frozen=True)
class _Decided:
    """A claimed run with what was decided about it."""

    run: DueRun
    published: Published
    chain: Chain
    lead: Facts
    decision: Decision


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
            _write(session, _decide(session, programs, due, pepper, now), now)
        # Whoever is behind looks after late mails when it has caught up.
        replanned = _replan_late(session, programs, now, limit) if len(due) < limit else 0
        return len(due) + replanned


def _replan_late(session: Session, programs: Mapping[int, Published], now: datetime, limit: int) -> int:
    """Mails that sending was too slow for, or stopped, go out when their window opens again."""
    late = late_mails.find(session, list(programs), now=now, limit=limit)
    replanned = []
    for mail in late:
        program = programs[mail.program_id].program
        zone = zone_for(mail.timezone, program.timezone)
        opens = next_open(window_of(program.window, mail.country), zone, now) or now
        until = closes_at(program.window, zone, opens) or opens + timedelta(days=3650)
        replanned.append(Replanned(mail.id, opens, until))
    late_mails.replan(session, replanned)
    return len(late)


def _decide(
    session: Session, programs: Mapping[int, Published], due: Sequence[DueRun], pepper: bytes, now: datetime
) -> list[_Decided]:
    known = _facts(session, programs, due, now)
    cap = restraint.cap(session)
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
        one = programs[run.program_id]
        chain = one.chain_of(run.chain_id) or Chain("", ())
        lead = known[one.row.model_id][run.lead_id]
        around = Around(
            sends=places.before(run.lead_id, one.program.priority),
            suppressed=run.lead_id in suppressed,
            cap=cap,
            with_sales=run.with_sales,
            paused_until=pauses.get(run.lead_id),
        )
        decision = next_step(one.program, chain, _standing(run), lead, around, now)
        # A mail decided now counts for the lead's other runs of this batch.
        places.take(run.lead_id, sum(isinstance(intent, SendMail) for intent in decision.intents))
        decided.append(_Decided(run, one, chain, lead, decision))
    return decided


def _facts(
    session: Session, programs: Mapping[int, Published], due: Sequence[DueRun], now: datetime
) -> dict[int | None, dict[int, Facts]]:
    leads: dict[int | None, set[int]] = {}
    for run in due:
        leads.setdefault(programs[run.program_id].row.model_id, set()).add(run.lead_id)
    asked: dict[int | None, dict[str, datetime]] = {model_id: {} for model_id in leads}
    for program_id in {run.program_id for run in due}:
        mine = asked[programs[program_id].row.model_id]
        inside = programs[program_id].asked_inside(now)
        mine |= {kind: min(since, mine.get(kind, since)) for kind, since in inside.items()}
    return {
        model_id: model_facts.load(session, sorted(ids), now=now, model_id=model_id, asked=asked[model_id])
        for model_id, ids in leads.items()
    }


def _suppressed(session: Session, due: Sequence[DueRun], pepper: bytes) -> set[int]:
    hashes = {run.lead_id: suppressions.address_hash(pepper, run.email_norm) for run in due if run.email_norm}
    found = suppressions.suppressed(session, set(hashes.values()))
    return {lead_id for lead_id, digest in hashes.items() if digest in found}


def _standing(run: DueRun) -> Standing:
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
    )


def _write(session: Session, decided: Sequence[_Decided], now: datetime) -> None:
    deliveries = claiming.send(session, [send for one in decided for send in _sends(one)], now=now)
    claiming.write(session, [_after(one, deliveries, now) for one in decided], now=now)
    _mark_leads(session, decided, now)
    _record(session, decided, now)
    _tell_finished(session, decided, now)
    enroll.begin(session, [start for one in decided for start in _starts(one)], now=now)
    ripen(session, [_ripe(one) for one in decided if _intents(one, Hand)], now=now)


def _intents(one: _Decided, kind: type) -> list[Any]:
    return [intent for intent in one.decision.intents if isinstance(intent, kind)]


def _sends(one: _Decided) -> list[ChainSend]:
    return [
        ChainSend(
            enrollment_id=one.run.id,
            lead_id=one.run.lead_id,
            program_id=one.published.id,
            chain_id=one.run.chain_id,
            version_id=one.published.row.version_id,
            step_key=intent.step_key,
            pass_no=one.decision.standing.pass_no,
            mail_version_id=one.published.mails[intent.mail],
            consent_purpose=one.published.program.purpose,
            until=intent.until,
        )
        for intent in _intents(one, SendMail)
    ]


def _after(one: _Decided, deliveries: Mapping[str, tuple[int, str]], now: datetime) -> RunAfter:
    decision, standing = one.decision, one.decision.standing
    sends = _sends(one)
    awaited, state = deliveries[sends[-1].dedup_key] if sends else (None, "")
    # The mail of this step and pass may be settled already: then it is not waited for again.
    settled = state if state in _FINISHED_STATES else None
    return RunAfter(
        id=one.run.id,
        version_id=one.published.row.version_id,
        state=decision.state,
        step_key=standing.step_key,
        step_since=standing.since,
        pass_no=standing.pass_no,
        due_at=now if settled else decision.due_at,
        due_reason=decision.reason,
        waiting_for=decision.waiting_for,
        awaiting_delivery_id=None if settled else awaited,
        settled_state=settled or standing.settled_state,
        settled_at=now if settled else standing.settled_at,
        resting_reason=standing.resting if decision.state == "resting" else None,
        exit_reason=decision.reason if decision.state == "ended" else None,
        data=_data(standing),
    )


def _data(standing: Standing) -> dict[str, Any]:
    data: dict[str, Any] = {"sent": {mail: at.isoformat() for mail, at in standing.sent.items()}}
    if standing.hops:
        data["hops"] = standing.hops
    if standing.over:
        data["over"] = True
    return data


def _mark_leads(session: Session, decided: Sequence[_Decided], now: datetime) -> None:
    tags: dict[int, list[str]] = {}
    fields: dict[int, dict[str, Any]] = {}
    for one in decided:
        for intent in _intents(one, Tag):
            tags.setdefault(one.run.lead_id, []).extend(intent.tags)
        for intent in _intents(one, SetTo):
            fields.setdefault(one.run.lead_id, {})[intent.field] = intent.to
    marking.mark(session, tags, fields, now=now)


def _record(session: Session, decided: Sequence[_Decided], now: datetime) -> None:
    events: list[NewEvent] = []
    tally: StepTally = Counter()
    flows: FlowTally = Counter()
    for one in decided:
        run, decision = one.run, one.decision
        for line in decision.history:
            events.append(NewEvent(run.id, run.lead_id, line.step_key, line.what, line.reason, line.detail))
            if line.what == "skipped" and line.step_key is not None:
                for what in ("skipped", f"skipped:{line.reason}"):
                    tally[run.chain_id, one.published.row.version_id, line.step_key, what] += 1
        for key in decision.arrivals:
            tally[run.chain_id, one.published.row.version_id, key, "entered"] += 1
        for key in decision.departures:
            tally[run.chain_id, one.published.row.version_id, key, "left"] += 1
        if decision.state == "ended" and not _intents(one, MoveTo):
            flows[run.program_id, one.chain.temperature, OUTSIDE] += 1
    steps.note(session, events, now=now)
    steps.count(session, tally)
    steps.count_flows(session, flows, now=now)


def _tell_finished(session: Session, decided: Sequence[_Decided], now: datetime) -> None:
    messages = [_finished(one, now) for one in decided if one.decision.finished is not None]
    write_messages(session, messages, now=now)


def _finished(one: _Decided, now: datetime) -> Message:
    run = one.run
    data = {
        "enrollment_id": run.id,
        "lead_id": run.lead_id,
        "program": one.published.program.key,
        "chain": one.chain.temperature,
        "reason": one.decision.finished,
        "finished_at": now,
    }
    key = f"chain.finished:{run.id}:{one.decision.standing.pass_no}"
    return Message("chain.finished", data, run.lead_id, key)


def _starts(one: _Decided) -> list[Start]:
    return [
        Start(
            lead_id=one.run.lead_id,
            published=one.published,
            temperature=intent.chain,
            how="resume",
            step=intent.step,
            data=_data(one.decision.standing),
            came_from=one.chain.temperature,
            reason="goto",
        )
        for intent in _intents(one, MoveTo)
    ]


def _ripe(one: _Decided) -> Ripe:
    step_key = _intents(one, Hand)[-1].step_key
    text = _("Step {step} of the {chain} chain hands over").format(step=step_key, chain=one.chain.temperature)
    return Ripe(
        lead_id=one.run.lead_id,
        model_id=one.published.row.heat_model_id,
        cause="step",
        score=one.lead.readiness,
        reasons=[{"text": text, "points": one.lead.readiness}],
        temperature=one.lead.temperature,
        heat=one.lead.heat,
        grade=one.lead.grade,
    )
