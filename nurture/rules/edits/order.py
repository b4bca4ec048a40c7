"""Two orders of the same things: what kept its place, and one list of both to read."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence


def kept_in_order(before: Sequence[str], after: Sequence[str]) -> frozenset[str]:
    """The most things that stand in the same order in both, which hold the same things: the longest
    increasing subsequence (Fredman 1975). All others were moved."""
    place = {name: at for at, name in enumerate(before)}
    lasts: list[int] = []
    last_names: list[str] = []
    came_after: dict[str, str | None] = {}
    for name in after:
        at = bisect_left(lasts, place[name])
        came_after[name] = last_names[at - 1] if at else None
        if at == len(lasts):
            lasts.append(place[name])
            last_names.append(name)
        else:
            lasts[at], last_names[at] = place[name], name
    kept: set[str] = set()
    name_or_end: str | None = last_names[-1] if last_names else None
    while name_or_end is not None:
        kept.add(name_or_end)
        name_or_end = came_after[name_or_end]
    return frozenset(kept)


def merged(before: Sequence[str], after: Sequence[str], kept: frozenset[str]) -> Iterator[tuple[str, bool]]:
    """Everything of both once: (name, it is in `after`). What is gone stands where it was, what is new or
    moved where it is."""
    new = set(after)
    rest = iter([name for name in before if name in kept or name not in new])
    waiting = next(rest, None)
    for name in after:
        if name in kept:
            while waiting is not None and waiting != name:
                yield waiting, False
                waiting = next(rest, None)
            waiting = next(rest, None)
        yield name, True
    while waiting is not None:
        yield waiting, False
        waiting = next(rest, None)
