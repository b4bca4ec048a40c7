"""The steps of a chain as frozen values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from nurture.rules.conditions import Condition
from nurture.rules.duration import Duration, Offset


@dataclass(frozen=True, slots=True)
class Send:
    """Send a mail. `immediate` lets the first mail of a run ignore window and caps. `sender` is in whose name
    it goes out (rules/senders.py); None as its mail or the program says."""

    key: str
    mail: str
    immediate: bool = False
    sender: str | None = None


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
class DateOf:
    """A moment around a date of the lead: `offset` from the date in `field`, at the local `minute` of that
    day (None: at the date's own moment; a plain day begins at midnight). `yearly`: its next anniversary."""

    field: str
    offset: Offset
    minute: int | None = None
    yearly: bool = False


@dataclass(frozen=True, slots=True)
class WaitUntilDate:
    """Wait for a date of the lead; `otherwise` when it is missing, or past on arrival."""

    key: str
    date: DateOf
    otherwise: "tuple[Step, ...]" = ()


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Wait for a signal of one of these kinds: `then` as soon as it is there, `otherwise` when `within` has
    passed without it."""

    key: str
    signals: tuple[str, ...]
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
class Share:
    """One way of a split, taken by `weight` of all."""

    name: str
    weight: float
    steps: "tuple[Step, ...]"


@dataclass(frozen=True, slots=True)
class Split:
    """Leads divided by weight, by the name of the split and the lead alone."""

    key: str
    name: str
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class HoldOut:
    """From here on a share of the leads gets no mails of the program; steps of one `name` hold out the same
    leads."""

    key: str
    percent: float
    name: str


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


@dataclass(frozen=True, slots=True)
class EmitSignal:
    """Record a signal of the lead, once for each pass of a run."""

    key: str
    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell people of the house by mail: the lead's owner, everybody with a role, addresses. `subject` ("":
    the engine's own) and `text` are templates."""

    key: str
    owner: bool
    role: str
    to: tuple[str, ...]
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class CallWebhook:
    """Post to another program. `url` and the texts of `body` (None: the engine's own) are templates."""

    key: str
    url: str
    body: Any = None


Step = (
    Send
    | Wait
    | WaitUntil
    | WaitUntilDate
    | WaitFor
    | Branch
    | Split
    | HoldOut
    | Goto
    | HandOver
    | Exit
    | AddTags
    | SetField
    | EmitSignal
    | Notify
    | CallWebhook
)


def blocks(step: Step) -> tuple[tuple[Step, ...], ...]:
    """The lists of steps inside a step."""
    match step:
        case WaitFor():
            return (step.then, step.otherwise)
        case Branch():
            return tuple(arm.steps for arm in step.arms)
        case Split():
            return tuple(share.steps for share in step.shares)
        case WaitUntilDate():
            return (step.otherwise,)
    return ()


def walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Every step, in the order of the file, those inside others too."""
    for step in steps:
        yield step
        for block in blocks(step):
            yield from walk(block)
