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
    new, place = set(after), 0
    rest = [name for name in before if name in kept or name not in new]
    while place < len(rest) and rest[place] not in kept:
        yield rest[place], False
        place += 1
    for name in after:
        yield name, True
        if name in kept:
            place += 1
            while place < len(rest) and rest[place] not in kept:
                yield rest[place], False
                place += 1
