"""Leads are judged: grade, readiness, and what follows from them and from a changed temperature.

`follow` takes what warming or silence has done to leads and writes everything it brings, in the caller's
transaction: heat and temperature with their record, scores, moves between chains, entries, hand-offs.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.orm import Session

from nurture.flows import enroll, membership
from nurture.flows.move_leads import Move, move_leads
from nurture.flows.published import published
from nurture.flows.reach_goals import leave_reached
from nurture.flows.ripen import Ripe, ripen
from nurture.flows.unsay_bant import unsay_bant
from nurture.flows.warm import Warmed
from nurture.rules import crossing as crossing_rules
from nurture.rules import heat, readiness, scorecard
from nurture.rules.conditions import Look, looked_at, signals_asked
from nurture.rules.crossing import Crossing
from nurture.rules.facts import Facts
from nurture.rules.readiness import Judgement
from nurture.rules.scorecard import Grade
from nurture.rules.stages import AWAITS_SALES
from nurture.store import company_heat, enrollments, facts, scores, temperature_changes
from nurture.store import heat as heats
from nurture.store.heat import Pair, StoredHeat
from nurture.store.models import LiveModel
from nurture.store.scores import UNTOUCHED, LeadScore, LeadState, Touched
from nurture.store.temperature_changes import NewTemperature
from nurture.store.webhooks import Message, write_messages

NO_TOUCHES: Mapping[int, Touched] = MappingProxyType({})
NOT_ASKED: Mapping[str, Look] = MappingProxyType({})
_CHANGED = "lead.temperature_changed"


@dataclass(frozen=True, slots=True)
class Judged:
    """A lead as it was found: the facts it was judged by, its grade and its readiness."""

    lead: LeadState
    facts: Facts
    grade: Grade
    readiness: Judgement
    crossing: Crossing
    at: datetime


def follow(
    session: Session,
    live: Sequence[LiveModel],
    leads: Mapping[int, LeadState],
    warmed: Mapping[Pair, Warmed],
    *,
    now: datetime,
    touches: Mapping[int, Touched] = NO_TOUCHES,
    hand_over: bool = True,
    quiet: Collection[int] = (),
) -> dict[int, Judged]:
    """Write what became of these locked leads and lead them on. `touches` are new ones from their side.
    `hand_over=False` where nothing new was learnt of them (silence, a switch of models): such a turn
    makes no hand-off, nor does any of those `quiet` ones of whom nothing new was learnt."""
    programs = published(session, ("live", "paused"))
    asked = enroll.asked_at_the_door(programs.values(), now)
    found = assess(session, live, leads, warmed, now=now, asked_too=asked, touches=touches)
    default = _default(live)
    rows = [_armed_due(one.after, default, found.get(one.after.lead_id), now) for one in warmed.values()]
    heats.save(session, rows, now=now)
    found_scores = [_score(one, warmed, default, touches) for one in found.values()]
    scores.save(session, found_scores, now=now)
    company_heat.note(session, leads)
    scores.touch(session, {lead_id: one for lead_id, one in touches.items() if lead_id not in found})
    _tell(session, leads, [one for one in warmed.values() if one.changed], default, now)
    moved = membership.update(session, list(leads), now=now)
    enrollments.wake_waiting(session, list(leads), now)
    known = _as_left(found, moved) if len(found) == len(leads) else None
    leave_reached(session, list(leads), now=now, known=known, programs=programs)
    move_leads(session, _moves(warmed), now=now)
    enroll.enter_programs(session, list(leads), now=now, known=known, programs=programs)
    if hand_over and default is not None:
        crossed = [
            one for one in found.values() if one.crossing in ("cross", "hurry") and one.lead.id not in quiet
        ]
        ripen(session, [_ripe(one, default) for one in crossed], now=now)
    if default is not None:
        unsay_bant(session, default.model, _in_line(found, default), now=now)
    return found


def assess(
    session: Session,
    live: Sequence[LiveModel],
    leads: Mapping[int, LeadState],
    warmed: Mapping[Pair, Warmed],
    *,
    now: datetime,
    asked_too: Mapping[str, Look] = NOT_ASKED,
    touches: Mapping[int, Touched] = NO_TOUCHES,
) -> dict[int, Judged]:
    """Grade and readiness of leads under the default model, nothing written. Facts are those it leaves them
    with, `touches` counted; they hold the signals that judging looks at, and those `asked_too`."""
    default = _default(live)
    if default is None or not leads:
        return {}
    asked = looked_at((signals_asked(default.model.conditions, now), asked_too))
    known = facts.load(session, list(leads), now=now, asked=asked)
    ripened = scores.last_ripenings(session, leads)
    found = {}
    for lead_id, lead in leads.items():
        if lead_id in known:
            mine = _with_heat(known[lead_id], warmed.get((lead_id, default.id)))
            more = touches.get(lead_id, UNTOUCHED).more
            found[lead_id] = _judge(default, lead, mine, ripened.get(lead_id), now, more)
    return found


def _in_line(found: Mapping[int, Judged], default: LiveModel) -> dict[int, tuple[Facts, bool]]:
    """Those who were in the line for sales already, each with whether its score alone brings it there."""
    rise = default.model.readiness.rise
    return {
        lead_id: (one.facts, one.readiness.score >= rise and one.readiness.meets_requirements)
        for lead_id, one in found.items()
        if one.lead.stage == AWAITS_SALES
    }


def _as_left(found: Mapping[int, Judged], moved: Mapping[int, frozenset[str]]) -> dict[int, Facts]:
    """Facts of leads as judging leaves them, so that nobody needs to read them again."""
    known = {lead_id: one.facts for lead_id, one in found.items()}
    for lead_id, segments in moved.items():
        if lead_id in known:
            known[lead_id] = replace(known[lead_id], segments=segments)
    return known


def _default(live: Sequence[LiveModel]) -> LiveModel | None:
    return next((model for model in live if model.is_default), None)


def _with_heat(known: Facts, warmed: Warmed | None) -> Facts:
    if warmed is None:
        return known.rated("cold", 0.0, known.grade, known.readiness)
    return known.rated(warmed.after.temperature, warmed.worth, known.grade, known.readiness)


def _judge(
    default: LiveModel,
    lead: LeadState,
    known: Facts,
    last: readiness.LastRipening | None,
    now: datetime,
    more_touches: int,
) -> Judged:
    grade = scorecard.grade(default.model.scorecard, known, now, lead.grade_override)
    if known.grade != grade.grade:
        known = known.rated(known.temperature, known.heat, grade.grade, known.readiness)
    judgement = readiness.judge(default.model, known, now, last)
    crossing = crossing_rules.crossing(lead.armed, judgement, default.model.readiness)
    policy = default.model.readiness
    crossing = crossing_rules.at_its_place(crossing, lead.stage, lead.future_at, judgement, now, last, policy)
    if known.readiness != judgement.score or more_touches:
        count = max(known.touches + more_touches, 0)
        known = known.rated(known.temperature, known.heat, known.grade, judgement.score, count)
    return Judged(lead, known, grade, judgement, crossing, now)


def _armed_due(
    row: StoredHeat, default: LiveModel | None, judged: Judged | None, now: datetime
) -> StoredHeat:
    """A lead that has ripened is also due when its score falls low enough to arm it again."""
    if default is None or judged is None or row.model_id != default.id:
        return row
    if judged.lead.armed and judged.crossing != "cross":
        return row
    edge = readiness.falls_below_at_heat(default.model, judged.readiness)
    due = None if edge is None else heat.cool_at(row.heat.net, edge, default.model.half_life_s)
    if due is None or due <= now or (row.due_at is not None and row.due_at <= due):
        return row
    return row._replace(due_at=due)


def _score(
    judged: Judged,
    warmed: Mapping[Pair, Warmed],
    default: LiveModel | None,
    touches: Mapping[int, Touched],
) -> LeadScore:
    mine = warmed.get((judged.lead.id, default.id)) if default is not None else None
    net = mine.after.heat.net if mine is not None else heat.NOTHING
    return LeadScore(
        lead_id=judged.lead.id,
        temperature=judged.facts.temperature,
        heat_log2=None if net == heat.NOTHING else net,
        grade=judged.grade.computed,
        grade_points=judged.grade.points,
        readiness=judged.readiness.score,
        points=judged.readiness.points,
        armed=judged.lead.armed or judged.crossing == "rearm",
        touched=touches.get(judged.lead.id, UNTOUCHED),
    )


def _tell(
    session: Session,
    leads: Mapping[int, LeadState],
    changed: Sequence[Warmed],
    default: LiveModel | None,
    now: datetime,
) -> None:
    """Record changed temperatures; those under the default model are told to whoever listens."""
    ids = temperature_changes.add(session, [_change(one) for one in changed], now=now)
    told = [one for one in changed if default is not None and one.after.model_id == default.id]
    messages = [_message(leads[one.after.lead_id], one, ids[one.after.pair]) for one in told]
    write_messages(session, messages, now=now)


def _change(one: Warmed) -> NewTemperature:
    return NewTemperature(
        lead_id=one.after.lead_id,
        model_id=one.after.model_id,
        old=one.before.temperature,
        new=one.after.temperature,
        heat=one.worth,
        reason=one.reason,
        signal_id=one.signal_id,
    )


def _message(lead: LeadState, one: Warmed, change_id: int) -> Message:
    data = {
        "lead": {"id": lead.id, "email": lead.email},
        "old": one.before.temperature,
        "new": one.after.temperature,
        "heat": round(one.worth, 1),
        "reason": one.reason,
    }
    return Message(_CHANGED, data, lead.id, f"{_CHANGED}:{change_id}")


def _moves(warmed: Mapping[Pair, Warmed]) -> list[Move]:
    return [
        Move(*pair, old=one.before.temperature, new=one.after.temperature)
        for pair, one in warmed.items()
        if one.changed
    ]


def _ripe(judged: Judged, default: LiveModel) -> Ripe:
    judgement = judged.readiness
    reasons = [{"text": reason.text, "points": reason.points} for reason in judgement.reasons]
    if judgement.cause is not None:
        reasons.insert(0, {"text": judgement.cause_text, "points": 0})
    return Ripe(
        lead_id=judged.lead.id,
        model_id=default.id,
        cause=readiness.cause_of(judgement),
        score=judgement.score,
        reasons=reasons,
        temperature=judged.facts.temperature,
        heat=round(judged.facts.heat, 1),
        grade=judged.grade.grade,
        rise=default.model.readiness.rise,
    )
