"""How warm a company is: what its contacts do, added up by the laws of heat."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from nurture.rules import heat
from nurture.rules.model import HeatModel
from nurture.rules.temperature import higher, level


@dataclass(frozen=True, slots=True)
class CompanyHeat:
    """`net` is the log of the sum of the contacts' heat (rules/heat), `due_at` when silence alone makes the
    company cooler."""

    net: float
    temperature: str
    due_at: datetime | None


def warm(
    before: str, nets: Iterable[float], temperatures: Sequence[str], model: HeatModel, now: datetime
) -> CompanyHeat:
    """What contacts with these net logs and temperatures make of a company that was `before`. The heat of a
    company is the sum of theirs, each of which is never below zero: one who leaves cools nobody else. It is
    as warm as that sum says, by the thresholds of the model, and at least as warm as its warmest contact."""
    net = heat.log2_sum(nets)
    worth = round(heat.log2_value(net, now, model.half_life_s), 6)
    by_heat = level(before, worth, model.thresholds)
    found = by_heat
    for one in temperatures:
        found = higher(found, one)
    return CompanyHeat(net, found, _cools_at(by_heat, net, model, now))


def _cools_at(by_heat: str, net: float, model: HeatModel, now: datetime) -> datetime | None:
    if by_heat == "cold":
        return None
    band = model.thresholds.hot if by_heat == "hot" else model.thresholds.warm
    at = heat.cool_at(net, band.fall, model.half_life_s)
    return None if at is None else max(at, now + timedelta(seconds=1))
