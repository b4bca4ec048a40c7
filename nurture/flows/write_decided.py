"""What was decided about runs is written: a few statements a batch, in the transaction of the decision."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.flows import goals_met, step_acts
from nurture.flows.begin import OUTSIDE, Start, begin
from nurture.flows.goals_met import Met
from nurture.flows.published import Published
from nurture.flows.ripen import Ripe, ripen
from nurture.flows.step_acts import Act
from nurture.rules.chain import (
    Call,
    Decision,
    Emit,
    Hand,
    Happening,
    Left,
    MoveTo,
    SendMail,
    SetTo,
    Standing,
    Tag,
    Tell,
)
from nurture.rules.facts import Facts
from nurture.rules.program import Chain
from nurture.rules.words import _
from nurture.store import consents, statistics, steps
from nurture.store.enrollments import claiming, marking
from nurture.store.enrollments.claiming import ChainSend, DueRun, RunAfter
from nurture.store.statistics import CHAIN, DayTally, NewArm
from nurture.store.steps import FlowTally, NewEvent, StepTally
from nurture.store.webhooks import Message, write_messages

# gettext reads these marks; the words are looked up when they are written down.
_N = str
_HANDS_OVER = {
    "cold": _N("The cold chain of {program} hands over"),
    "warm": _N("The warm chain of {program} hands over"),
    "hot": _N("The hot chain of {program} hands over"),
}
_FINISHED_STATES = ("sent", "failed", "skipped", "cancelled", "uncertain")


@dataclass(frozen=True)
class Decided:
    """A claimed run with what was decided about it. `published` is its program as the run stands on it,
    `live` the version that is live."""

    run: DueRun
    published: Published
    live: Published
    chain: Chain
    lead: Facts
    decision: Decision


def write(session: Session, decided: Sequence[Decided], now: datetime) -> None:
    """Write what became of these runs, and everything that follows from it."""
    deliveries = claiming.send(session, [send for one in decided for send in _sends(one)], now=now)
    claiming.write(session, [_after(one, deliveries, now) for one in decided], now=now)
    _mark_leads(session, decided, now)
    _record(session, decided, now)
    _tell_finished(session, decided, now)
    begin(session, [start for one in decided for start in _starts(one)], now=now)
    goals_met.count(session, [_met(one) for one in decided if one.decision.goal is not None], now=now)
    step_acts.carry_out(session, [act for one in decided for act in _acts(one)], now=now)
    ripen(session, [_ripe(one) for one in decided if _intents(one, Hand)], now=now)


def _intents(one: Decided, kind: type) -> list[Any]:
    return [intent for intent in one.decision.intents if isinstance(intent, kind)]


def _sends(one: Decided) -> list[ChainSend]:
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
            sender=intent.sender,
        )
        for intent in _intents(one, SendMail)
    ]


def _after(one: Decided, deliveries: Mapping[str, tuple[int, str]], now: datetime) -> RunAfter:
    decision, standing = one.decision, one.decision.standing
    sends = _sends(one)
    awaited, state = deliveries[sends[-1].dedup_key] if sends else (None, "")
    # The mail of this step and pass may be settled already: then it is not waited for again.
    settled = state if state in _FINISHED_STATES else None
    return RunAfter(
        id=one.run.id,
        # Whoever rests wakes up in the version that is live by then.
        version_id=(one.live if decision.state == "resting" else one.published).row.version_id,
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
        data=_data(one.run, standing),
    )


def _data(run: DueRun, standing: Standing) -> dict[str, Any]:
    data: dict[str, Any] = {"sent": {mail: at.isoformat() for mail, at in standing.sent.items()}}
    if standing.hops:
        data["hops"] = standing.hops
    if standing.rounds.since is not None:
        data["rounds"] = [standing.rounds.n, standing.rounds.since.isoformat()]
    if standing.over:
        data["over"] = True
    if "had" in run.data:
        data["had"] = run.data["had"]
    return data


def _mark_leads(session: Session, decided: Sequence[Decided], now: datetime) -> None:
    tags: dict[int, list[str]] = {}
    fields: dict[int, dict[str, Any]] = {}
    for one in decided:
        for intent in _intents(one, Tag):
            tags.setdefault(one.run.lead_id, []).extend(intent.tags)
        for intent in _intents(one, SetTo):
            fields.setdefault(one.run.lead_id, {})[intent.field] = intent.to
    marking.mark(session, tags, fields, now=now)


def _record(session: Session, decided: Sequence[Decided], now: datetime) -> None:
    events: list[NewEvent] = []
    refused = _refusals(session, decided)
    tally: StepTally = Counter()
    days = DayTally()
    flows: FlowTally = Counter()
    for one in decided:
        run, decision = one.run, one.decision
        _count_days(days, one, now)
        for line in decision.history:
            entry = refused.get((run.lead_id, one.published.program.purpose))
            detail = {**line.detail, "consent_id": entry} if entry and _for_want(line) else line.detail
            events.append(NewEvent(run.id, run.lead_id, line.step_key, line.what, line.reason, detail))
            for what in _counted(line):
                tally[run.chain_id, one.published.row.version_id, line.step_key or "", what] += 1
        for key in decision.arrivals:
            tally[run.chain_id, one.published.row.version_id, key, "entered"] += 1
        for key in decision.departures:
            tally[run.chain_id, one.published.row.version_id, key, "left"] += 1
        if decision.state == "ended" and not _intents(one, MoveTo):
            flows[run.program_id, one.chain.temperature, OUTSIDE] += 1
    steps.note(session, events, now=now)
    steps.count(session, tally)
    steps.count_flows(session, flows, now=now)
    statistics.count(session, days, now=now)
    statistics.join(session, [arm for one in decided for arm in _arms(one, now)], now=now)


def _count_days(days: DayTally, one: Decided, now: datetime) -> None:
    """What the statistics count of it: who came to which step, and how each step and the chain was left."""
    run, decision, version_id = one.run, one.decision, one.published.row.version_id
    for line in decision.history:
        for what in _counted(line) if line.what == "skipped" else ():
            days.add(run.chain_id, version_id, line.step_key or "", what)
    for key in decision.arrivals:
        days.add(run.chain_id, version_id, key, "entered")
    days.left_all(run.chain_id, version_id, decision.left)
    again = any(line.what == "repeated" for line in decision.history)
    if again:
        days.add(run.chain_id, version_id, CHAIN, "entered:repeat")
    if decision.ended_by is not None and (run.state == "active" or again):
        began = now if again else run.entered_at
        days.left(run.chain_id, version_id, Left(CHAIN, decision.ended_by, now - began))


def _arms(one: Decided, now: datetime) -> list[NewArm]:
    """The ways that the lead took here and that are compared with each other."""
    run = one.run
    until = now + one.published.program.goal_within
    return [
        NewArm(
            run.lead_id,
            run.program_id,
            run.chain_id,
            line.step_key,
            line.reason,
            one.published.row.version_id,
            until,
        )
        for line in one.decision.history
        if line.what == "branched" and line.step_key is not None
    ]


def _refusals(session: Session, decided: Sequence[Decided]) -> dict[tuple[int, str], int]:
    """The entries of the ledger on which decisions against a mail rest."""
    leads = {one.run.lead_id for one in decided if any(map(_for_want, one.decision.history))}
    return consents.refusals(session, sorted(leads)) if leads else {}


def _for_want(line: Happening) -> bool:
    return line.what == "skipped" and line.reason == "no_consent"


def _counted(line: Happening) -> tuple[str, ...]:
    """What is counted of it at its step: mails left out and why, and which way leads went."""
    if line.step_key is None:
        return ()
    if line.what == "skipped":
        return ("skipped", f"skipped:{line.reason}")
    return (f"branched:{line.reason}",) if line.what == "branched" else ()


def _acts(one: Decided) -> list[Act]:
    return [
        Act(one.run.id, one.run.lead_id, one.published, one.chain.temperature, intent)
        for intent in one.decision.intents
        if isinstance(intent, Emit | Tell | Call)
    ]


def _met(one: Decided) -> Met:
    assert one.decision.goal is not None, "decided so"
    return Met(
        run_id=one.run.id,
        program_id=one.published.id,
        chain_id=one.run.chain_id,
        version_id=one.published.row.version_id,
        lead_id=one.run.lead_id,
        step_key=one.run.step_key,
        resting=one.run.resting_reason,
        worth=one.decision.goal,
    )


def _tell_finished(session: Session, decided: Sequence[Decided], now: datetime) -> None:
    messages = [_finished(one, now) for one in decided if one.decision.finished is not None]
    write_messages(session, messages, now=now)


def _finished(one: Decided, now: datetime) -> Message:
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


def _starts(one: Decided) -> list[Start]:
    return [
        Start(
            lead_id=one.run.lead_id,
            published=one.published,
            temperature=intent.chain,
            how="resume",
            step=intent.step,
            data=_data(one.run, one.decision.standing),
            came_from=one.chain.temperature,
            reason="goto",
            parallel=one.run.parallel,
        )
        for intent in _intents(one, MoveTo)
    ]


def _ripe(one: Decided) -> Ripe:
    text = _(_HANDS_OVER[one.chain.temperature]).format(program=one.published.program.name)
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
