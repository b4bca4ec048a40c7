"""The outline of a chain, edited: steps added, moved, changed and taken out in the plain form of a program.

Everything here takes a plain program with the key of every step written out and gives a new one; nothing
is checked beyond what the edit itself needs, so that a half-finished draft can be worked on."""

import copy
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nurture.errors import Invalid, NotFound
from nurture.rules.program.keys import arms_of, inner, kind_of
from nurture.rules.program.kinds import kind
from nurture.rules.whole import whole
from nurture.rules.words import _

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A list of steps: that of a chain (`step` ""), or the way of a step named as `inner` paths are joined
    (then, branch.0, a)."""

    step: str = ""
    way: str = ""

    def __str__(self) -> str:
        return f"{self.step}/{self.way}" if self.step else ""

    @staticmethod
    def read(text: str) -> "Place":
        step, _slash, way = text.partition("/")
        return Place(step, way)


def steps_of(program: Mapping[str, Any], temperature: str) -> list[Any]:
    """The raw steps of a chain; NotFound without one."""
    chain = (program.get("chains") or {}).get(temperature)
    steps = chain.get("steps") if isinstance(chain, Mapping) else None
    if not isinstance(chain, Mapping):
        raise NotFound(_("There is no such chain."))
    return steps if isinstance(steps, list) else []


def walk(steps: list[Any], place: Place = Place()) -> Iterator[tuple[Place, list[Any], int, Plain]]:
    """Every raw step with its place, the list it stands in and its index."""
    for at, raw in enumerate(steps):
        if isinstance(raw, dict):
            yield place, steps, at, raw
            for path, block in inner(raw):
                if isinstance(block, list):
                    yield from walk(block, Place(str(raw.get("key", "")), way_name(path)))


def way_name(path: tuple[str | int, ...]) -> str:
    """A way by its name: then, branch.0, a."""
    return ".".join(str(part) for part in path if part != "steps")


def find(program: Mapping[str, Any], temperature: str, key: str) -> tuple[Place, list[Any], int, Plain]:
    """A step by its key, and where it stands. NotFound."""
    for found in walk(steps_of(program, temperature)):
        if found[3].get("key") == key:
            return found
    raise NotFound(_('The {chain} chain has no step "{step}".').format(chain=temperature, step=key))


def keys_in(program: Mapping[str, Any], temperature: str) -> list[str]:
    """The keys of a chain from top to bottom."""
    return [str(raw.get("key", "")) for _place, _list, _at, raw in walk(steps_of(program, temperature))]


def add(
    program: Mapping[str, Any],
    temperature: str,
    step: Plain,
    *,
    place: Place,
    after: str = "",
    avoid: Collection[str] = (),
) -> tuple[Plain, str]:
    """The program with a new step behind `after` of a place, or at its top; and the key it got: none of
    the chain's, and none of `avoid`, at which leads may stand."""
    made = _copied(program)
    key = fresh_key(step, {*keys_in(made, temperature), *avoid})
    target = _list_at(made, temperature, place)
    at = next((n + 1 for n, raw in enumerate(target) if after and raw.get("key") == after), 0)
    target.insert(at, {**step, "key": key})
    return made, key


def remove(program: Mapping[str, Any], temperature: str, key: str) -> Plain:
    """The program without a step and all inside it."""
    made = _copied(program)
    _place, steps, at, _raw = find(made, temperature, key)
    steps.pop(at)
    return made


def put(program: Mapping[str, Any], temperature: str, key: str, step: Plain) -> Plain:
    """The program with a step said anew; its key stays."""
    made = _copied(program)
    _place, steps, at, _raw = find(made, temperature, key)
    steps[at] = {**step, "key": key}
    return made


def move(program: Mapping[str, Any], temperature: str, key: str, by: int) -> Plain:
    """The program with a step one up (-1) or down (+1); from the end of a way it goes out of it."""
    made = _copied(program)
    place, steps, at, raw = find(made, temperature, key)
    steps.pop(at)
    if 0 <= at + by <= len(steps):
        steps.insert(at + by, raw)
        return made
    if not place.step:
        return _copied(program)
    _outer, outside, holder, _parent = find(made, temperature, place.step)
    outside.insert(holder if by < 0 else holder + 1, raw)
    return made


