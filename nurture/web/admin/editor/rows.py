"""The outline of a chain as rows: each step in words, with what happens there live, what is wrong, and
what is doubtful."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nurture.files.programs import Folder
from nurture.files.yaml_lines import Fault
from nurture.flows.why import StepStats, chain_stats
from nurture.rules import program as rules
from nurture.rules import why
from nurture.rules.conditions import ConditionFault, describe, parse
from nurture.rules.conditions import Fault as ReadFault
from nurture.rules.edits import outline
from nurture.rules.edits.outline import Place
from nurture.rules.program.keys import kind_of
from nurture.rules.program.kinds import steps as kinds
from nurture.rules.whole import whole
from nurture.rules.words import _
from nurture.store import programs
from nurture.web import rendering
from nurture.web.admin.step_words import in_words

TOP = Place()
# (temperature, key) of a step.
At = tuple[str, str]


@dataclass(frozen=True)
class Problems:
    """What is wrong at each step and elsewhere, and what is only doubtful and keeps nobody from publishing;
    `misread` are the steps that do not say what a step of their kind says, so that what was read of them
    tells nothing."""

    at_steps: Mapping[At, list[str]]
    elsewhere: list[str]
    doubts: Mapping[At, list[str]]
    doubts_elsewhere: list[str]
    misread: frozenset[At]


@dataclass(frozen=True)
class Row:
    """A step (`key`, of a kind `word`), or a way out of one (`way`). `place` is the list the row stands in,
    for a way the list behind it; `empty` tells that nothing stands on the way; `past` says who takes none of
    the ways of a step."""

    depth: int
    key: str = ""
    word: str = ""
    icon: str = ""
    title: str = ""
    mail: str = ""
    stats: StepStats | None = None
    sentence: str = ""
    problems: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    place: Place = TOP
    way: str = ""
    empty: bool = False
    past: str = ""

    def counted(self, what: str) -> int:
        return self.stats.counts.get(what, 0) if self.stats else 0

    @property
    def waiting(self) -> int:
        return max(0, self.counted("entered") - self.counted("left"))


def rows(folder: Folder, temperature: str, stats: Mapping[str, StepStats], wrong: Problems) -> list[Row]:
    """The chain from top to bottom."""
    chain = folder.program.chains.get(temperature) if folder.program is not None else None
    known = dict(chain.by_key) if chain is not None else {}
    icons = {one.word: (one.icon, one.label) for one in kinds()}
    mails = {key: (0, mail.name) for key, mail in folder.mails.items()}

    def lines(steps: Sequence[Any], depth: int, place: Place) -> Iterator[Row]:
        for raw in steps:
            if not isinstance(raw, dict):
                continue
            key = str(raw.get("key", ""))
            word = kind_of(raw) or ""
            icon, title = icons.get(word, ("alert-triangle", _("No such step")))
            if key in known and (temperature, key) not in wrong.misread:
                icon, title = in_words(known[key], mails)
            found = stats.get(key)
            yield Row(
                depth=depth,
                key=key,
                word=word,
                icon=icon,
                title=title,
                mail=str(raw.get("send", "")),
                stats=found,
                sentence=why.reasons_sentence(found.reasons, rendering.moment) if found else "",
                problems=tuple(wrong.at_steps.get((temperature, key), ())),
                doubts=tuple(wrong.doubts.get((temperature, key), ())),
                place=place,
                past=_past_words(raw),
            )
            for way, inside in outline.ways_of(raw):
                here = Place(key, way)
                yield Row(depth + 1, key, title=way_words(raw, way), place=here, way=way, empty=not inside)
                yield from lines(inside, depth + 1, here)

    return list(lines(outline.steps_of(folder.spec, temperature), 0, Place()))


def way_words(raw: Mapping[str, Any], way: str) -> str:
    """What leads onto a way."""
    name, _dot, no = way.partition(".")
    if name == "branch" and (number := whole(no)) is not None:
        arm = raw["branch"][number]
        if not isinstance(arm, Mapping) or "when" not in arm:
            return _("everyone else")
        try:
            return rendering.sentence(describe(parse(arm["when"])))
        except ConditionFault:
            return _("a condition that cannot be read")
    if "split" in raw:
        split = raw["split"] if isinstance(raw["split"], Mapping) else {}
        said = split.get("weights")
        weights = said if isinstance(said, Mapping) else {}
        return _("{name}, weight {weight}").format(name=name, weight=weights.get(name, "–"))
    if "wait_until" in raw:
        return _("if the date is past or missing")
    return {"then": _("if it came"), "else": _("if not")}.get(name, name)


def _past_words(raw: Mapping[str, Any]) -> str:
    """Who goes past the ways of a step; "" where everybody takes one."""
    ways = raw.get("branch")
    if isinstance(ways, list) and ways:
        for_all = any(isinstance(way, Mapping) and "when" not in way for way in ways)
        return "" if for_all else _("everyone else")
    until = raw.get("wait_until")
    return _("when the date comes") if isinstance(until, Mapping) and "field" in until else ""


def live_stats(session: Any, program_id: int, temperature: str, *, live: bool) -> dict[str, StepStats]:
    """What happened at each step of a chain so far; nothing before it was ever published."""
    found = programs.chains(session, [program_id])
    chain_id = next((one.id for one in found if one.temperature == temperature), None)
    row = session.get(programs.ProgramRow, program_id)
    if chain_id is None or row is None or row.live_version_id is None:
        return {}
    return {one.key: one for one in chain_stats(session, chain_id, live=live)}


def problems(folder: Folder) -> Problems:
    """What is wrong and what is doubtful, at each step and elsewhere."""
    reading = rules.examine(folder.root.plain()) if folder.root is not None else None
    keys, faults, doubts = (reading.keys, reading.faults, reading.warnings) if reading else ({}, (), ())
    misread = {place for fault in faults if (place := _step_at(fault.path, keys)) is not None}
    at_steps, elsewhere = _placed(folder, keys, faults, folder.faults.faults)
    doubted, doubted_elsewhere = _placed(folder, keys, doubts, folder.faults.warnings)
    return Problems(at_steps, elsewhere, doubted, doubted_elsewhere, frozenset(misread))


def _placed(
    folder: Folder, keys: Mapping[Any, str], read: Sequence[ReadFault], of_files: Sequence[Fault]
) -> tuple[dict[At, list[str]], list[str]]:
    """Sentences at the steps they are about, and those about nothing of the kind."""
    at_steps: dict[At, list[str]] = {}
    elsewhere: list[str] = []
    for fault in read:
        place = _step_at(fault.path, keys)
        if place is not None:
            at_steps.setdefault(place, []).append(fault.sentence)
    told = {sentence for found in at_steps.values() for sentence in found}
    senders = _senders(folder)
    by_line = {line: place for place, line in folder.lines.items()}
    for one in sorted(set(of_files)):
        if one.sentence in told:
            continue
        mail = one.path.rpartition("mails/")[2].partition(".")[0] if "mails/" in one.path else ""
        places = senders.get(mail, []) if mail else [by_line[one.line]] if one.line in by_line else []
        for place in places:
            at_steps.setdefault(place, []).append(one.sentence)
        if not places:
            elsewhere.append(f"{mail}: {one.sentence}" if mail else one.sentence)
    return at_steps, elsewhere


def _senders(folder: Folder) -> dict[str, list[At]]:
    found: dict[str, list[At]] = {}
    for place, mail in rules.mails_sent(folder.program) if folder.program is not None else ():
        found.setdefault(mail, []).append(place)
    return found


def _step_at(path: Sequence[Any], keys: Mapping[Any, str]) -> At | None:
    """The innermost step that a path leads into."""
    for end in range(len(path), 0, -1):
        key = keys.get(tuple(path[:end]))
        if key is not None:
            return str(path[1]), key
    return None
