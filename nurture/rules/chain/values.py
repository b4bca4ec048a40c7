"""What a decision about a run is made from, and what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from nurture.rules.program import CallWebhook, EmitSignal, Notify
from nurture.rules.timing import Frequency, Window

# More steps at one moment than any chain has: a circle that the check of the program did not see.
HOPS = 100
# How often a run may change chains without a mail in between.
CHAIN_HOPS = 6
# How often a lead may be sent back by goto within a span before a person has to look.
MOST_ROUNDS = 100
ROUNDS_WITHIN = timedelta(days=30)

RESTING = ("newsletter_only", "repeat", "rest", "holdout", "circle", "chain_removed")
# What a run waits for when only a person can let it go on.
HELD, LOOPING = "held", "looping"
# What it waits for right after a person has.
RELEASED = "spread"


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often a lead was sent on by goto, since when."""

    n: int = 0
    since: datetime | None = None


NO_ROUNDS = Rounds()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a run stands, and what it `waits` for until now. `step_key` None: before the first step;
    `over`: behind the last one. `sent` tells when each mail of this run was handed to delivery; `hops`
    counts changes of chain since the last mail. A `parallel` run stands beside another one of the lead in
    this program. `had` are steps whose mail an older version sent elsewhere and the run has had: they are
    passed over."""

    step_key: str | None
    since: datetime
    entered_at: datetime
    pass_no: int = 1
    settled_state: str | None = None
    settled_at: datetime | None = None
    sent: Mapping[str, datetime] = field(default_factory=dict)
    hops: int = 0
    over: bool = False
    resting: str | None = None
    waits: str = ""
    rounds: Rounds = NO_ROUNDS
    parallel: bool = False
    had: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Around:
    """What a mail must respect beside the chain: `sends` are the lead's mails sent or about to be, `cap`
    and `hours` hold over everything that is sent, `with_sales` tells that sales is talking to the lead, and
    until `paused_until` the lead wants no mails."""

    sends: Sequence[datetime] = ()
    suppressed: bool = False
    cap: Frequency | None = None
    hours: Window | None = None
    with_sales: bool = False
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SendMail:
    """Send this mail before `until`, when the window closes (None: at any time), in the name of `sender`
    (None: as the program says)."""

    step_key: str
    mail: str
    until: datetime | None = None
    sender: str | None = None


@dataclass(frozen=True, slots=True)
class Tag:
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetTo:
    field: str
    to: str | int | float | bool


@dataclass(frozen=True, slots=True)
class Hand:
    step_key: str


@dataclass(frozen=True, slots=True)
class Emit:
    """Record the signal of a step, once for this pass."""

    step: EmitSignal
    pass_no: int


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell people of the house what a step says, once for this pass."""

    step: Notify
    pass_no: int


@dataclass(frozen=True, slots=True)
class Call:
    """Post what a step says, once for this pass."""

    step: CallWebhook
    pass_no: int


@dataclass(frozen=True, slots=True)
class MoveTo:
    """Leave this run and go on in another chain, at `step` if named."""

    chain: str
    step: str | None


Intent = SendMail | Tag | SetTo | Hand | Emit | Tell | Call | MoveTo


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a run's history."""

    step_key: str | None
    what: str
    reason: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


# How a run leaves a step, beside `way:<name>`, `over:<chain>`, `exit:<reason>` and `rest:<reason>`.
NEXT, DONE, GOAL_MET, EDITED = "next", "done", "goal", "edited"
WAY, OVER, EXIT, REST = "way", "over", "exit", "rest"


@dataclass(frozen=True, slots=True)
class Left:
    """A run left a step, `how` (next, way:<name>, done behind the last step, over:<chain>, exit:<reason>,
    rest:<reason>, goal, edited), after it had `stayed` there."""

    step_key: str
    how: str
    stayed: timedelta


@dataclass(frozen=True, slots=True)
class Worth:
    """What a goal that was met is worth; None where that is not known."""

    value: float | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The run afterwards: `state` active (standing at `position` until `due_at`; None while a mail is
    under way, or until a person decides), resting or ended. `reason` says what it waits for, rests for or
    ended by; `finished` that the chain came to its end now; `goal` what a goal met now is worth.
    `arrivals` are the steps come to, `left` those that were left and how; `ended_by` how the run left its
    chain, if it did."""

    state: str
    standing: Standing
    due_at: datetime | None
    reason: str
    waiting_for: str | None = None
    finished: str | None = None
    goal: Worth | None = None
    intents: tuple[Intent, ...] = ()
    history: tuple[Happening, ...] = ()
    arrivals: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    ended_by: str | None = None

    @property
    def position(self) -> str | None:
        return self.standing.step_key

    @property
    def departures(self) -> tuple[str, ...]:
        """The keys of the steps left."""
        return tuple(one.step_key for one in self.left)


# What a step comes to: stay at it, go on to another one, leave the chain, or rest.


@dataclass(frozen=True, slots=True)
class Stay:
    due_at: datetime | None
    reason: str
    waiting_for: str | None = None


@dataclass(frozen=True, slots=True)
class Go:
    key: str | None
    at: datetime
    again: bool = False


@dataclass(frozen=True, slots=True)
class Leave:
    reason: str
    move: MoveTo | None = None


@dataclass(frozen=True, slots=True)
class Rest:
    reason: str


Outcome = Stay | Go | Leave | Rest
