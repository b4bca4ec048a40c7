"""Whether one group does better than another: rates with their intervals, and an honest "not enough yet".

The interval of one rate is Wilson's score interval; that of a difference is built from both by method 10 of
R. G. Newcombe, "Interval estimation for the difference between independent proportions: comparison of eleven
methods", Statistics in Medicine 17 (1998), 873-890. It holds its level for small groups and for rates near
zero, where the textbook interval does not, and it never leaves -1 to 1.
"""

import math
from dataclasses import dataclass
from typing import Literal

# 95 % of a normal distribution lie within so many standard deviations.
Z = 1.959963984540054
# Below this nothing is said of a difference: chance alone would move it by many percentage points.
LEAST_LEADS = 100
# Of both groups together: one group without any tells something only beside one that has them.
LEAST_GOALS = 10

Verdict = Literal["not_enough", "better", "worse", "open"]


@dataclass(frozen=True, slots=True)
class Group:
    """`leads` of which `met` met the goal."""

    leads: int
    met: int

    @property
    def rate(self) -> float:
        return self.met / self.leads if self.leads else 0.0


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A group against another one. `difference` of the rates (0.02 = two percentage points) with its 95 %
    interval; `relative` is how much higher the rate is (0.5 = half as much again; None against zero).
    `verdict`: better or worse where the interval excludes zero, open where it does not, not_enough with the
    leads each group and the goals both still need."""

    group: Group
    against: Group
    difference: float
    interval: Interval
    relative: float | None
    verdict: Verdict
    leads_needed: int
    leads_needed_against: int
    goals_needed: int


def wilson(group: Group) -> Interval:
    """The 95 % score interval of the rate; 0 to 1 for nobody."""
    if not group.leads:
        return Interval(0.0, 1.0)
    n, p, z2 = group.leads, group.rate, Z * Z
    middle = p + z2 / (2 * n)
    spread = Z * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    whole = 1 + z2 / n
    # Rounding must not put an end beyond the rate itself, where they meet at 0 and at 1.
    return Interval(min(p, max(0.0, (middle - spread) / whole)), max(p, min(1.0, (middle + spread) / whole)))


def newcombe(group: Group, against: Group) -> Interval:
    """The 95 % interval of `group.rate - against.rate`."""
    one, other = wilson(group), wilson(against)
    d = group.rate - against.rate
    below = math.hypot(group.rate - one.low, other.high - against.rate)
    above = math.hypot(one.high - group.rate, against.rate - other.low)
    return Interval(max(-1.0, d - below), min(1.0, d + above))


def compare(group: Group, against: Group) -> Comparison:
    """Both groups must have come in by the same condition in the same time, split by chance alone."""
    interval = newcombe(group, against)
    needed = [max(0, LEAST_LEADS - one.leads) for one in (group, against)]
    goals = max(0, LEAST_GOALS - group.met - against.met)
    return Comparison(
        group=group,
        against=against,
        difference=group.rate - against.rate,
        interval=interval,
        relative=group.rate / against.rate - 1 if against.met else None,
        verdict="not_enough" if any(needed) or goals else _verdict(interval),
        leads_needed=needed[0],
        leads_needed_against=needed[1],
        goals_needed=goals,
    )


def _verdict(interval: Interval) -> Verdict:
    if interval.low > 0:
        return "better"
    return "worse" if interval.high < 0 else "open"
