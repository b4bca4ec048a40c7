"""The key of every step: written, or its mail's, or counted by kind (wait-1, wait-2, branch-1)."""

from collections.abc import Iterator, Mapping
from typing import Any

from nurture.rules.conditions.faults import Path

# The kinds of steps, by the word that tells them apart.
KINDS = (
    "send", "wait", "wait_until", "wait_for", "branch", "split", "holdout", "goto", "hand_over", "exit",
    "tag", "set", "signal", "notify", "webhook",
)  # fmt: skip


def kind_of(raw: object) -> str | None:
    """The kind of a raw step; None when none or several of the words stand in it."""
    kinds = [kind for kind in KINDS if isinstance(raw, Mapping) and kind in raw]
    return kinds[0] if len(kinds) == 1 else None


def keys_of(raw_steps: object, path: Path) -> dict[Path, str]:
    """The key of every step of a chain by the path at which it stands. Malformed steps are passed over;
    written and mails' keys may be doubled, counted ones never are."""
    steps = list(_walk(raw_steps, path))
    keys = {at: key for at, raw in steps if (key := _given(raw)) is not None}
    taken = set(keys.values())
    for at, raw in steps:
        if at not in keys:
            keys[at] = _counted((kind_of(raw) or "step").replace("_", "-"), taken)
    return keys


def is_written(raw: Any) -> bool:
    return isinstance(raw.get("key"), str)


def _given(raw: Mapping[str, Any]) -> str | None:
    given = raw.get("key", raw.get("send"))
    return given if isinstance(given, str) else None


def _counted(kind: str, taken: set[str]) -> str:
    no = 1
    while f"{kind}-{no}" in taken:
        no += 1
    taken.add(f"{kind}-{no}")
    return f"{kind}-{no}"


def _walk(raw_steps: object, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for at, raw in enumerate(raw_steps if isinstance(raw_steps, list) else []):
        if isinstance(raw, Mapping):
            yield (*path, at), raw
            for name, block in inner(raw):
                yield from _walk(block, (*path, at, *name))


def inner(raw: Mapping[str, Any]) -> Iterator[tuple[Path, object]]:
    """The raw lists of steps inside a raw step, with the path from the step to each."""
    for name in _named_blocks(raw):
        if name in raw:
            yield (name,), raw[name]
    arms = raw.get("branch")
    for at, arm in enumerate(arms if isinstance(arms, list) else []):
        if isinstance(arm, Mapping) and "steps" in arm:
            yield ("branch", at, "steps"), arm["steps"]


def _named_blocks(raw: Mapping[str, Any]) -> tuple[str, ...]:
    if "wait_for" in raw:
        return ("then", "else")
    return ("else",) if "wait_until" in raw else arms_of(raw)


def arms_of(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the ways of a raw split: those that have a weight, then those that only have steps."""
    split = raw.get("split")
    if split is None:
        return ()
    weights = split.get("weights") if isinstance(split, Mapping) else None
    weighed = [name for name in weights if isinstance(name, str)] if isinstance(weights, Mapping) else []
    beside = [name for name in raw if name not in ("split", "key", *KINDS, *weighed)]
    return (*weighed, *beside)
