"""Heat worked out from its law alone, in decimals of fifty digits, with nothing of the program's arithmetic:
each signal with what it weighs by now, the earliest of a kind and UTC day, the level's way over time."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from typing import Any
from uuid import UUID

DIGITS = Context(prec=50)
HALF = Decimal("0.5")
EDGE = Decimal("1e-6")


@dataclass(frozen=True)
class Happened:
    """A human signal."""

    id: UUID
    at: datetime
    kind: str


@dataclass(frozen=True)
class Law:
    """A model as its file says it, with one rule for each kind."""

    half_life: timedelta
    signals: dict[str, dict[str, Any]]
    temperature: dict[str, dict[str, float]]

    def counting(self, seen: Sequence[Happened]) -> list[Happened]:
        """Those within their caps, oldest first."""
        days: dict[tuple[str, object], list[Happened]] = defaultdict(list)
        for one in sorted(seen, key=lambda one: (one.at, one.id)):
            days[one.kind, one.at.astimezone(UTC).date()].append(one)
        kept = [one for (kind, _day), found in days.items() for one in found[: self.signals[kind].get("cap")]]
        return sorted(kept, key=lambda one: (one.at, one.id))

    def sums(self, seen: Sequence[Happened], now: datetime) -> tuple[Decimal, Decimal]:
        """What warms, and what cools."""
        worths = [self._worth(one, now) for one in self.counting(seen)]
        warms = sum((worth for worth in worths if worth > 0), Decimal())
        return warms, -sum((worth for worth in worths if worth < 0), Decimal())

    def level(self, seen: Sequence[Happened], now: datetime) -> str:
        """Where the heat has led to, looked at just before and after each signal."""
        found, counting = "cold", self.counting(seen)
        for number, one in enumerate(counting):
            found = self._after(found, counting[:number], one.at)
            found = self._after(found, counting[: number + 1], one.at)
        return self._after(found, counting, now)

    def warm_until(self, seen: Sequence[Happened]) -> datetime | None:
        """The end of the floor at warm; it holds for one half-life."""
        floored = [one.at for one in seen if self.signals[one.kind].get("floor") == "warm"]
        return max(floored) + self.half_life if floored else None

    def _after(self, before: str, counting: Sequence[Happened], now: datetime) -> str:
        heat = max(sum((self._worth(one, now) for one in counting), Decimal()), Decimal())
        warm, hot = self.temperature["warm"], self.temperature["hot"]
        if heat >= Decimal(hot["rise"]) - EDGE or (before == "hot" and heat > Decimal(hot["fall"]) + EDGE):
            return "hot"
        if heat >= Decimal(warm["rise"]) - EDGE or (before != "cold" and heat > Decimal(warm["fall"]) + EDGE):
            return "warm"
        return "cold"

    def _worth(self, one: Happened, now: datetime) -> Decimal:
        age = DIGITS.divide(_seconds(now - one.at), _seconds(self.half_life))
        return DIGITS.multiply(Decimal(str(self.signals[one.kind]["weight"])), DIGITS.power(HALF, age))


def _seconds(span: timedelta) -> Decimal:
    return Decimal(span // timedelta(microseconds=1)) / 1_000_000
