"""The steps that wait: for a time, for a day and hour, for a date of the lead, for a signal."""

from datetime import datetime

from nurture.rules.chain.values import Outcome, Stay
from nurture.rules.chain.walk import Walk
from nurture.rules.moments import moment_of
from nurture.rules.program import Step, Wait, WaitFor, WaitUntil, WaitUntilDate
from nurture.rules.timing import ends_at, next_weekday


def wait(walk: Walk, step: Wait) -> Outcome:
    return _until(walk, step, ends_at(walk.standing.since, step.duration, walk.zone), "wait")


def wait_until(walk: Walk, step: WaitUntil) -> Outcome:
    met = next_weekday(walk.standing.since, step.weekdays, step.minute, walk.zone)
    return _until(walk, step, met, "wait_until")


def wait_until_date(walk: Walk, step: WaitUntilDate) -> Outcome:
    """A date that moves while the run waits is followed; one that moves into the past is past."""
    since = walk.standing.since
    met = moment_of(step.date, walk.facts.fields, walk.zone, since=since)
    if met is None or met < since:
        walk.note(step, "branched", "no_date" if met is None else "date_past")
        return walk.into(step, step.otherwise, walk.now)
    return _until(walk, step, met, "wait_date", step.date.field)


def _until(walk: Walk, step: Step, end: datetime, reason: str, waiting_for: str | None = None) -> Outcome:
    if walk.now < end:
        return Stay(end, reason, waiting_for)
    walk.note(step, "waited", reason)
    return walk.on(step, end)


def wait_for(walk: Walk, step: WaitFor) -> Outcome:
    if _signalled(walk, step):
        walk.note(step, "branched", "then")
        return walk.into(step, step.then, walk.now)
    deadline = ends_at(walk.standing.since, step.within, walk.zone)
    if walk.now < deadline:
        return Stay(deadline, "wait_for", ",".join(step.signals))
    walk.note(step, "branched", "else")
    return walk.into(step, step.otherwise, deadline)


def _signalled(walk: Walk, step: WaitFor) -> bool:
    """A signal of a named mail counts from the moment the mail was sent (or the run began), any other
    only after this step was come to.."""
    standing, signals = walk.standing, walk.facts.signals
    if step.mail is None:
        return any(one.kind in step.signals and one.occurred_at > standing.since for one in signals)
    since = standing.sent.get(step.mail, standing.entered_at)
    return any(
        one.kind in step.signals and one.mail == step.mail and one.occurred_at >= since for one in signals
    )
