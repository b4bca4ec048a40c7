"""Why, for all leads at a step together: how many wait for what, and how many did not get its mail."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from nurture.rules.why.wording import MANY, NOT_SENT
from nurture.rules.words import _, ngettext

Moment = Callable[[datetime], str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many leads wait at a step for the same thing. `at` is when, for those that share the moment,
    else when the first of them goes on. `version` is the number of an older version on which they finish."""

    step_key: str
    reason: str
    at: datetime | None
    shared: bool
    n: int
    version: int | None = None


@dataclass(frozen=True, slots=True)
class StepReasons:
    """One step: who waits there and for what, the most first; how many mails went out; how many did not,
    by reason, the most first."""

    waiting: tuple[Waiting, ...] = ()
    sent: int = 0
    not_sent: Mapping[str, int] = field(default_factory=dict)


def reasons_sentence(step: StepReasons, moment: Moment) -> str:
    """ "412 wait for Tuesday 10:00, 31 over the cap; 5 not sent: the lead unsubscribed"; "" for a step
    at which nobody waits and nothing was left out. `moment` writes an instant."""
    left_out = [not_sent_words(reason, n) for reason, n in step.not_sent.items()]
    return "; ".join(part for part in (waiting_sentence(step.waiting, moment), *left_out) if part)


def waiting_sentence(waiting: Sequence[Waiting], moment: Moment) -> str:
    """ "412 wait for Tuesday 10:00, 31 over the cap": everything that is waited for at one step."""
    return ", ".join(waiting_words(one, moment) for one in waiting)


def waiting_words(one: Waiting, moment: Moment) -> str:
    """One of them: "31 over the cap", "2 over the cap (on version 3)"."""
    said = _waiting(one, moment)
    return (
        said if one.version is None else _("{waiting} (on version {no})").format(waiting=said, no=one.version)
    )


def _waiting(one: Waiting, moment: Moment) -> str:
    if one.shared and one.at is not None:
        text = ngettext("{n} waits for {when}", "{n} wait for {when}", one.n)
        return text.format(n=one.n, when=moment(one.at))
    return _(MANY.get(one.reason, MANY["until"])).format(n=one.n)


def not_sent_words(reason: str, n: int) -> str:
    """How many mails of a step were not sent for a reason: "5 not sent: the lead unsubscribed"."""
    return _("{n} not sent: {why}").format(n=n, why=reason_words(reason))


def reason_words(reason: str) -> str:
    """Why a mail was not sent, as a clause that holds for many: "the lead unsubscribed"."""
    clause = _(NOT_SENT.get(reason, NOT_SENT["other"]))
    return clause.format(
        more="", name=reason.replace("_", " "), chain="", condition="", temperature=""
    ).strip(" :")
