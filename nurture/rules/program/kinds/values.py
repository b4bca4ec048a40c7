"""What describes a kind of step, so that a form, a check and a reference can be made from one place."""

from dataclasses import dataclass
from typing import Any

# What a field takes, and so what a person fills it in with.
TYPES = (
    "text",         # one line
    "template",     # words with {{ lead.… }} inside
    "name",         # small letters, digits, - and _
    "mail",         # the key of a mail of the program
    "sender",       # house, owner, the key of a sender, an address at a verified domain
    "duration",     # 30s, 15m, 3h, 5d, 2w, above zero
    "offset",       # the same with a sign: -14d, 2h, 0d
    "time",         # "09:00" of the lead's own day
    "weekdays",     # mon-fri or [tue, thu]
    "number",
    "whole",
    "percent",      # 0 to 100
    "flag",         # true or false
    "choice",       # one of `choices`
    "choices",      # a list of them
    "condition",    # rules/conditions
    "signal",       # a kind of signal
    "signals",      # one kind, or a list of them
    "names",        # one name, or a list of them
    "tags",         # one tag, or a list of them
    "field",        # a custom field of the lead
    "date_field",   # dates.<name>, fields.<name>: whatever holds a date
    "value",        # a text, a number, true or false
    "amount",       # a number, or {field: name} for a field of the lead
    "weights",      # {a: 50, b: 50}
    "url",          # http(s)://…, its path and query with {{ lead.… }}
    "json",         # any plain value; its texts may hold {{ lead.… }}
    "addresses",    # one e-mail address, or a list of them
    "chain",        # cold, warm or hot
    "step",         # the key of a step
    "timezone",
    "holidays",     # DE, [DE-BY, AT], own
    "currency",     # ISO 4217: EUR
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that can be said of a step, a chain or a program. `at` is its place in the plain form, from
    the mapping of the step: ("wait_until", "at"). `required` holds where no other form of the step is
    chosen; `form` names the form of the step it belongs to ("" to each). `default` is what holds when it
    is left out, None for nothing. `label` and `hint` are words for a person."""

    at: tuple[str, ...]
    type: str
    label: str
    required: bool = False
    choices: tuple[str, ...] = ()
    default: Any = None
    hint: str = ""
    form: str = ""

    @property
    def name(self) -> str:
        return self.at[-1]


@dataclass(frozen=True, slots=True)
class Block:
    """Steps inside a step. `shape`: `steps` a list of steps under the name `at`; `ways` a list under `at` of
    {when, steps}, the last may be {else: true, steps}; `arms` a list of steps under each name that the field
    of type weights names."""

    at: str
    shape: str
    label: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of step. `word` is the name that tells it apart in the plain form; `icon` that of the pages.
    `forms` are ways of saying it that exclude each other: name and words, the usual one first. `example` is
    a whole step in plain form; `hint` says in a sentence what it does."""

    word: str
    icon: str
    label: str
    hint: str
    fields: tuple[Field, ...] = ()
    blocks: tuple[Block, ...] = ()
    forms: tuple[tuple[str, str], ...] = ()
    example: Any = None
