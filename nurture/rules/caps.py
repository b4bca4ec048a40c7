"""Caps as a function of the set: per rule and UTC day the earliest signals count.

Because the n earliest by (occurred_at, id) count, whatever order they arrive in, replaying them in
another order gives the same day. A day is kept as a bucket, so that a signal below the cap is added
without looking at the others.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from nurture.rules import heat
from nurture.rules.conditions import holds
from nurture.rules.facts import Facts
from nurture.rules.heat import NO_HEAT, Heat
from nurture.rules.model import HeatModel, SignalRule
from nurture.rules.model.values import signal_names

_NOBODY = Facts(lead_id=0)

Place = tuple[datetime, UUID]


# A tuple: one is made for each signal.
class RatedSignal(NamedTuple):
    """One human signal under the rule that it falls under. `at` is UTC."""

    id: UUID
    at: datetime
    rule: SignalRule

    @property
    def day(self) -> date:
        return self.at.astimezone(UTC).date()

    @property
    def place(self) -> Place:
        """Where it stands among its day's signals."""
        return (self.at, self.id)


@dataclass(frozen=True, slots=True)
class Bucket:
    """The signals of one rule and day that count: how many, their sum, the place of the last one."""

    count: int = 0
    heat: Heat = NO_HEAT
    last: Place | None = None


def rated(
    model: HeatModel, id: UUID, at: datetime, kind: str, mail: str | None, data: Mapping[str, Any]
) -> RatedSignal | None:
    """The signal under the first rule of its kind that holds of it; None if the model knows none."""
    return rated_by(model.rules_of(kind), id, at, mail, data)


def rated_by(
    rules: Iterable[SignalRule], id: UUID, at: datetime, mail: str | None, data: Mapping[str, Any]
) -> RatedSignal | None:
    """The same, where the rules of its kind are at hand."""
    for rule in rules:
        if rule.when is None or holds(rule.when, _NOBODY, at, signal_names(data, mail)):
            return RatedSignal(id, at, rule)
    return None


def counted(signals: Iterable[RatedSignal]) -> list[RatedSignal]:
    """Those that count, in order of time."""
    days: dict[tuple[str, date], list[RatedSignal]] = defaultdict(list)
    for signal in signals:
        days[signal.rule.key, signal.day].append(signal)
    kept = [signal for day in days.values() for signal in _earliest(day, day[0].rule.cap)]
    return sorted(kept, key=lambda signal: signal.place)


def fill(signals: Iterable[RatedSignal], half_life_s: float) -> Bucket:
    """The bucket of one rule and day from all its signals."""
    known = list(signals)
    if not known:
        return Bucket()
    kept = _earliest(known, known[0].rule.cap)
    return put(Bucket(), kept, half_life_s)[0]


def taken(bucket: Bucket, arrivals: Sequence[RatedSignal]) -> Sequence[RatedSignal] | None:
    """Those of new signals that count, without the old ones at hand; None where a late arrival displaces
    one that counted, so that the bucket must be filled anew."""
    cap = arrivals[0].rule.cap
    if cap is None or bucket.count + len(arrivals) <= cap:
        return arrivals
    if bucket.last is not None and min(one.place for one in arrivals) < bucket.last:
        return None
    return _earliest(arrivals, cap - bucket.count)


def add(bucket: Bucket, arrivals: Sequence[RatedSignal], half_life_s: float) -> tuple[Bucket, Heat] | None:
    """The bucket with new signals in it and the heat they bring; None where it must be filled anew."""
    counting = taken(bucket, arrivals)
    return None if counting is None else put(bucket, counting, half_life_s)


def put(bucket: Bucket, signals: Sequence[RatedSignal], half_life_s: float) -> tuple[Bucket, Heat]:
    """The bucket with these counted in it, and the heat they bring."""
    if not signals:
        return bucket, NO_HEAT
    added = heat.total([heat.of_signal(one.rule.weight, one.at, half_life_s) for one in signals])
    last = signals[0].place if len(signals) == 1 else max([one.place for one in signals])
    grown = Bucket(
        count=bucket.count + len(signals),
        heat=bucket.heat.plus(added),
        last=last if bucket.last is None else max(last, bucket.last),
    )
    return grown, added


def _earliest(signals: Iterable[RatedSignal], cap: int | None) -> list[RatedSignal]:
    return sorted(signals, key=lambda signal: signal.place)[: cap if cap is None else max(cap, 0)]
