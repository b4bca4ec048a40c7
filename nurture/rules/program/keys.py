"""The key of every step: written, or its mail's, or counted by kind (wait-1, wait-2, branch-1)."""

from collections.abc import Iterator, Mapping
from typing import Any

from nurture.rules.conditions.faults import Path

# The kinds of steps, by the word that tells them apart.
KINDS = (
    "send", "wait", "wait_until", "wait_for", "branch", "goto", "hand_over", "exit", "tag", "set",
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
    for name in ("then", "else"):
        if "wait_for" in raw and name in raw:
            yield (name,), raw[name]
    arms = raw.get("branch")
    for at, arm in enumerate(arms if isinstance(arms, list) else []):
        if isinstance(arm, Mapping) and "steps" in arm:
            yield ("branch", at, "steps"), arm["steps"]
