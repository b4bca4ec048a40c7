"""From the plain form of a program (a file, the API, a stored version) to its values."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nurture.errors import Invalid
from nurture.rules.conditions import Fault
from nurture.rules.conditions.faults import Path, dotted
from nurture.rules.duration import Duration
from nurture.rules.holidays_of import OWN, is_known
from nurture.rules.program.checks import look_over
from nurture.rules.program.keys import KINDS, keys_of, kind_of
from nurture.rules.program.values import (
    TEMPERATURES,
    AddTags,
    Arm,
    Branch,
    Chain,
    Exit,
    Goto,
    HandOver,
    Program,
    Send,
    SetField,
    Step,
    Wait,
    WaitFor,
    WaitUntil,
)
from nurture.rules.tables import NAME, Table, unknown
from nurture.rules.timing import WEEKDAYS, Frequency, Window, zone_named
from nurture.rules.words import _

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,62}")
_NESTED = 12
_SECOND = Duration(1, "s")
_WEEK = Duration(7, "d")


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
    window = _window(Table({"window": raw}, (), faults)) if raw else None
    if faults:
        raise ProgramFault(tuple(faults))
    return window


def _program(table: Table, keys: dict[Path, str]) -> Program:
    program = Program(
        key=table.name("program"),
        name=table.text("name", str(table.raw.get("program", ""))),
        model=table.name("model", "default"),
        timezone=_timezone(table),
        window=_window(table),
        frequency=_frequency(table),
        goal=_when(table, "goal"),
        on_warm=table.choice("on_warm", ("resume", "restart", "rest"), "resume"),
        on_cool=table.choice("on_cool", ("resume", "restart", "rest"), "resume"),
        after_end=table.choice("after_end", ("repeat", "newsletter_only", "exit"), "newsletter_only"),
        holdout=table.number("holdout", 0.0, least=0, most=100),
        purpose=table.name("purpose", "marketing"),
        chains=_chains(table, keys),
        while_with_sales=table.choice("while_with_sales", ("pause", "go_on"), "pause"),
        priority=table.whole("priority", 0, least=-100, most=100),
        in_doubt=table.choice("in_doubt", ("assume_sent", "resend_once"), ""),
        hold_after=(table.duration("hold_after") or _WEEK).elapsed,
    )
    table.done()
    return program


def _timezone(table: Table) -> str:
    name = table.text("timezone", "UTC")
    if zone_named(name) is None:
        table.expected("timezone", _("a time zone such as Europe/Berlin"))
    return name


def _when(table: Table, name: str) -> Any:
    if table.get(name) is None:
        return None
    inside = table.table(name)
    if inside.get("when") is None:
        inside.expected("when", _("a condition"))
    condition = inside.condition("when")
    inside.done()
    return condition


def _window(table: Table) -> Window | None:
    if table.get("window") is None:
        return None
    inside = table.table("window")
    window = Window(
        days=_weekdays(inside, "days", default=frozenset(range(7))),
        opens=_minute(inside, "from", 0),
        closes=_minute(inside, "to", 1440),
        holidays=_holidays(inside),
    )
    inside.done()
    if window.closes <= window.opens:
        inside.fault("to", _("This window never opens: it would close before it opens."))
    return window


def _weekdays(table: Table, name: str, default: frozenset[int] | None = None) -> frozenset[int]:
    given = table.many(name)
    if not given and table.raw.get(name) is None and default is not None:
        return default
    days: set[int] = set()
    for span in (_span(part) for one in given for part in str(one).split(",")):
        if span is None:
            table.expected(name, _("weekdays such as mon-fri or [tue, thu]"))
            return frozenset(range(7))
        days.update(span)
    if not days:
        table.expected(name, _("at least one weekday such as mon-fri or [tue, thu]"))
        return frozenset(range(7))
    return frozenset(days)


def _span(text: str) -> list[int] | None:
    """The weekdays of "tue" or of "fri-mon", which runs over the weekend."""
    first, dash, last = text.strip().lower().partition("-")
    if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
        return None
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last if dash else first)
    return [day % 7 for day in range(start, end + 1 if end >= start else end + 8)]


def _minute(table: Table, name: str, default: int | None) -> int:
    raw = table.get(name)
    if raw is None and default is not None:
        return default
    if raw == "24:00" and name == "to":
        return 1440
    match = _TIME.fullmatch(raw) if isinstance(raw, str) else None
    if match is None:
        table.expected(name, _('a time of day such as "09:00"'))
        return default or 0
    return int(match[1]) * 60 + int(match[2])


def _holidays(table: Table) -> tuple[str, ...]:
    places = tuple(str(place) for place in table.many("holidays"))
    for place in places:
        if place != OWN and not is_known(place):
            known = _("a country or region such as DE, NO or DE-BY, or own, not {place}")
            table.expected("holidays", known.format(place=place))
            return ()
    return places


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
    enter = _when(table, "enter")
    reentry = None
    if table.get("reentry") is not None:
        inside = table.table("reentry")
        reentry = inside.duration("after", required=True)
        inside.done()
    keys.update(keys_of(table.raw.get("steps"), (*table.path, "steps")))
    steps = _steps(table, "steps", keys)
    if not steps and not table.listed("steps"):
        table.expected("steps", _("a list of steps"))
    table.done()
    return Chain(temperature, steps, enter, reentry)


def _steps(table: Table, name: str, keys: Mapping[Path, str]) -> tuple[Step, ...]:
    if len(table.path) > 3 * _NESTED:
        table.fault(name, _("Steps are nested too deeply."))
        return ()
    steps = []
    for at, raw in enumerate(table.listed(name)):
        path = (*table.path, name, at)
        step = _step(Table(raw, path, table.faults), keys.get(path, ""), keys)
        if step is not None:
            steps.append(step)
    return tuple(steps)


def _step(table: Table, key: str, keys: Mapping[Path, str]) -> Step | None:
    kind = kind_of(table.raw)
    if kind is None:
        _no_such_step(table)
        return None
    if table.get("key") is not None:
        table.name("key")
    table.get(kind)
    step = _READ[kind](table, key, keys)
    table.done()
    return step


def _no_such_step(table: Table) -> None:
    kinds = [kind for kind in KINDS if kind in table.raw]
    if len(kinds) > 1:
        table.fault(
            kinds[1], _("One step does one thing; here stand {kinds}.").format(kinds=", ".join(kinds))
        )
    elif table.raw:
        word = next((str(name) for name in table.raw if name not in ("key", "then", "else")), "key")
        table.fault(word, _("No such step. ") + unknown(word, KINDS))
    elif not table.faults or table.faults[-1].path != table.path:
        table.faults.append(Fault(table.path, _("Expected a step.")))


def _send(table: Table, key: str, _keys: Mapping[Path, str]) -> Step:
    return Send(key, table.name("send"), table.flag("immediate"))


def _wait(table: Table, key: str, _keys: Mapping[Path, str]) -> Step:
    return Wait(key, table.duration("wait", required=True) or _SECOND)


def _wait_until(table: Table, key: str, _keys: Mapping[Path, str]) -> Step:
    inside = table.table("wait_until")
    step = WaitUntil(key, _weekdays(inside, "weekday", frozenset(range(7))), _minute(inside, "at", None))
    inside.done()
    return step


def _wait_for(table: Table, key: str, keys: Mapping[Path, str]) -> Step:
    inside = table.table("wait_for")
    signal = inside.name("signal")
    mail = inside.name("mail") if inside.get("mail") is not None else None
    within = inside.duration("within", required=True) or _SECOND
    inside.done()
    return WaitFor(key, signal, mail, within, _steps(table, "then", keys), _steps(table, "else", keys))


def _branch(table: Table, key: str, keys: Mapping[Path, str]) -> Step:
    arms = []
    given = table.listed("branch")
    for at, raw in enumerate(given):
        arm = Table(raw, (*table.path, "branch", at), table.faults)
        arms.append(_arm(arm, keys, last=at == len(given) - 1))
    if not given:
        table.expected("branch", _("a list of ways, each with when (or else: true) and steps"))
    return Branch(key, tuple(arms))


def _arm(table: Table, keys: Mapping[Path, str], *, last: bool) -> Arm:
    when = table.condition("when")
    otherwise = table.flag("else")
    if otherwise == (table.get("when") is not None):
        table.fault("when", _("Each way of a branch has either when or else: true."))
    elif otherwise and not last:
        table.fault("else", _("else is the last way of a branch; those below it would never be taken."))
    steps = _steps(table, "steps", keys)
    table.done()
    return Arm(when, steps)


def _goto(table: Table, key: str, _keys: Mapping[Path, str]) -> Step:
    inside = table.table("goto")
    chain = inside.choice("chain", TEMPERATURES, "") or None
    step = inside.name("step") if inside.get("step") is not None else None
    inside.done()
    if chain is None and step is None and not inside.raw:
        table.expected("goto", _("a chain or a step, such as {chain: warm}"))
    return Goto(key, chain, step)


def _hand_over(table: Table, key: str, _keys: Mapping[Path, str]) -> Step:
    table.table("hand_over").done()
    return HandOver(key)


def _exit(table: Table, key: str, _keys: Mapping[Path, str]) -> Step:
    return Exit(key, table.name("exit", "done"))


def _tag(table: Table, key: str, _keys: Mapping[Path, str]) -> Step:
    tags = [tag.strip() for tag in table.many("tag") if isinstance(tag, str) and 0 < len(tag.strip()) <= 60]
    if not tags or len(tags) != len(table.many("tag")):
        table.expected("tag", _("one or more tags such as [engaged]"))
    return AddTags(key, tuple(tags))


def _set(table: Table, key: str, _keys: Mapping[Path, str]) -> Step:
    inside = table.table("set")
    field = inside.get("field")
    if not isinstance(field, str) or not _FIELD.fullmatch(field.removeprefix("fields.")):
        inside.expected("field", _("the name of a custom field"))
    to = inside.get("to")
    if not isinstance(to, str | int | float | bool):
        inside.expected("to", _("a text, a number, true or false"))
    inside.done()
    return SetField(key, str(field).removeprefix("fields."), to)


_READ: Mapping[str, Callable[[Table, str, Mapping[Path, str]], Step]] = {
    "send": _send,
    "wait": _wait,
    "wait_until": _wait_until,
    "wait_for": _wait_for,
    "branch": _branch,
    "goto": _goto,
    "hand_over": _hand_over,
    "exit": _exit,
    "tag": _tag,
    "set": _set,
}


def is_name(text: str) -> bool:
    """Whether a text may be the key of a program, a mail or a step."""
    return NAME.fullmatch(text) is not None
