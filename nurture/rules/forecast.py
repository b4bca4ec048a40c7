"""When a lead's next mail goes out, as far as can be told beforehand: where it stands and when it is due
go in, the mail and its moment come out.

The future is walked as if nothing happened meanwhile: a wait for a signal runs to its deadline, a branch
is taken by its last arm, a split by its heaviest. What depends on such a guess is marked as not certain.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from nurture.rules.chain import HOPS
from nurture.rules.program import (
    Branch,
    Chain,
    Exit,
    Goto,
    Program,
    Send,
    Split,
    Step,
    Wait,
    WaitFor,
    WaitUntil,
    WaitUntilDate,
)
from nurture.rules.timing import Window, ends_at, next_open, next_weekday, window_of, within


@dataclass(frozen=True, slots=True)
class NextMail:
    """The step whose mail goes out at `at`; `certain` if nothing the lead does can change which one."""

    step_key: str
    mail: str
    at: datetime
    certain: bool


def next_mail(
    program: Program,
    chain: Chain,
    step_key: str | None,
    due_at: datetime,
    zone: ZoneInfo,
    *,
    country: str | None,
    hours: Window | None,
    free_at: datetime | None,
    until: datetime,
) -> NextMail | None:
    """The next mail of a run that stands at `step_key` (None: before the first step) and is due at `due_at`;
    None when none goes out before `until`. `country` is that of the lead, whose holidays may be kept;
    `hours` are those of the house; `free_at` is when a cap lets the next one through."""
    key, at, certain = step_key or chain.first, due_at, True
    standing = step_key is not None
    for _hop in range(HOPS):
        step = chain.by_key.get(key or "")
        if step is None or at >= until:
            return None
        if isinstance(step, Send):
            free = at if step.immediate or free_at is None else max(at, free_at)
            window = within(window_of(program.window, country), hours)
            opened = free if step.immediate else next_open(window, zone, free)
            if opened is None or opened >= until:
                return None
            return NextMail(step.key, step.mail, opened, certain)
        key, at, guessed = _on(chain, step, at, zone, standing=standing)
        certain, standing = certain and not guessed, False
    return None


def _on(
    chain: Chain, step: Step, at: datetime, zone: ZoneInfo, *, standing: bool
) -> tuple[str | None, datetime, bool]:
    """What comes after this step, when, and whether that is a guess. For the step one is standing at the
    end of its wait is known: it is when the run is due."""
    match step:
        case Wait():
            return chain.after[step.key], at if standing else ends_at(at, step.duration, zone), False
        case WaitUntil():
            met = at if standing else next_weekday(at, step.weekdays, step.minute, zone)
            return chain.after[step.key], met, False
        case WaitFor():
            end = at if standing else ends_at(at, step.within, zone)
            return chain.into(step, step.otherwise), end, True
        case Branch():
            return (chain.into(step, step.arms[-1].steps) if step.arms else chain.after[step.key]), at, True
        case WaitUntilDate():
            # The dates of leads differ: only for those that wait already is the day known.
            return (chain.after[step.key] if standing else None), at, False
        case Split():
            likely = max(step.shares, key=lambda share: share.weight)
            return chain.into(step, likely.steps), at, True
        case Goto():
            here = step.chain is None or step.chain == chain.temperature
            return (step.step if here else None), at, False
        case Exit():
            return None, at, False
        case _:
            return chain.after[step.key], at, False
