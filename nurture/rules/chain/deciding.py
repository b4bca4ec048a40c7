"""What happens next to a lead in a chain: facts and a moment in, a decision out.

Deciding twice is harmless: every step tells from where the run stands (since when, whether its mail has
settled) whether it is done. A wait recomputes its end, so a changed time zone re-plans it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from nurture.rules.chain import acting, choosing, sending, waiting
from nurture.rules.chain.values import (
    CHAIN_HOPS,
    DONE,
    EDITED,
    EXIT,
    GOAL_MET,
    HOPS,
    NEXT,
    OVER,
    REST,
    Around,
    Decision,
    Go,
    Happening,
    Leave,
    Outcome,
    Rest,
    Standing,
    Stay,
    Worth,
)
from nurture.rules.chain.walk import Walk
from nurture.rules.conditions import holds
from nurture.rules.conditions.values import as_number
from nurture.rules.facts import Facts
from nurture.rules.program import (
    AddTags,
    Branch,
    CallWebhook,
    Chain,
    EmitSignal,
    Exit,
    Goal,
    Goto,
    HandOver,
    HoldOut,
    Notify,
    Program,
    Send,
    SetField,
    Split,
    Wait,
    WaitFor,
    WaitUntil,
    WaitUntilDate,
)

# When a lead that rests is looked at again, unless the chain's reentry says so.
REVIEW = timedelta(days=90)
_A_DAY = timedelta(days=1)

_DO: Mapping[type, Callable[[Walk, Any], Outcome]] = {
    Send: sending.send,
    Wait: waiting.wait,
    WaitUntil: waiting.wait_until,
    WaitUntilDate: waiting.wait_until_date,
    WaitFor: waiting.wait_for,
    Branch: choosing.branch,
    Split: choosing.split,
    HoldOut: choosing.hold_out,
    Goto: choosing.goto,
    Exit: acting.leave,
    HandOver: acting.hand_over,
    AddTags: acting.add_tags,
    SetField: acting.set_field,
    EmitSignal: acting.emit_signal,
    Notify: acting.notify,
    CallWebhook: acting.call_webhook,
}


def next_step(
    program: Program, chain: Chain, standing: Standing, facts: Facts, around: Around, now: datetime
) -> Decision:
    """Take the run as far as it comes at this moment."""
    walk = Walk(program, chain, standing, facts, around, now)
    if program.goal is not None and holds(program.goal.when, facts, now):
        return _end(walk, "goal", None, worth(program.goal, facts))
    if standing.resting is not None:
        return _awake(walk)
    if standing.over:
        return _finish(walk, "done")
    if standing.step_key is None and not walk.arrive(chain.first, standing.entered_at):
        return _finish(walk, "done")
    return _go_along(walk)


def worth(goal: Goal, facts: Facts) -> Worth:
    """What the goal is worth that this lead has met."""
    if goal.value_field is None:
        return Worth(goal.value, goal.currency)
    return Worth(as_number(facts.fields.get(goal.value_field)), goal.currency)


def rest_ends(chain: Chain | None, reason: str, now: datetime) -> datetime:
    """When a lead that rests for this reason is looked at again."""
    after = chain.reentry.after if chain is not None and chain.reentry else None
    again = after.elapsed if after is not None else REVIEW
    return now + (max(again, _A_DAY) if reason == "repeat" else REVIEW)


def _go_along(walk: Walk) -> Decision:
    for _hop in range(HOPS):
        step = walk.chain.by_key.get(walk.standing.step_key or "")
        if step is None:
            return _finish(walk, "step_removed", EDITED)
        outcome = _DO[type(step)](walk, step)
        if isinstance(outcome, Stay):
            return _decision(walk, "active", outcome.due_at, outcome.reason, waiting_for=outcome.waiting_for)
        way = walk.took_way()
        if isinstance(outcome, Leave):
            return _leave(walk, outcome)
        if isinstance(outcome, Rest):
            return _rest(walk, outcome.reason)
        walk.depart(way or _onward(outcome), outcome.at)
        if not walk.arrive(outcome.key, outcome.at, again=outcome.again):
            return _finish(walk, "done")
    return _rest(walk, "circle")


def _onward(outcome: Go) -> str:
    return DONE if outcome.key is None else NEXT


def _leave(walk: Walk, leave: Leave) -> Decision:
    if leave.move is None:
        walk.depart(f"{EXIT}:{leave.reason}")
        return _finish(walk, leave.reason, f"{EXIT}:{leave.reason}")
    if walk.standing.hops >= CHAIN_HOPS:
        return _rest(walk, "circle")
    walk.intents.append(leave.move)
    walk.depart(over := f"{OVER}:{leave.move.chain}")
    walk.standing = replace(walk.standing, hops=walk.standing.hops + 1)
    return _end(walk, "goto", None, how=over)


def _finish(walk: Walk, reason: str, how: str = DONE) -> Decision:
    """The chain has come to its end; what comes after is the program's to say. A run beside another one
    has no after: the lead goes on in the other."""
    if walk.program.after_end == "exit" or walk.standing.parallel:
        return _end(walk, reason, reason, how=how)
    walk.history.append(Happening(walk.standing.step_key, "finished", reason))
    return _rest(walk, walk.program.after_end, reason, how)


def _rest(walk: Walk, reason: str, finished: str | None = None, how: str = "") -> Decision:
    how = how or f"{REST}:{reason}"
    if walk.standing.parallel:
        return _end(walk, reason, finished, how=how)
    walk.depart(how)
    walk.history.append(Happening(walk.standing.step_key, "resting", reason))
    walk.standing = replace(walk.standing, resting=reason, since=walk.now)
    return _decision(
        walk, "resting", rest_ends(walk.chain, reason, walk.now), reason, finished=finished, how=how
    )


def _end(
    walk: Walk, reason: str, finished: str | None, met: Worth | None = None, *, how: str = GOAL_MET
) -> Decision:
    walk.depart(how)
    walk.history.append(Happening(walk.standing.step_key, "left", reason))
    finished = "goal" if met is not None else finished
    return _decision(walk, "ended", None, reason, finished=finished, met=met, how=how)


def _awake(walk: Walk) -> Decision:
    """The date of a rest has come: repeat if that was the plan and the lead still fits, or rest on."""
    reason = walk.standing.resting or ""
    when = walk.chain.enter.when if walk.chain.enter is not None else None
    fits = when is None or holds(when, walk.facts, walk.now)
    if reason != "repeat" or not fits:
        return _decision(walk, "resting", rest_ends(walk.chain, reason, walk.now), reason)
    walk.standing = replace(walk.standing, resting=None, over=False)
    walk.history.append(Happening(None, "repeated"))
    if not walk.arrive(walk.chain.first, walk.now, again=True):
        return _finish(walk, "done")
    return _go_along(walk)


def _decision(
    walk: Walk,
    state: str,
    due_at: datetime | None,
    reason: str,
    *,
    waiting_for: str | None = None,
    finished: str | None = None,
    met: Worth | None = None,
    how: str | None = None,
) -> Decision:
    return Decision(
        state=state,
        standing=walk.standing,
        due_at=due_at,
        reason=reason,
        waiting_for=waiting_for,
        finished=finished,
        goal=met,
        intents=tuple(walk.intents),
        history=tuple(walk.history),
        arrivals=tuple(walk.arrivals),
        left=tuple(walk.left),
        ended_by=how,
    )
