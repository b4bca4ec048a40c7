"""The plain form of a model, which `read` reads as the same model."""

from typing import Any

from nurture.rules.conditions import unparse
from nurture.rules.model.values import (
    COOL_DOWN_DAYS,
    Band,
    DataPolicy,
    HeatModel,
    Readiness,
    Scorecard,
    SignalRule,
)


def plain(model: HeatModel) -> dict[str, Any]:
    """Dicts, lists and scalars, fit for JSON and YAML."""
    said: dict[str, Any] = {
        "model": model.key,
        "half_life": str(model.half_life),
        "signals": _signals(model),
        "temperature": {"warm": _band(model.thresholds.warm), "hot": _band(model.thresholds.hot)},
    }
    if model.scorecard is not None:
        said["scorecard"] = _scorecard(model.scorecard)
    return said | {"readiness": _readiness(model.readiness)}


def _signals(model: HeatModel) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for rule in model.rules:
        if rule.no is None:
            said[rule.kind] = _signal(rule)
        else:
            said.setdefault(rule.kind, []).append(_signal(rule))
    return said


def _signal(rule: SignalRule) -> dict[str, Any]:
    said: dict[str, Any] = {} if rule.when is None else {"when": unparse(rule.when)}
    said["weight"] = _number(rule.weight)
    if rule.cap is not None:
        said["cap"] = rule.cap
    if rule.floor is not None:
        said["floor"] = rule.floor
    if rule.floor_for is not None:
        said["floor_for"] = str(rule.floor_for)
    return said


def _band(band: Band) -> dict[str, Any]:
    return {"rise": _number(band.rise), "fall": _number(band.fall)}


def _scorecard(card: Scorecard) -> dict[str, Any]:
    rules = [
        {"when": unparse(rule.when), "points": _number(rule.points), "text": rule.text} for rule in card.rules
    ]
    return {"grades": {"A": _number(card.a), "B": _number(card.b)}, "rules": rules}


def _readiness(policy: Readiness) -> dict[str, Any]:
    parts = policy.parts
    beside = {"cool_down_days": policy.cool_down_days} if policy.cool_down_days != COOL_DOWN_DAYS else {}
    require = {"temperature": policy.require.temperature, "grade": policy.require.grade}
    return {
        "rise": _number(policy.rise),
        "fall": _number(policy.fall),
        "parts": {name: _number(getattr(parts, name)) for name in ("need", "activity", "data", "bant")},
        "require": {name: least for name, least in require.items() if least is not None},
        "always": [unparse(condition) for condition in policy.always],
        "need": [
            {"when": unparse(rule.when), "share": _number(rule.share), "text": rule.text}
            for rule in policy.need
        ],
        "data": _data(policy.data),
        **{name: _number(value) for name, value in beside.items()},
    }


def _data(policy: DataPolicy) -> dict[str, Any]:
    grades = {"A": _number(policy.a), "B": _number(policy.b), "C": _number(policy.c)}
    return {"grades": grades, "fields": list(policy.fields)}


def _number(number: float) -> int | float:
    return int(number) if float(number).is_integer() else number
