"""From the plain form of a model (a file, a stored version) to its values, with every fault at once."""

import math
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from nurture.errors import Invalid
from nurture.rules import conditions, duration
from nurture.rules.conditions import Condition, ConditionFault, Fault
from nurture.rules.conditions.faults import Path, dotted
from nurture.rules.duration import Duration
from nurture.rules.model.values import (
    COOL_DOWN_DAYS,
    DEFAULT_DATA,
    DEFAULT_NEED,
    GRADES,
    TEMPERATURES,
    Band,
    DataPolicy,
    HeatModel,
    NeedRule,
    Parts,
    Readiness,
    Requirements,
    Scorecard,
    ScoreRule,
    SignalRule,
    Thresholds,
    asks_only_the_signal,
)
from nurture.rules.signal_kinds import is_kind
from nurture.rules.words import _

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_SHORTEST = Duration(1, "h")
_LONGEST = Duration(3650, "d")
_MOST = 10_000.0


class ModelFault(Invalid):
    """A model that cannot be read; `faults` names everything wrong by its path."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        errors: dict[str, list[str]] = {}
        for fault in faults:
            errors.setdefault(dotted(fault.path), []).append(fault.sentence)
        super().__init__("; ".join(map(str, faults)), errors)
        self.faults = faults


def is_name(key: str) -> bool:
    """Whether a model may be called so."""
    return _NAME.fullmatch(key) is not None


def read(raw: object) -> HeatModel:
    """The model that plain dicts, lists and scalars say; ModelFault with all faults otherwise."""
    faults: list[Fault] = []
    model = _model(_Table(raw, (), faults))
    if faults:
        raise ModelFault(tuple(faults))
    return model


def _model(table: "_Table") -> HeatModel:
    model = HeatModel(
        key=table.name("model"),
        half_life=_half_life(table),
        rules=_signal_rules(table.table("signals", required=True)),
        thresholds=_thresholds(table.table("temperature", required=True)),
        scorecard=_scorecard(table),
        readiness=_readiness(table.table("readiness", required=True)),
    )
    table.done()
    return model


def _half_life(table: "_Table") -> Duration:
    half_life = table.duration("half_life")
    if half_life is None:
        table.expected("half_life", _("a length of time such as 21d"))
        return _LONGEST
    if not _SHORTEST.elapsed <= half_life.elapsed <= _LONGEST.elapsed:
        table.expected("half_life", _("between 1h and 3650d"))
    return half_life


def _signal_rules(table: "_Table") -> tuple[SignalRule, ...]:
    rules: list[SignalRule] = []
    for kind in table.raw:
        if not (is_kind(kind) or _NAME.fullmatch(kind)):
            table.fault(kind, _("a signal kind is written in small letters, digits and _"))
        given = table.get(kind)
        if isinstance(given, list) and given:
            alternatives = table.tables(kind)
            rules += [_signal_rule(kind, no, part) for no, part in enumerate(alternatives)]
        else:
            rules.append(_signal_rule(kind, None, table.table(kind, required=True)))
    return tuple(rules)


def _signal_rule(kind: str, no: int | None, table: "_Table") -> SignalRule:
    when = table.condition("when") if "when" in table.raw else None
    if when is not None and not asks_only_the_signal(when):
        table.fault("when", _("only the signal itself may decide: its mail or data.<name>"))
    rule = SignalRule(
        kind=kind,
        weight=table.number("weight", 0.0, least=-_MOST, most=_MOST, required=True),
        no=no,
        when=when,
        cap=table.whole("cap", least=1, most=10_000),
        floor=table.choice("floor", ("warm", "hot")),
        floor_for=table.duration("floor_for"),
    )
    if rule.floor_for is not None and rule.floor is None:
        table.fault("floor_for", _("floor_for needs a floor"))
    table.done()
    return rule


def _thresholds(table: "_Table") -> Thresholds:
    warm, of_hot = _band(table.table("warm", required=True)), table.table("hot", required=True)
    hot = _band(of_hot)
    for edge, above, below in (("rise", hot.rise, warm.rise), ("fall", hot.fall, warm.fall)):
        if above <= below:
            of_hot.fault(edge, _("hot must lie above warm ({warm})").format(warm=f"{below:g}"))
    table.done()
    return Thresholds(warm, hot)


def _band(table: "_Table") -> Band:
    rise = table.number("rise", 1.0, least=0.01, most=_MOST, required=True)
    fall = table.number("fall", 0.5, least=0.01, most=_MOST, required=True)
    table.done()
    if fall > rise - 0.01 and "rise" in table.raw and "fall" in table.raw:
        table.fault("fall", _("fall must lie below rise"))
    return Band(rise, fall)


def _scorecard(parent: "_Table") -> Scorecard | None:
    if parent.get("scorecard") is None:
        return None
    table = parent.table("scorecard")
    grades = table.table("grades", required=True)
    a = grades.number("A", 60, least=-_MOST, most=_MOST, required=True)
    b = grades.number("B", 30, least=-_MOST, most=_MOST, required=True)
    grades.done()
    if b >= a:
        grades.fault("B", _("B must take fewer points than A"))
    rules = tuple(_score_rule(rule) for rule in table.tables("rules"))
    table.done()
    return Scorecard(a, b, rules)


def _score_rule(table: "_Table") -> ScoreRule:
    when = table.condition("when")
    points = table.number("points", 0.0, least=-_MOST, most=_MOST, required=True)
    text = table.text("text") or (conditions.describe(when) if when else "")
    table.done()
    return ScoreRule(when or _NOTHING, points, text)


def _readiness(table: "_Table") -> Readiness:
    rise = table.number("rise", 60.0, least=1, most=100, required=True)
    fall = table.number("fall", 45.0, least=0, most=100, required=True)
    if fall >= rise:
        table.fault("fall", _("fall must lie below rise"))
    readiness = Readiness(
        rise=rise,
        fall=fall,
        parts=_parts(table),
        require=_requirements(table.table("require")),
        always=table.conditions("always"),
        need=_need(table),
        data=_data(table),
        cool_down_days=table.number("cool_down_days", COOL_DOWN_DAYS, least=0, most=365),
    )
    table.done()
    return readiness


def _parts(parent: "_Table") -> Parts:
    table = parent.table("parts")
    best = Parts()
    parts = Parts(
        need=table.number("need", best.need, least=0, most=100),
        activity=table.number("activity", best.activity, least=0, most=100),
        data=table.number("data", best.data, least=0, most=100),
        bant=table.number("bant", best.bant, least=0, most=100),
    )
    table.done()
    if parts.need + parts.activity + parts.data + parts.bant <= 0:
        parent.fault("parts", _("at least one part must give points"))
    return parts


def _requirements(table: "_Table") -> Requirements:
    require = Requirements(table.choice("temperature", TEMPERATURES), table.choice("grade", GRADES))
    table.done()
    return require


def _need(parent: "_Table") -> tuple[NeedRule, ...]:
    if parent.get("need") is None:
        return DEFAULT_NEED
    return tuple(_need_rule(table) for table in parent.tables("need"))


def _need_rule(table: "_Table") -> NeedRule:
    when = table.condition("when")
    share = table.number("share", 0.0, least=1, most=100, required=True)
    text = table.text("text") or (conditions.describe(when) if when else "")
    table.done()
    return NeedRule(when or _NOTHING, share, text)


def _data(parent: "_Table") -> DataPolicy:
    if parent.get("data") is None:
        return DEFAULT_DATA
    table = parent.table("data")
    grades = table.table("grades", required=True)
    a, b, c = (grades.number(grade, 0.0, least=0, most=100, required=True) for grade in GRADES)
    grades.done()
    fields = table.names("fields")
    table.done()
    return DataPolicy(a, b, c, fields)


_NOTHING = conditions.AllOf(())


class _Table:
    """One mapping being read. What was asked for is known; `done` reports everything else."""

    def __init__(self, raw: object, path: Path, faults: list[Fault]) -> None:
        self.path = path
        self.faults = faults
        self.known: list[str] = []
        self.raw: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
        if not isinstance(raw, Mapping):
            self.faults.append(Fault(path, _("expected names with values (name: value)")))

    def get(self, name: str) -> Any:
        if name not in self.known:
            self.known.append(name)
        return self.raw.get(name)

    def fault(self, name: str, sentence: str) -> None:
        self.faults.append(Fault((*self.path, name), sentence))

    def expected(self, name: str, what: str) -> None:
        missing = self.raw.get(name) is None
        form = _("missing; expected {what}") if missing else _("expected {what}")
        self.fault(name, form.format(what=what))

    def table(self, name: str, *, required: bool = False) -> "_Table":
        raw = self.get(name)
        if raw is None and required:
            self.expected(name, _("names with values (name: value)"))
        return _Table({} if raw is None else raw, (*self.path, name), [] if raw is None else self.faults)

    def tables(self, name: str) -> list["_Table"]:
        return [_Table(raw, (*self.path, name, at), self.faults) for at, raw in enumerate(self.list(name))]

    def list(self, name: str) -> list[Any]:
        raw = self.get(name)
        if raw is not None and not isinstance(raw, list):
            self.expected(name, _("a list"))
        return raw if isinstance(raw, list) else []

    def names(self, name: str) -> tuple[str, ...]:
        given = self.list(name)
        if any(not isinstance(one, str) or not one for one in given):
            self.expected(name, _("a list of names"))
        return tuple(str(one) for one in given)

    def name(self, name: str) -> str:
        raw = self.get(name)
        if not isinstance(raw, str) or not _NAME.fullmatch(raw):
            self.expected(name, _("a name in small letters, digits, - and _"))
        return str(raw)

    def text(self, name: str) -> str:
        raw = self.get(name)
        if raw is not None and (not isinstance(raw, str) or len(raw) > 500):
            self.expected(name, _("a text of at most 500 characters"))
        return str(raw) if isinstance(raw, str) else ""

    def number(
        self, name: str, default: float, *, least: float, most: float, required: bool = False
    ) -> float:
        raw = self.get(name)
        if raw is None and not required:
            return default
        right = isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw)
        if not right or not least <= raw <= most:
            self.expected(name, _("a number from {a} to {b}").format(a=f"{least:g}", b=f"{most:g}"))
            return default
        return float(raw)

    def whole(self, name: str, *, least: int, most: int) -> int | None:
        raw = self.get(name)
        if raw is None:
            return None
        if not isinstance(raw, int) or isinstance(raw, bool) or not least <= raw <= most:
            self.expected(name, _("a whole number from {a} to {b}").format(a=least, b=most))
            return None
        return int(raw)

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        raw = self.get(name)
        if raw is not None and raw not in choices:
            self.expected(name, _("one of {choices}").format(choices=", ".join(choices)))
            return None
        return None if raw is None else str(raw)

    def duration(self, name: str) -> Duration | None:
        raw = self.get(name)
        if raw is None:
            return None
        try:
            return duration.parse(raw)
        except ValueError as wrong:
            self.fault(name, str(wrong))
            return _SHORTEST

    def condition(self, name: str) -> Condition | None:
        return _condition(self.get(name), (*self.path, name), self.faults)

    def conditions(self, name: str) -> tuple[Condition, ...]:
        found = [
            _condition(raw, (*self.path, name, at), self.faults) for at, raw in enumerate(self.list(name))
        ]
        return tuple(condition for condition in found if condition is not None)

    def done(self) -> None:
        for name in self.raw:
            if name not in self.known:
                self.fault(name, _unknown(str(name), self.known))


def _condition(raw: object, path: Path, faults: list[Fault]) -> Condition | None:
    try:
        return conditions.parse(raw)
    except ConditionFault as wrong:
        faults.extend(Fault((*path, *fault.path), fault.sentence) for fault in wrong.faults)
        return None


def _unknown(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    hint = _(' Did you mean "{name}"?').format(name=close[0]) if close else ""
    return _('"{name}" is not known here; known: {known}.').format(name=name, known=", ".join(known)) + hint
