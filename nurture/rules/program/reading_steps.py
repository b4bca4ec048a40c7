"""From the plain form of steps to their values, every fault by its place."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from nurture.rules import senders
from nurture.rules.conditions import Fault
from nurture.rules.conditions.faults import Path
from nurture.rules.duration import Duration
from nurture.rules.program.keys import KINDS, kind_of
from nurture.rules.program.reading_acts import hold_out, notify, record_signal, split_weights, webhook
from nurture.rules.program.steps import (
    AddTags,
    Arm,
    Branch,
    Exit,
    Goto,
    HandOver,
    Send,
    SetField,
    Share,
    Split,
    Step,
    Wait,
    WaitFor,
    WaitUntil,
    WaitUntilDate,
)
from nurture.rules.program.times import EVERY_DAY, date_of, minute, weekdays
from nurture.rules.program.values import TEMPERATURES
from nurture.rules.tables import NAME, Table, unknown
from nurture.rules.words import _

Keys = Mapping[Path, str]

_FIELD = re.compile(r"[a-z][a-z0-9_]{0,62}")
_NESTED = 12
_SECOND = Duration(1, "s")


def steps(table: Table, name: str, keys: Keys) -> tuple[Step, ...]:
    """The steps listed under a name; `keys` is the key of every step by its path."""
    if len(table.path) > 3 * _NESTED:
        table.fault(name, _("Steps are nested too deeply."))
        return ()
    found = []
    for at, raw in enumerate(table.listed(name)):
        path = (*table.path, name, at)
        step = _step(Table(raw, path, table.faults), keys.get(path, ""), keys)
        if step is not None:
            found.append(step)
    return tuple(found)


def _step(table: Table, key: str, keys: Keys) -> Step | None:
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


def _send(table: Table, key: str, _keys: Keys) -> Step:
    return Send(key, table.name("send"), table.flag("immediate"), senders.read(table))


def _wait(table: Table, key: str, _keys: Keys) -> Step:
    return Wait(key, table.duration("wait", required=True) or _SECOND)


def _wait_until(table: Table, key: str, keys: Keys) -> Step:
    inside = table.table("wait_until")
    if not {"field", "offset", "yearly"}.isdisjoint(inside.raw):
        date = date_of(inside)
        inside.done()
        return WaitUntilDate(key, date, steps(table, "else", keys))
    step = WaitUntil(key, weekdays(inside, "weekday", EVERY_DAY), minute(inside, "at", None))
    if "field" not in inside.known:
        inside.known.append("field")
    inside.done()
    return step


def _wait_for(table: Table, key: str, keys: Keys) -> Step:
    inside = table.table("wait_for")
    mail = inside.name("mail") if inside.get("mail") is not None else None
    signals = names(inside, "signal", _("a kind of signal such as clicked, or a list of them"))
    within = inside.duration("within", required=True) or _SECOND
    inside.done()
    return WaitFor(key, signals, mail, within, steps(table, "then", keys), steps(table, "else", keys))


def names(table: Table, name: str, what: str) -> tuple[str, ...]:
    """One name or several; none at all is a fault."""
    given = table.many(name)
    if not given or any(not isinstance(one, str) or not NAME.fullmatch(one) for one in given):
        table.expected(name, what)
        return ()
    return tuple(dict.fromkeys(given))


def _branch(table: Table, key: str, keys: Keys) -> Step:
    arms = []
    given = table.listed("branch")
    for at, raw in enumerate(given):
        arm = Table(raw, (*table.path, "branch", at), table.faults)
        arms.append(_arm(arm, keys, last=at == len(given) - 1))
    if not given:
        table.expected("branch", _("a list of ways, each with when (or else: true) and steps"))
    return Branch(key, tuple(arms))


def _arm(table: Table, keys: Keys, *, last: bool) -> Arm:
    when = table.condition("when")
    otherwise = table.flag("else")
    if otherwise == (table.get("when") is not None):
        table.fault("when", _("Each way of a branch has either when or else: true."))
    elif otherwise and not last:
        table.fault("else", _("else is the last way of a branch; those below it would never be taken."))
    inside = steps(table, "steps", keys)
    table.done()
    return Arm(when, inside)


def _split(table: Table, key: str, keys: Keys) -> Step:
    name, weights = split_weights(table)
    shares = tuple(Share(arm, weight, steps(table, arm, keys)) for arm, weight in weights.items())
    return Split(key, name, shares)


def _goto(table: Table, key: str, _keys: Keys) -> Step:
    inside = table.table("goto")
    chain = inside.choice("chain", TEMPERATURES, "") or None
    step = inside.name("step") if inside.get("step") is not None else None
    inside.done()
    if chain is None and step is None and not inside.raw:
        table.expected("goto", _("a chain or a step, such as {chain: warm}"))
    return Goto(key, chain, step)


def _hand_over(table: Table, key: str, _keys: Keys) -> Step:
    table.table("hand_over").done()
    return HandOver(key)


def _exit(table: Table, key: str, _keys: Keys) -> Step:
    return Exit(key, table.name("exit", "done"))


def _tag(table: Table, key: str, _keys: Keys) -> Step:
    tags = [tag.strip() for tag in table.many("tag") if isinstance(tag, str) and 0 < len(tag.strip()) <= 60]
    if not tags or len(tags) != len(table.many("tag")):
        table.expected("tag", _("one or more tags such as [engaged]"))
    return AddTags(key, tuple(tags))


def _set(table: Table, key: str, _keys: Keys) -> Step:
    inside = table.table("set")
    field = inside.get("field")
    if not isinstance(field, str) or not _FIELD.fullmatch(field.removeprefix("fields.")):
        inside.expected("field", _("the name of a custom field"))
    to: Any = inside.get("to")
    if not isinstance(to, str | int | float | bool):
        inside.expected("to", _("a text, a number, true or false"))
    inside.done()
    return SetField(key, str(field).removeprefix("fields."), to)


_READ: Mapping[str, Callable[[Table, str, Keys], Step]] = {
    "send": _send,
    "wait": _wait,
    "wait_until": _wait_until,
    "wait_for": _wait_for,
    "branch": _branch,
    "split": _split,
    "holdout": lambda table, key, _keys: hold_out(table, key),
    "goto": _goto,
    "hand_over": _hand_over,
    "exit": _exit,
    "tag": _tag,
    "set": _set,
    "signal": lambda table, key, _keys: record_signal(table, key),
    "notify": lambda table, key, _keys: notify(table, key),
    "webhook": lambda table, key, _keys: webhook(table, key),
}
