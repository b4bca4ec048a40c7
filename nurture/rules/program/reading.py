"""From the plain form of a program (a file, the API, a stored version) to its values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from nurture.errors import Invalid
from nurture.rules import senders
from nurture.rules.conditions import Fault
from nurture.rules.conditions.faults import Path, dotted
from nurture.rules.duration import Duration
from nurture.rules.program.checks import look_over
from nurture.rules.program.keys import keys_of
from nurture.rules.program.kinds import EXITS
from nurture.rules.program.reading_steps import names, steps
from nurture.rules.program.times import date_of, window
from nurture.rules.program.values import (
    EXIT_ON,
    GOAL_WITHIN,
    TEMPERATURES,
    Chain,
    Entry,
    Goal,
    Program,
    Reentry,
)
from nurture.rules.tables import NAME, Table, unknown
from nurture.rules.timing import Frequency, Window, zone_named
from nurture.rules.words import _

_SECOND = Duration(1, "s")
_WEEK = Duration(7, "d")
_CURRENCY = re.compile(r"[A-Z]{3}")
_FIELD = re.compile(r"(?:fields\.)?[a-z][a-z0-9_]{0,62}")
_MOST_WORTH = 1e12


class ProgramFault(Invalid):
    """A program that cannot be read; `faults` names everything wrong by its path."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        errors: dict[str, list[str]] = {}
        for fault in faults:
            errors.setdefault(dotted(fault.path), []).append(fault.sentence)
        super().__init__("; ".join(map(str, faults)), errors)
        self.faults = faults


@dataclass(frozen=True)
class Reading:
    """A program that may have faults, and where its steps stand: `keys` is the key of every step by its
    path (chains, temperature, steps, index, …)."""

    program: Program
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    keys: Mapping[Path, str]


def read(raw: object) -> Program:
    """The program that plain dicts, lists and scalars say; ProgramFault with all faults otherwise."""
    reading = examine(raw)
    if reading.faults:
        raise ProgramFault(reading.faults)
    return reading.program


def examine(raw: object) -> Reading:
    """As much of the program as can be read, with everything wrong and everything doubtful."""
    faults: list[Fault] = []
    keys: dict[Path, str] = {}
    program = _program(Table(raw, (), faults), keys)
    found, warnings = look_over(program, keys)
    return Reading(program, (*faults, *found), warnings, keys)


def read_window(raw: object) -> Window | None:
    """A window alone, written as in a program; None for nothing. ProgramFault with all faults."""
    faults: list[Fault] = []
    found = window(Table({"window": raw}, (), faults)) if raw else None
    if faults:
        raise ProgramFault(tuple(faults))
    return found


def _program(table: Table, keys: dict[Path, str]) -> Program:
    program = Program(
        key=table.name("program"),
        name=table.text("name", str(table.raw.get("program", ""))),
        model=table.name("model", "default"),
        timezone=_timezone(table),
        window=window(table),
        frequency=_frequency(table),
        goal=_goal(table),
        exit_on=_exit_on(table),
        on_warm=table.choice("on_warm", ("resume", "restart", "rest"), "resume"),
        on_cool=table.choice("on_cool", ("resume", "restart", "rest"), "resume"),
        after_end=table.choice("after_end", ("repeat", "newsletter_only", "exit"), "newsletter_only"),
        holdout=table.number("holdout", 0.0, least=0, most=100),
        purpose=table.name("purpose", "marketing"),
        chains=_chains(table, keys),
        while_with_sales=table.choice("while_with_sales", ("pause", "go_on"), "pause"),
        priority=table.whole("priority", 0, least=-100, most=100),
        in_doubt=table.choice("in_doubt", ("assume_sent", "resend_once"), ""),
        sender=senders.read(table) or senders.HOUSE,
        hold_after=(table.duration("hold_after") or _WEEK).elapsed,
    )
    table.done()
    return program


def _timezone(table: Table) -> str:
    name = table.text("timezone", "UTC")
    if zone_named(name) is None:
        table.expected("timezone", _("a time zone such as Europe/Berlin"))
    return name


def _goal(table: Table) -> Goal | None:
    if table.get("goal") is None:
        return None
    inside = table.table("goal")
    if inside.get("when") is None:
        inside.expected("when", _("a condition"))
    when = inside.condition("when")
    value, field = _worth(inside)
    currency = inside.get("currency")
    if currency is not None and (not isinstance(currency, str) or not _CURRENCY.fullmatch(currency)):
        inside.expected("currency", _("a currency such as EUR"))
        currency = None
    if currency is not None and inside.get("value") is None:
        inside.fault("currency", _("A currency needs a value beside it."))
    within = inside.duration("within")
    inside.done()
    if when is None:
        return None
    return Goal(when, value, field, currency, within.elapsed if within is not None else GOAL_WITHIN)


