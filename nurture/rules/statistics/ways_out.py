"""How runs leave steps and chains: gone on, come to the goal, or lost on the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from nurture.rules.chain import EDITED, GOAL_MET, OVER, WAY
from nurture.rules.chain.values import DONE, EXIT, NEXT

Fate = Literal["on", "goal", "over", "done", "edited", "out"]
_FATES: Mapping[str, Fate] = {
    NEXT: "on",
    WAY: "on",
    OVER: "over",
    GOAL_MET: "goal",
    DONE: "done",
    EXIT: "done",
    EDITED: "edited",
}


@dataclass(frozen=True, slots=True)
class Exits:
    """So many left, by what it means: went `on` in the chain, met the `goal`, changed `over` to another
    chain, came to the end or to a step that says so (`done`), were moved by an edit (`edited`), or went
    `out`: the drop."""

    on: int = 0
    goal: int = 0
    over: int = 0
    done: int = 0
    edited: int = 0
    out: int = 0

    @property
    def all(self) -> int:
        return self.on + self.goal + self.over + self.done + self.edited + self.out


def fate_of(how: str) -> Fate:
    """What it means to leave in this way."""
    return _FATES.get(how.partition(":")[0], "out")


def sorted_out(counts: Mapping[str, int]) -> Exits:
    """Numbers by how they left, put together by what that means."""
    sums: dict[Fate, int] = {}
    for how, n in counts.items():
        fate = fate_of(how)
        sums[fate] = sums.get(fate, 0) + n
    return Exits(**sums)
