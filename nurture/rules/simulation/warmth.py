"""The heat of one simulated lead under one model: the arithmetic of rating, on values in memory."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from nurture.rules import caps, heat, temperature
from nurture.rules.caps import Bucket, RatedSignal
from nurture.rules.facts import SignalFact
from nurture.rules.heat import Heat
from nurture.rules.model import HeatModel
from nurture.rules.simulation.values import Warm

_NOTHING = Warm()


class Warmth:
    """Changes as signals come and time goes by. `known`: whether the lead was ever rated."""

    __slots__ = (
        "buckets",
        "due_at",
        "floors",
        "half_life_s",
        "heat",
        "known",
        "level",
        "model",
        "temperature",
        "watched",
    )

    def __init__(self, model: HeatModel, begin: Warm | None) -> None:
        start = begin or _NOTHING
        self.model = model
        self.half_life_s = model.half_life_s
        self.known = begin is not None
        self.watched: datetime | None = None
        self.heat: Heat = start.heat
        self.level, self.temperature = start.level, start.temperature
        self.floors, self.due_at = start.floors, start.due_at
        self.buckets: dict[tuple[str, object], Bucket] = dict(start.buckets)

    def value(self, now: datetime) -> float:
        """As rules see it between two judgements."""
        return heat.log2_value(self.heat.net, now, self.half_life_s) if self.known else 0.0

    def worth(self, now: datetime) -> float:
        """Rounded, as judging compares it."""
        return heat.value(self.heat, now, self.half_life_s)

    def count(self, signals: Sequence[SignalFact], first: int, now: datetime) -> bool:
        """Take in new signals, numbered from `first`; whether the temperature changed."""
        rated = [
            one
            for no, signal in enumerate(signals, first)
            if (
                one := caps.rated(
                    self.model, UUID(int=no), signal.occurred_at, signal.kind, signal.mail, signal.data
                )
            )
        ]
        if not rated:
            return self.cool(now) if self.known else False
        self.known = True
        for one in rated:
            if one.rule.weight:
                self._add(one)
        self.floors = temperature.join(self.floors, temperature.floors_of(rated, self.model))
        stored = self.due_at
        changed = self.cool(now)
        # A due time that a signal has pushed back stays, as rating leaves it.
        if stored is not None and (self.due_at is None or stored < self.due_at):
            self.due_at = stored
        return changed

    def cool(self, now: datetime) -> bool:
        """What this moment makes of the heat; whether the temperature changed."""
        if not self.known:
            return False
        state = temperature.judge(self.level, self.heat, self.floors, self.model, now)
        changed = state.temperature != self.temperature
        self.level, self.temperature, self.due_at = state.level, state.temperature, state.due_at
        return changed

    def _add(self, one: RatedSignal) -> None:
        key = (one.rule.key, one.day)
        grown = caps.add(self.buckets.get(key, Bucket()), [one], self.half_life_s)
        # Signals come in the order of time: none displaces another.
        if grown is not None:
            self.buckets[key], added = grown
            self.heat = self.heat.plus(added)
