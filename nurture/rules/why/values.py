"""What an answer to why is made of: the answer itself, and the records that it is read off."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from nurture.rules.conditions import Condition
from nurture.rules.facts import Facts
from nurture.rules.program import Chain, Program
from nurture.rules.why.ledger import Said

SENT, DONE, NOT_YET, NO = "sent", "done", "not_yet", "no"

UNDER_WAY = ("scheduled", "ready", "leased", "sending", "deferred")


@dataclass(frozen=True, slots=True)
class Answer:
    """`state` is sent, done (a step that sends nothing), not_yet or no; `reason` the clause that says why,
    `at` when it happened or will, `detail` what the clause is filled with. `mail` tells whether the step
    sends one. `consent_id` is the entry of the ledger that the mail rested on, or that refused it."""

    state: str
    reason: str = ""
    at: datetime | None = None
    detail: Mapping[str, str] = field(default_factory=dict)
    mail: bool = True
    delivery_id: int | None = None
    consent_id: int | None = None


@dataclass(frozen=True, slots=True)
class MailRecord:
    """The newest delivery of a step or newsletter to the lead."""

    id: int
    state: str
    reason: str
    due_at: datetime
    created_at: datetime
    settled_at: datetime | None
    sent_at: datetime | None
    bounced_at: datetime | None
    consent_id: int | None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run of the lead in a chain of the program, as its row stands."""

    temperature: str
    state: str
    step_key: str | None
    due_at: datetime | None
    due_reason: str
    waiting_for: str | None
    resting_reason: str | None
    exit_reason: str | None
    settled_state: str | None
    entered_at: datetime
    over: bool


@dataclass(frozen=True, slots=True)
class EventRecord:
    """The newest line of history about a step; `consent_id` the entry by which it was refused."""

    what: str
    reason: str
    at: datetime
    consent_id: int | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What holds for everybody: the switches, and the state of program and chain."""

    stopped: bool = False
    live: bool = True
    program_state: str = "live"
    chain_paused: bool = False


@dataclass(frozen=True)
class Known:
    """Everything recorded about a lead and a chain. `run` is the newest in this chain, `elsewhere` the
    temperature of the chain of the same program in which the lead stands open; `mails` and `events` are
    the newest by step. `facts` judges the entry of a lead that was never here; `erased` leads have none.
    `program` and `chain` are those of the version that leads the run; where that is an older one, `version`
    is its number and `later` the chain as it is published now."""

    program: Program
    chain: Chain
    around: Around
    run: RunRecord | None = None
    elsewhere: str | None = None
    mails: Mapping[str, MailRecord] = field(default_factory=dict)
    events: Mapping[str, EventRecord] = field(default_factory=dict)
    facts: Facts | None = None
    erased: bool = False
    version: int | None = None
    later: Chain | None = None


@dataclass(frozen=True)
class NewsletterKnown:
    """Everything recorded about a lead and a newsletter. `fits` is the condition its readers meet;
    `looked_at` whether the lead's turn has been, and `stood` the entry of the ledger that held then; `waits`
    until when and for what; erased leads have no `facts`."""

    around: Around
    state: str
    starts_at: datetime | None
    fits: Condition
    looked_at: bool
    mail: MailRecord | None
    waits: tuple[datetime, str] | None
    facts: Facts | None
    purpose: str
    stood: Said | None = None