def move_to(
    program: Mapping[str, Any], temperature: str, key: str, *, place: Place, after: str = ""
) -> Plain:
    """The program with a step behind `after` of another place, or at its top. Invalid into itself."""
    made = _copied(program)
    _place, steps, at, raw = find(made, temperature, key)
    inside = {one.get("key") for _p, _l, _a, one in walk([raw])}
    if place.step in inside or after in inside:
        raise Invalid(_("A step cannot move into itself."))
    steps.pop(at)
    target = _list_at(made, temperature, place)
    target.insert(next((n + 1 for n, one in enumerate(target) if after and one.get("key") == after), 0), raw)
    return made


def places(program: Mapping[str, Any], temperature: str) -> list[Place]:
    """Every list of steps of a chain: its own, and each way."""
    found = [Place()]
    for _place, _list, _at, raw in walk(steps_of(program, temperature)):
        found += [Place(str(raw.get("key", "")), way) for way, _block in ways_of(raw)]
    return found


def ways_of(raw: Mapping[str, Any]) -> list[tuple[str, list[Any]]]:
    """The ways out of a raw step by name with their steps, those not written yet too."""
    found = {way_name(path): block if isinstance(block, list) else [] for path, block in inner(raw)}
    word = kind_of(raw)
    for block in kind(word).blocks if word is not None else ():
        inside = raw.get(word or "")
        has = block.at == "then" or "wait_for" in raw or (isinstance(inside, Mapping) and "field" in inside)
        if block.shape == "steps" and has:
            found.setdefault(block.at, [])
    for at, arm in enumerate(raw["branch"] if isinstance(raw.get("branch"), list) else []):
        if isinstance(arm, Mapping):
            found.setdefault(f"branch.{at}", [])
    for name in arms_of(raw):
        found.setdefault(name, [])
    return sorted(found.items(), key=lambda way: _place_of_way(way[0]))


def _place_of_way(way: str) -> tuple[int, str]:
    name, _dot, no = way.partition(".")
    if (number := whole(no)) is not None:
        return number, ""
    return {"then": 0, "else": 1}.get(name, 2), name


def fresh_key(step: Plain, taken: Collection[str]) -> str:
    """A key that is not taken: that of its mail, or counted by kind."""
    mail = step.get("send")
    base = mail if isinstance(mail, str) and mail else (kind_of(step) or "step").replace("_", "-")
    if base == mail and base not in taken:
        return base
    no = 1 if base != mail else 2
    while f"{base}-{no}" in taken:
        no += 1
    return f"{base}-{no}"


def add_way(program: Mapping[str, Any], temperature: str, key: str) -> Plain:
    """A branch gets a way in front of its else, a split one more arm."""
    made = _copied(program)
    raw = find(made, temperature, key)[3]
    if isinstance(raw.get("branch"), list):
        ways = raw["branch"]
        last = bool(ways) and isinstance(ways[-1], dict) and "else" in ways[-1]
        ways.insert(len(ways) - last, {"when": {"temperature": "warm"}, "steps": []})
    elif isinstance(raw.get("split"), dict):
        weights = raw["split"].setdefault("weights", {})
        name = next(name for name in "abcdefghijklmnopqrstuvwxyz" if name not in arms_of(raw))
        weights[name] = 50
        raw[name] = []
    return made


def drop_way(program: Mapping[str, Any], temperature: str, key: str, way: str) -> Plain:
    """A way of a branch or a split goes, with the steps on it."""
    made = _copied(program)
    raw = find(made, temperature, key)[3]
    name, _dot, no = way.partition(".")
    if name == "branch" and (number := whole(no)) is not None and isinstance(raw.get("branch"), list):
        del raw["branch"][number : number + 1]
    elif name in arms_of(raw):
        raw.pop(name, None)
        raw["split"].get("weights", {}).pop(name, None)
    return made


def _list_at(program: Plain, temperature: str, place: Place) -> list[Any]:
    """The list of a place, made where it is missing."""
    if not place.step:
        chain = program["chains"][temperature]
        if not isinstance(chain.get("steps"), list):
            chain["steps"] = []
        steps: list[Any] = chain["steps"]
        return steps
    holder: Any = find(program, temperature, place.step)[3]
    name, _dot, no = place.way.partition(".")
    if name == "branch":
        ways = holder["branch"]
        number = whole(no)
        if number is None or number >= len(ways):
            raise NotFound(_("There is no such way."))
        holder, name = ways[number], "steps"
    if not isinstance(holder.get(name), list):
        holder[name] = []
    found: list[Any] = holder[name]
    return found


def _copied(program: Mapping[str, Any]) -> Plain:
    return copy.deepcopy(dict(program))