def _worth(inside: Table) -> tuple[float | None, str | None]:
    """What a goal is worth: a number, or the field of the lead that says it."""
    raw = inside.get("value")
    if not isinstance(raw, Mapping):
        return (None, None) if raw is None else (inside.number("value", 0.0, least=0, most=_MOST_WORTH), None)
    of = inside.table("value")
    field = of.get("field")
    if not isinstance(field, str) or not _FIELD.fullmatch(field):
        of.expected("field", _("the name of a custom field"))
    of.done()
    return None, str(field)


def _exit_on(table: Table) -> frozenset[str]:
    if table.raw.get("exit_on") is None:
        table.get("exit_on")
        return EXIT_ON
    given = table.many("exit_on")
    if any(one not in EXITS for one in given):
        table.expected("exit_on", _("a list of {choices}").format(choices=", ".join(EXITS)))
        return frozenset()
    return frozenset(given)


def _frequency(table: Table) -> Frequency | None:
    if table.get("frequency") is None:
        return None
    inside = table.table("frequency")
    if inside.get("max") is None:
        inside.expected("max", _("how many mails"))
    most = inside.whole("max", 1, least=1, most=1000)
    per = inside.duration("per", required=True) or _SECOND
    over = inside.choice("over", ("defer", "skip"), "defer")
    inside.done()
    return Frequency(most, per.elapsed, over)


def _chains(table: Table, keys: dict[Path, str]) -> dict[str, Chain]:
    inside = table.table("chains")
    chains: dict[str, Chain] = {}
    for temperature in inside.raw:
        if temperature not in TEMPERATURES:
            inside.fault(temperature, unknown(temperature, TEMPERATURES))
            continue
        chains[temperature] = _chain(temperature, inside.table(temperature), keys)
    if not inside.raw:
        table.expected("chains", _("a chain for at least one of cold, warm, hot"))
    return chains


def _chain(temperature: str, table: Table, keys: dict[Path, str]) -> Chain:
    enter = _entry(table)
    reentry = _reentry(table, enter)
    keys.update(keys_of(table.raw.get("steps"), (*table.path, "steps")))
    found = steps(table, "steps", keys)
    if not found and not table.listed("steps"):
        table.expected("steps", _("a list of steps"))
    table.done()
    return Chain(temperature, found, enter, reentry)


def _entry(table: Table) -> Entry | None:
    if table.get("enter") is None:
        return None
    inside = table.table("enter")
    signals = _optional(inside, "signal", _("a kind of signal such as clicked, or a list of them"))
    forms = _optional(inside, "form", _("the key of a form, or a list of them"))
    date = None
    if inside.get("date") is not None:
        of = inside.table("date")
        date = date_of(of)
        if date.field.startswith("company."):
            of.fault("field", _("A lead comes in on a date of its own, not of its company."))
        of.done()
    entry = Entry(inside.condition("when"), signals, forms, date)
    if not {"when", "signal", "form", "date"} & set(inside.raw):
        inside.expected("when", _("a condition, or beside it a signal, a form or a date"))
    inside.done()
    return entry


def _optional(table: Table, name: str, what: str) -> tuple[str, ...]:
    return () if table.get(name) is None else names(table, name, what)


def _reentry(table: Table, enter: Entry | None) -> Reentry | None:
    if table.get("reentry") is None:
        return None
    inside = table.table("reentry")
    multiple = inside.flag("multiple") if inside.get("multiple") is not None else True
    after = inside.duration("after")
    concurrent = inside.flag("concurrent")
    occasions = enter is not None and bool(enter.signals or enter.forms)
    by_date = enter is not None and enter.date is not None
    if multiple and after is None and "after" not in inside.raw and not (occasions or by_date):
        inside.expected("after", _("how long after it left a lead may enter again, such as 90d"))
    if not multiple and (after is not None or concurrent):
        inside.fault("multiple", _("multiple: false lets nobody in again; after and concurrent say nothing."))
    if concurrent and not occasions:
        sentence = _("Only a signal or a form can begin a run beside another: name it under enter.")
        inside.fault("concurrent", sentence)
    inside.done()
    return Reentry(multiple, after, concurrent)


def is_name(text: str) -> bool:
    """Whether a text may be the key of a program, a mail or a step."""
    return NAME.fullmatch(text) is not None
