"""Temperature: the level of heat with its hysteresis, lifted by floors that have not run out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from nurture.rules import heat
from nurture.rules.caps import RatedSignal
from nurture.rules.heat import NO_HEAT, TOLERANCE, Heat
from nurture.rules.model import HeatModel, Thresholds
from nurture.rules.model.values import TEMPERATURES

_RANK = {name: rank for rank, name in enumerate(TEMPERATURES)}


@dataclass(frozen=True, slots=True)
class Floors:
    """Until when signals hold a lead at least warm, at least hot."""

    warm_until: datetime | None = None
    hot_until: datetime | None = None

    def lowest(self, now: datetime) -> str:
        """The temperature below which the lead cannot be now."""
        if self.hot_until is not None and self.hot_until > now:
            return "hot"
        return "warm" if self.warm_until is not None and self.warm_until > now else "cold"


NO_FLOORS = Floors()


class State(NamedTuple):
    """A lead's temperature at a moment: `level` by heat alone, `due_at` when silence next changes it, `worth`
    the heat itself."""

    level: str
    temperature: str
    due_at: datetime | None
    worth: float


def higher(one: str, other: str) -> str:
    return max(one, other, key=_RANK.__getitem__)


def at_least(temperature: str, wanted: str) -> bool:
    return _RANK[temperature] >= _RANK[wanted]


def level(before: str, worth: float, thresholds: Thresholds) -> str:
    """What a heat says after `before`: it rises at `rise`, and falls only at `fall`. Within 1e-6 of a
    threshold counts as crossed."""
    warm, hot = thresholds.warm, thresholds.hot
    if worth >= hot.rise - TOLERANCE or (before == "hot" and worth > hot.fall + TOLERANCE):
        return "hot"
    if worth >= warm.rise - TOLERANCE or (before != "cold" and worth > warm.fall + TOLERANCE):
        return "warm"
    return "cold"


def rests_on_the_past(worth: float, thresholds: Thresholds) -> bool:
    """Whether a heat means one level for who has cooled to it, another for who has warmed to it."""
    return level("cold", worth, thresholds) != level("hot", worth, thresholds)


def floors_of(signals: Iterable[RatedSignal], model: HeatModel) -> Floors:
    """The floors that signals set, whatever their order."""
    ends: dict[str, datetime] = {}
    for signal in signals:
        if signal.rule.floor is not None:
            end = signal.at + model.floor_span(signal.rule)
            ends[signal.rule.floor] = max(end, ends.get(signal.rule.floor, end))
    if not ends:
        return NO_FLOORS
    return Floors(ends.get("warm"), ends.get("hot"))


def join(one: Floors, other: Floors) -> Floors:
    """The later end of each floor."""
    if one is NO_FLOORS or other is NO_FLOORS:
        return other if one is NO_FLOORS else one
    return Floors(_later(one.warm_until, other.warm_until), _later(one.hot_until, other.hot_until))


def judge(before: str, warmth: Heat, floors: Floors, model: HeatModel, now: datetime) -> State:
    """The temperature at `now`, after the level `before`, and when silence changes it."""
    worth = heat.value(warmth, now, model.half_life_s)
    now_level = level(before, worth, model.thresholds)
    due_at = _due(now_level, warmth, floors, model, now)
    if floors is NO_FLOORS:
        return State(now_level, now_level, due_at, worth)
    return State(now_level, higher(now_level, floors.lowest(now)), due_at, worth)


def cools_at(now_level: str, warmth: Heat, model: HeatModel, now: datetime) -> datetime | None:
    """When the level falls by silence; None when it is cold."""
    if now_level == "cold":
        return None
    band = model.thresholds.hot if now_level == "hot" else model.thresholds.warm
    at = heat.cool_at(warmth.net, band.fall, model.half_life_s)
    return None if at is None else max(at, now + timedelta(seconds=1))


def replay(signals: Iterable[RatedSignal], model: HeatModel, now: datetime) -> str:
    """The level that counted signals, oldest first, lead to at `now`, had no other ever been."""
    found, warmth = climb("cold", NO_HEAT, signals, model)
    return level(found, heat.value(warmth, now, model.half_life_s), model.thresholds)


def climb(
    before: str,
    warmth: Heat,
    signals: Iterable[RatedSignal],
    model: HeatModel,
    *,
    judged_at: datetime | None = None,
) -> tuple[str, Heat]:
    """The level and heat after counted signals, oldest first, each judged at its own moment, however much
    later it is rated: a signal worth as much as a threshold crosses it. One from before the lead was last
    judged (`judged_at`) is looked at as of then: what the lead was like in between is not known here."""
    found, half_life_s = before, model.half_life_s
    for signal in signals:
        at = signal.at if judged_at is None else max(signal.at, judged_at)
        found = level(found, heat.value(warmth, at, half_life_s), model.thresholds)
        warmth = warmth.plus(heat.of_signal(signal.rule.weight, signal.at, half_life_s))
        found = level(found, heat.value(warmth, at, half_life_s), model.thresholds)
    return found, warmth


def stays_cold(before: str, total: Heat, since: datetime, model: HeatModel) -> bool:
    """Whether no moment after `since` can have warmed a lead whose heat became `total` by signals from then
    on: at any of them it was worth at most what all that is positive in it would have been worth at first."""
    least = min(model.thresholds.warm.rise, model.thresholds.hot.rise)
    return before == "cold" and heat.log2_value(total.pos, since, model.half_life_s) < least - 3 * TOLERANCE


def remembered_since(model: HeatModel, now: datetime) -> datetime:
    """Signals before this neither warm at `now` nor hold a floor any more."""
    return min(heat.remembered_since(now, model.half_life_s), now - model.longest_floor)


def _due(now_level: str, warmth: Heat, floors: Floors, model: HeatModel, now: datetime) -> datetime | None:
    cooling = cools_at(now_level, warmth, model, now)
    if floors is NO_FLOORS:
        return cooling
    ends = [("warm", floors.warm_until), ("hot", floors.hot_until)]
    lifted = [until for name, until in ends if until and until > now and _RANK[name] > _RANK[now_level]]
    return min([*lifted, *([cooling] if cooling else [])], default=None)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(filter(None, (one, other)), default=None)
