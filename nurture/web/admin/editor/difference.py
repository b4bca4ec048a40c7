"""The difference of two programs as the pages draw it: steps in words, what was and what is beside each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nurture.files.conditions import inline
from nurture.rules.conditions import ConditionFault, describe, parse
from nurture.rules.edits import ChainDiff, Difference, MailDiff, Setting, StepDiff
from nurture.rules.program import Program
from nurture.rules.program.kinds import chain_fields, program_fields
from nurture.rules.program.kinds import steps as kinds
from nurture.rules.words import _
from nurture.web import rendering
from nurture.web.admin.step_words import in_words


@dataclass(frozen=True)
class Was:
    """One setting in words, as it was and as it is; "" for nothing."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Line:
    """A step or a way, so many levels deep, with what differs of it."""

    depth: int
    state: str
    icon: str
    title: str
    key: str
    way: bool
    settings: tuple[Was, ...]


@dataclass(frozen=True)
class Lane:
    """One chain."""

    temperature: str
    state: str
    settings: tuple[Was, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Drawn:
    """Everything that differs."""

    settings: tuple[Was, ...]
    lanes: tuple[Lane, ...]
    mails: tuple[tuple[MailDiff, tuple[Was, ...]], ...]
    count: int


def drawn(
    difference: Difference,
    before: Program | None,
    after: Program | None,
    mails: Mapping[str, tuple[int, str]],
) -> Drawn:
    """The difference in words."""
    labels = {".".join(field.at): field.label for field in (*program_fields(), *chain_fields())}
    return Drawn(
        settings=_was(difference.settings, labels),
        lanes=tuple(_lane(chain, before, after, mails, labels) for chain in difference.chains),
        mails=tuple((mail, _was(mail.settings, {})) for mail in difference.mails),
        count=difference.count,
    )


def _lane(
    chain: ChainDiff,
    before: Program | None,
    after: Program | None,
    mails: Mapping[str, tuple[int, str]],
    labels: Mapping[str, str],
) -> Lane:
    lines = [_line(step, chain.temperature, before, after, mails) for step in chain.steps]
    return Lane(chain.temperature, chain.state, _was(chain.settings, labels), tuple(lines))


def _line(
    step: StepDiff,
    temperature: str,
    before: Program | None,
    after: Program | None,
    mails: Mapping[str, tuple[int, str]],
) -> Line:
    icon, title = "", step.key
    described = {one.word: one for one in kinds()}.get(step.kind)
    if step.way:
        title = {"then": _("if it came"), "else": _("if not")}.get(step.way, "")
        if step.way.startswith("branch."):
            title = _("way %(no)s") % {"no": int(step.way.partition(".")[2]) + 1}
        elif not title:
            title = _("way %(no)s") % {"no": step.way}
    elif described is not None:
        icon, title = described.icon, described.label
        for program in (before, after) if step.state == "removed" else (after, before):
            chain = program.chains.get(temperature) if program is not None else None
            if chain is not None and step.key in chain.by_key:
                icon, title = in_words(chain.by_key[step.key], mails)
                break
    labels = {".".join(field.at): field.label for field in described.fields} if described is not None else {}
    return Line(step.depth, step.state, icon, title, step.key, bool(step.way), _was(step.settings, labels))


def _was(settings: tuple[Setting, ...], labels: Mapping[str, str]) -> tuple[Was, ...]:
    return tuple(
        Was(
            labels.get(one.name, labels.get(f"{one.name}.when", _plain(one.name))),
            _said(one.before),
            _said(one.after),
        )
        for one in settings
    )


def _plain(name: str) -> str:
    return {
        "when": _("Condition"),
        "else": _("Everyone else"),
        "name": _("Name"),
        "layout": _("Layout"),
        "sender": _("From"),
    }.get(name, name.replace("_", " ").replace(".", ", ").capitalize())


def _said(value: Any) -> str:
    """A value as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        inside = value.get("when") if set(value) == {"when"} else value
        try:
            return rendering.sentence(describe(parse(inside)))
        except ConditionFault:
            return inline(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return value if isinstance(value, str) else inline(value)
