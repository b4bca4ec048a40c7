"""From the plain form of a model (a file, a stored version) to its values, with every fault at once."""

from nurture.errors import Invalid
from nurture.rules import conditions
from nurture.rules.conditions import Fault
from nurture.rules.conditions.faults import dotted
from nurture.rules.duration import Duration
from nurture.rules.model.table import NAME, SHORTEST, ModelTable
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

_LONGEST = Duration(3650, "d")
_MOST = 10_000.0
_NOTHING = conditions.AllOf(())


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
    return NAME.fullmatch(key) is not None


def read(raw: object) -> HeatModel:
    """The model that plain dicts, lists and scalars say; ModelFault with all faults otherwise."""
    faults: list[Fault] = []
    model = _model(ModelTable(raw, (), faults))
    if faults:
        raise ModelFault(tuple(faults))
    return model


def _model(table: ModelTable) -> HeatModel:
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


def _half_life(table: ModelTable) -> Duration:
    half_life = table.duration("half_life")
    if half_life is None:
        table.expected("half_life", _("a length of time such as 21d"))
        return _LONGEST
    if not SHORTEST.elapsed <= half_life.elapsed <= _LONGEST.elapsed:
        table.expected("half_life", _("between 1h and 3650d"))
    return half_life


def _signal_rules(table: ModelTable) -> tuple[SignalRule, ...]:
    rules: list[SignalRule] = []
    for kind in table.raw:
        if not (is_kind(kind) or NAME.fullmatch(kind)):
            table.fault(kind, _("a signal kind is written in small letters, digits and _"))
        given = table.get(kind)
        if isinstance(given, list) and given:
            alternatives = table.tables(kind)
            rules += [_signal_rule(kind, no, part) for no, part in enumerate(alternatives)]
        else:
            rules.append(_signal_rule(kind, None, table.table(kind, required=True)))
    return tuple(rules)


def _signal_rule(kind: str, no: int | None, table: ModelTable) -> SignalRule:
    when = table.condition("when") if "when" in table.raw else None
    if when is not None and not asks_only_the_signal(when):
        table.fault("when", _("only the signal itself may decide: its mail or data.<name>"))
    rule = SignalRule(
        kind=kind,
        weight=table.number("weight", 0.0, least=-_MOST, most=_MOST, required=True),
        no=no,
        when=when,
        cap=table.whole("cap", None, least=1, most=10_000),
        floor=table.choice("floor", ("warm", "hot"), None),
        floor_for=table.duration("floor_for"),
    )
    if rule.floor_for is not None and rule.floor is None:
        table.fault("floor_for", _("floor_for needs a floor"))
    table.done()
    return rule


def _thresholds(table: ModelTable) -> Thresholds:
    warm, of_hot = _band(table.table("warm", required=True)), table.table("hot", required=True)
    hot = _band(of_hot)
    for edge, above, below in (("rise", hot.rise, warm.rise), ("fall", hot.fall, warm.fall)):
        if above <= below:
            of_hot.fault(edge, _("hot must lie above warm ({warm})").format(warm=f"{below:g}"))
    table.done()
    return Thresholds(warm, hot)


def _band(table: ModelTable) -> Band:
    rise = table.number("rise", 1.0, least=0.01, most=_MOST, required=True)
    fall = table.number("fall", 0.5, least=0.01, most=_MOST, required=True)
    table.done()
    if fall > rise - 0.01 and "rise" in table.raw and "fall" in table.raw:
        table.fault("fall", _("fall must lie below rise"))
    return Band(rise, fall)


def _scorecard(parent: ModelTable) -> Scorecard | None:
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


def _score_rule(table: ModelTable) -> ScoreRule:
    when = table.condition("when")
    points = table.number("points", 0.0, least=-_MOST, most=_MOST, required=True)
    text = table.text("text") or (conditions.describe(when) if when else "")
    table.done()
    return ScoreRule(when or _NOTHING, points, text)


def _readiness(table: ModelTable) -> Readiness:
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


def _parts(parent: ModelTable) -> Parts:
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


def _requirements(table: ModelTable) -> Requirements:
    require = Requirements(
        table.choice("temperature", TEMPERATURES, None), table.choice("grade", GRADES, None)
    )
    table.done()
    return require


def _need(parent: ModelTable) -> tuple[NeedRule, ...]:
    if parent.get("need") is None:
        return DEFAULT_NEED
    return tuple(_need_rule(table) for table in parent.tables("need"))


def _need_rule(table: ModelTable) -> NeedRule:
    when = table.condition("when")
    share = table.number("share", 0.0, least=1, most=100, required=True)
    text = table.text("text") or (conditions.describe(when) if when else "")
    table.done()
    return NeedRule(when or _NOTHING, share, text)


def _data(parent: ModelTable) -> DataPolicy:
    if parent.get("data") is None:
        return DEFAULT_DATA
    table = parent.table("data")
    grades = table.table("grades", required=True)
    a, b, c = (grades.number(grade, 0.0, least=0, most=100, required=True) for grade in GRADES)
    grades.done()
    fields = table.names("fields")
    table.done()
    return DataPolicy(a, b, c, fields)
