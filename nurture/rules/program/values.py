"""A program as frozen values: one chain of steps for each temperature, and what holds for all of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from nurture.rules.conditions import Condition
from nurture.rules.duration import Duration
from nurture.rules.timing import Frequency, Window

TEMPERATURES = ("cold", "warm", "hot")


@dataclass(frozen=True, slots=True)
class Send:
    """Send a mail. `immediate` lets the first mail of a run ignore window and caps."""

    key: str
    mail: str
    immediate: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    key: str
    duration: Duration


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Wait for the next `minute` of the local day on one of the weekdays (0 = Monday)."""

    key: str
    weekdays: frozenset[int]
    minute: int


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Wait for a signal: `then` as soon as it is there, `otherwise` when `within` has passed without it."""

    key: str
    signal: str
    mail: str | None
    within: Duration
    then: "tuple[Step, ...]" = ()
    otherwise: "tuple[Step, ...]" = ()


@dataclass(frozen=True, slots=True)
class Arm:
    """One way of a branch; `when` None is the else."""

    when: Condition | None
    steps: "tuple[Step, ...]"


@dataclass(frozen=True, slots=True)
class Branch:
    """The first arm whose condition holds is taken; without any the chain goes on below."""

    key: str
    arms: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class Goto:
    """Go on at a step of this chain, or in another chain of the program (from its start, or after what
    was sent there before)."""

    key: str
    chain: str | None = None
    step: str | None = None


@dataclass(frozen=True, slots=True)
class HandOver:
    key: str


@dataclass(frozen=True, slots=True)
class Exit:
    """End this run; `reason` is recorded, and what comes after the end is the program's to say."""

    key: str
    reason: str = "done"


@dataclass(frozen=True, slots=True)
class AddTags:
    key: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetField:
    """Set a custom field of the lead."""

    key: str
    field: str
    to: str | int | float | bool


Step = Send | Wait | WaitUntil | WaitFor | Branch | Goto | HandOver | Exit | AddTags | SetField


def blocks(step: Step) -> tuple[tuple[Step, ...], ...]:
    """The lists of steps inside a step."""
    if isinstance(step, WaitFor):
        return (step.then, step.otherwise)
    if isinstance(step, Branch):
        return tuple(arm.steps for arm in step.arms)
    return ()


def walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Every step, in the order of the file, those inside others too."""
    for step in steps:
        yield step
        for block in blocks(step):
            yield from walk(block)


@dataclass(frozen=True)
class Chain:
    """The steps of one temperature. `by_key` and `after` follow from `steps`: every step by its key, and
    the key of the step that comes when this one is done (None: the end)."""

    temperature: str
    steps: tuple[Step, ...]
    enter: Condition | None = None
    reentry: Duration | None = None
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
    """A nurture program. `goal` ends every run the moment it holds; `on_warm`, `on_cool` say where a lead
    goes on in its new chain (resume, restart, rest), `after_end` what comes after the last step
    (repeat, newsletter_only, exit); `holdout` is the percentage of leads kept without mails to compare
    with; `purpose` the consent every mail rests on; `while_with_sales` whether mails wait while sales is
    talking to the lead (pause) or not (go_on). Of mails that compete for the last place under a cap, those
    of the program with the higher `priority` go first. After a pause, steps that came due longer than
    `hold_after` ago are held for a person. `in_doubt` says what is done about a mail whose answer was lost
    (assume_sent, resend_once; "": as the installation says)."""

    key: str
    name: str
    model: str
    timezone: str
    window: Window | None
    frequency: Frequency | None
    goal: Condition | None
    on_warm: str
    on_cool: str
    after_end: str
    holdout: float
    purpose: str
    chains: Mapping[str, Chain]
    while_with_sales: str = "pause"
    priority: int = 0
    hold_after: timedelta = timedelta(days=7)
    in_doubt: str = ""
