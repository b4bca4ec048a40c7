"""The next step with a lead, and what to open the talk with: the question that BANT leaves."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from nurture.rules.words import _

# In the order in which a first talk asks; each with the sentence for an answer that is half known.
_QUESTIONS = {
    "need": (
        lambda: _("Ask what they want to solve, and what happens if they do not."),
        lambda: _("They have named a need: ask what it costs them today."),
    ),
    "timing": (
        lambda: _("Ask by when it has to work, and what hangs on that date."),
        lambda: _("Ask whether the date is fixed."),
    ),
    "authority": (
        lambda: _("Ask who decides, and who else has to agree."),
        lambda: _("Ask who decides beside them."),
    ),
    "budget": (
        lambda: _("Ask whether there is a budget, and who holds it."),
        lambda: _("Ask whether the budget is enough, and for which year."),
    ),
}
_MOST = 2


def questions(bant: Mapping[str, str]) -> list[str]:
    """At most two sentences, for the first answers that are missing; one when all is known."""
    open_parts = [part for part in _QUESTIONS if bant.get(part, "unknown") in ("unknown", "partly")]
    said = [_QUESTIONS[part][bant.get(part) == "partly"]() for part in open_parts[:_MOST]]
    return said or [_("Everything is known: propose a date.")]


_STEPS = {
    "waiting": lambda: _("Nothing yet: it waits until sales has room for it."),
    "released": lambda: _("Call now: whoever asks is answered best within minutes."),
    "accepted": lambda: _("You have it: call, and say here that you have."),
    "contacted": lambda: _("You have spoken: propose a date for a meeting."),
    "later": lambda: _("Nothing until its day; it goes on getting mails."),
}
_SOON = timedelta(days=1)


def step(state: str, *, late: bool, can_call: bool, meets_at: datetime | None, now: datetime) -> str | None:
    """What to do next with a hand-off in this state; None when it is closed."""
    if state in ("released", "accepted") and not can_call:
        return _("There is no phone number: write, and ask for one.")
    if state in ("released", "accepted") and late:
        return _("Call at once: the promised time is over.")
    if state == "meeting":
        return _about_meeting(meets_at, now)
    return _STEPS[state]() if state in _STEPS else None


def _about_meeting(meets_at: datetime | None, now: datetime) -> str:
    if meets_at is not None and meets_at < now:
        return _("The date has passed: say what came of it, or set a new one.")
    if meets_at is not None and meets_at - now <= _SOON:
        return _("The meeting is near: confirm it, and read below what they looked at.")
    return _("Prepare the meeting: what they still ask stands below.")
