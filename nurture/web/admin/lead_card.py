"""What the lead card draws: heat as it was and will be, readiness by its parts, the steps ahead."""

from collections.abc import Callable
from datetime import datetime

from nurture.rules import heat
from nurture.rules.model import HeatModel


def heat_reader(model: HeatModel | None, now: datetime) -> Callable[[float | None], float]:
    """What a stored net log is worth now, under the default model."""
    if model is None:
        return lambda _log: 0.0
    half_life = model.half_life_s
    return lambda log: heat.log2_value(heat.NOTHING if log is None else log, now, half_life)
