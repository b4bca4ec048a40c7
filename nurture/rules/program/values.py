"""A program as frozen values: one chain of steps for each temperature, and what holds for all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from nurture.rules.conditions import Condition
from nurture.rules.duration import Duration
from nurture.rules.program.steps import DateOf, Step, blocks, walk
from nurture.rules.timing import Frequency, Window

TEMPERATURES = ("cold", "warm", "hot")
# What ends a run unless the program says otherwise.
EXIT_ON = frozenset({"reply"})
# A goal met later than this after coming in is not put down to the program, unless it says otherwise.
GOAL_WITHIN = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Entry:
    """Who comes into a chain from outside: those for whom `when` holds and, where there are occasions, at
    one of them: a signal of a kind, a form sent (by its key), a date of the lead."""

    when: Condition | None = None
    signals: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    date: DateOf | None = None

    @property
    def by_occasion(self) -> bool:
        return bool(self.signals or self.forms or self.date)


@dataclass(frozen=True, slots=True)
class Reentry:
    """Whether a lead comes in again, how long after it last left at the earliest, and (`concurrent`) whether
    an occasion begins a run beside the one that is under way."""

    multiple: bool = True
    after: Duration | None = None
    concurrent: bool = False


@dataclass(frozen=True, slots=True)
class Goal:
    """What ends every run the moment it holds, and what that is worth: a number, or what stands in a field
    of the lead (`value_field`). Statistics count a lead as converted that meets it `within` so long."""

    when: Condition
    value: float | None = None
    value_field: str | None = None
    currency: str | None = None
    within: timedelta = GOAL_WITHIN


@dataclass(frozen=True)
class Chain:
    """The steps of one temperature. `by_key` and `after` follow from `steps`: every step by its key, and
    the key of the step that comes when this one is done (None: the end)."""

    temperature: str
    steps: tuple[Step, ...]
    enter: Entry | None = None
    reentry: Reentry | None = None
    by_key: Mapping[str, Step] = field(init=False, repr=False, compare=False)
    after: Mapping[str, str | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        after: dict[str, str | None] = {}
        _follow(self.steps, None, after)
        object.__setattr__(self, "by_key", {step.key: step for step in walk(self.steps)})
        object.__setattr__(self, "after", after)

    @property
    def first(self) -> str | None:
        return self.steps[0].key if self.steps else None

    def into(self, step: Step, block: tuple[Step, ...]) -> str | None:
        """The key at which a block inside a step begins; past the step for an empty block."""
        return block[0].key if block else self.after[step.key]


def _follow(steps: tuple[Step, ...], end: str | None, after: dict[str, str | None]) -> None:
    keys = [*(step.key for step in steps[1:]), end]
    for step, following in zip(steps, keys, strict=False):
        after[step.key] = following
        for block in blocks(step):
            _follow(block, after[step.key], after)


@dataclass(frozen=True)
class Program:
    """A nurture program. `goal` ends every run the moment it holds; `exit_on` names what else does (reply,
    hand_over); `on_warm`, `on_cool` say where a lead goes on in its new chain (resume, restart, rest),
    `after_end` what comes after the last step (repeat, newsletter_only, exit); `holdout` is the percentage
    of leads kept without mails to compare with; `purpose` the consent every mail rests on;
    `while_with_sales` whether mails wait while sales is talking to the lead (pause) or not (go_on). Of mails
    that compete for the last place under a cap, those of the program with the higher `priority` go first.
    After a pause, steps that came due longer than `hold_after` ago are held for a person. `in_doubt` says
    what is done about a mail whose answer was lost (assume_sent, resend_once; "": as the installation
    says). `sender` is in whose name its mails go out (rules/senders.py)."""

    key: str
    name: str
    model: str
    timezone: str
    window: Window | None
    frequency: Frequency | None
    goal: Goal | None
    on_warm: str
    on_cool: str
    after_end: str
    holdout: float
    purpose: str
    chains: Mapping[str, Chain]
    exit_on: frozenset[str] = EXIT_ON
    while_with_sales: str = "pause"
    priority: int = 0
    hold_after: timedelta = timedelta(days=7)
    in_doubt: str = ""
    sender: str = "house"

    @property
    def goal_within(self) -> timedelta:
        """How long after coming in a goal counts for the statistics."""
        return self.goal.within if self.goal is not None else GOAL_WITHIN
