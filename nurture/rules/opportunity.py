"""The temperature of an opportunity: what the lead has done since the date was set.

Heat is a sum that fades evenly (rules/heat.py), so what came after a moment is what there is now less what
there was then, both faded to now.
"""

from datetime import datetime

from nurture.rules.heat import NOTHING, log2_value
from nurture.rules.model import HeatModel
from nurture.rules.temperature import level


def heat_since(before: float | None, now_log2: float | None, model: HeatModel, now: datetime) -> float:
    """The heat of signals since `before` was stored; both are net logs of the model, None for no heat.
    Signals that were undone since can make it less than nothing came: then it is 0."""
    total = log2_value(NOTHING if now_log2 is None else now_log2, now, model.half_life_s)
    old = log2_value(NOTHING if before is None else before, now, model.half_life_s)
    return round(max(0.0, total - old), 6)


def temperature_of(heat: float, model: HeatModel) -> str:
    """Cold, warm or hot by the thresholds at which a lead rises."""
    return level("cold", heat, model.thresholds)
