"""The step that sends: whether its mail may go, and whether now."""

from dataclasses import replace
from datetime import datetime, timedelta

from nurture.rules.chain.values import Go, Outcome, SendMail, Stay
from nurture.rules.chain.walk import Walk
from nurture.rules.consent import may_mail
from nurture.rules.program import Send
from nurture.rules.timing import Window, closes_at, free_at, next_open, window_of, within

# How soon after the end of its conversation with sales a lead hears from its chain again.
_LOOK_AGAIN = timedelta(hours=1)


def send(walk: Walk, step: Send) -> Outcome:
    standing = walk.standing
    if standing.settled_state is not None:
        return walk.on(step, standing.settled_at or walk.now)
    if step.key in standing.had:
        return _skip(walk, step, "had_it")
    verdict = may_mail(walk.facts, walk.program.purpose, suppressed=walk.around.suppressed)
    if not verdict.allowed:
        return _skip(walk, step, verdict.reason)
    at_once = step.immediate and not standing.sent
    held = None if at_once else _held_back(walk, step)
    if held is not None:
        return held
    until = None if at_once else closes_at(_window(walk), walk.zone, walk.now)
    walk.intents.append(SendMail(step.key, step.mail, until, step.sender))
    walk.standing = replace(standing, sent={**standing.sent, step.mail: walk.now}, hops=0)
    return Stay(None, "sending")


def _held_back(walk: Walk, step: Send) -> Outcome | None:
    aside = _aside(walk, step)
    if aside is not None:
        return aside
    free = walk.now
    for cap in (walk.program.frequency, walk.around.cap):
        next_free = free_at(cap, walk.around.sends, walk.now)
        if cap is not None and cap.over == "skip" and next_free > walk.now:
            return _skip(walk, step, "frequency")
        free = max(free, next_free)
    opened = next_open(_window(walk), walk.zone, free)
    if opened is None:
        return _skip(walk, step, "window")
    if opened == walk.now:
        return None
    return _defer(walk, step, opened, "frequency" if free > walk.now else "window")


def _window(walk: Walk) -> Window | None:
    """The hours in which the program writes to this lead, but for the quiet ones of the house."""
    return within(window_of(walk.program.window, walk.facts.fields.get("country")), walk.around.hours)


def _aside(walk: Walk, step: Send) -> Stay | None:
    """Step aside while sales talks to the lead, and while the lead wants a pause."""
    if walk.around.with_sales and walk.program.while_with_sales == "pause":
        return _defer(walk, step, walk.now + _LOOK_AGAIN, "with_sales")
    until = walk.around.paused_until
    if until is not None and until > walk.now:
        return _defer(walk, step, until, "own_pause")
    return None


def _defer(walk: Walk, step: Send, until: datetime, reason: str) -> Stay:
    if walk.standing.waits != reason:
        walk.note(step, "deferred", reason, until=until.isoformat())
    return Stay(until, reason)


def _skip(walk: Walk, step: Send, reason: str) -> Go:
    walk.note(step, "skipped", reason)
    return walk.on(step, walk.standing.since)
