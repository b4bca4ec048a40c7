"""Segments are made, changed and taken away; and what a condition would find is counted beforehand."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows import drafted, segments_by_model
from nurture.rules.conditions import Condition, ConditionFault, describe, parse, unparse
from nurture.rules.segments import asks, in_order, named, segments_in
from nurture.rules.words import _
from nurture.store import segment_members, segments
from nurture.store.audit import audit
from nurture.store.segments import StoredSegment

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_NAME_LONGEST, _DESCRIPTION_LONGEST = 200, 2_000


@dataclass(frozen=True, slots=True)
class Use:
    """Where a segment is asked for: `kind` is program, newsletter or segment, `id` that of its kind."""

    kind: str
    id: int
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a condition finds now: how many, the newest of them, and the condition in words."""

    size: int
    some: list[int]
    sentence: str


def read_condition(session: Session, raw: object, *, key: str | None = None) -> Condition:
    """The condition of `raw`, for the segment `key` if it has one. Raises Invalid with every fault, those
    of unknown segments and of circles too."""
    try:
        condition = parse(raw)
    except ConditionFault as fault:
        errors = {
            f"condition.{place}" if place else "condition": said for place, said in fault.errors.items()
        }
        raise Invalid(_("The condition cannot be read: {why}").format(why=fault), errors) from fault
    known = {one.key: parse(one.condition) for one in segments.every(session)}
    if unknown := sorted(named(condition) - set(known) - {key}):
        sentence = _("There is no segment called {names}.").format(names=", ".join(unknown))
        raise Invalid(sentence, {"condition": [sentence]})
    try:
        in_order(known | {key or "": condition})
    except ValueError as error:
        sentence = _("Segments would lean on each other in a circle: {circle}.").format(circle=error)
        raise Invalid(sentence, {"condition": [sentence]}) from error
    return condition


def preview(
    session: Session, raw: object, *, now: datetime, key: str | None = None, some: int = 5
) -> Preview:
    """Count what a condition finds, nothing kept."""
    condition = read_condition(session, raw, key=key)
    return Preview(
        segment_members.size_of(session, condition, now=now),
        segment_members.some_of(session, condition, now=now, limit=some) if some else [],
        describe(condition),
    )


def create(session: Session, said: Mapping[str, Any], *, now: datetime, by: str = "system") -> StoredSegment:
    """A new segment by key, name, description and condition; its members follow at once. Raises Invalid,
    and Conflict for a key that is taken."""
    segments.lock_all(session)
    name = _name(said.get("name"))
    key = said.get("key") or _key_of(name)
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        sentence = _("A key is made of small letters, digits, - and _.")
        raise Invalid(sentence, {"key": [sentence]})
    if segments.one(session, key) is not None:
        raise Conflict(_("There is a segment with the key {key} already.").format(key=key))
    row = {"key": key, "name": name, "description": _description(said.get("description", ""))}
    row |= _condition_row(read_condition(session, said.get("condition"), key=key), now)
    segments.add(session, row, now=now)
    segments_by_model.keep_wanted(session, now=now)
    made = existing(session, key)
    audit(session, by, "segment.created", f"segment:{made.id}", now=now)
    return made


def change(
    session: Session, key: str, said: Mapping[str, Any], *, now: datetime, by: str = "system"
) -> StoredSegment:
    """Change what is said of a segment; a new condition tells its members anew. Raises NotFound, Invalid."""
    segments.lock_all(session)
    stored = existing(session, key)
    row: dict[str, Any] = {}
    if "name" in said:
        row["name"] = _name(said["name"])
    if "description" in said:
        row["description"] = _description(said["description"])
    if "condition" in said:
        condition = read_condition(session, said["condition"], key=key)
        if unparse(condition) != unparse(parse(stored.condition)):
            row |= _condition_row(condition, now)
    segments.change(session, stored.id, row, now=now)
    if "condition" in row:
        segments_by_model.keep_wanted(session, now=now)
    detail = {"what": sorted(row)}
    audit(session, by, "segment.changed", f"segment:{stored.id}", now=now, detail=detail)
    return existing(session, key)


def keep(session: Session, said: Sequence[Mapping[str, Any]], *, now: datetime, by: str = "system") -> int:
    """Make or change segments as a file holds them (files/segments.py), in its order; how many are new.
    Raises Invalid that names the segment."""
    made = 0
    for one in said:
        row = {name: value for name, value in one.items() if name != "segment"}
        try:
            if segments.one(session, one["segment"]) is None:
                create(session, {"key": one["segment"], **row}, now=now, by=by)
                made += 1
            else:
                change(session, one["segment"], row, now=now, by=by)
        except Invalid as fault:
            raise Invalid(f"{one['segment']}: {fault}", fault.errors) from fault
    return made


def remove(session: Session, key: str, *, now: datetime, by: str = "system") -> None:
    """Take a segment away. Raises NotFound, and Conflict with the places that still ask for it."""
    segments.lock_all(session)
    stored = existing(session, key)
    if uses := used_by(session, key):
        places = ", ".join(use.name for use in uses)
        raise Conflict(_("This segment is still asked for by: {places}.").format(places=places))
    segments.remove(session, stored.id)
    segments_by_model.keep_wanted(session, now=now)
    audit(session, by, "segment.removed", f"segment:{stored.id}", now=now, detail={"what": key})


def existing(session: Session, key: str) -> StoredSegment:
    """The segment of a key; raises NotFound."""
    stored = segments.one(session, key)
    if stored is None:
        raise NotFound(_("There is no such segment."))
    return stored


def by_id(session: Session, segment_id: int) -> StoredSegment:
    """The segment of an id; raises NotFound."""
    stored = segments.find(session, segment_id)
    if stored is None:
        raise NotFound(_("There is no such segment."))
    return stored


def sentence_of(stored: StoredSegment) -> str:
    """Its condition in words."""
    return describe(parse(stored.condition))


def used_by(session: Session, key: str) -> list[Use]:
    """Programs (live or draft), newsletters that have not gone out, and other segments that ask for it."""
    asking = [Use(*use) for use, names in segments.uses(session).items() if key in names]
    others = [
        Use("segment", one.id, one.key, one.name)
        for one in segments.every(session)
        if key in named(parse(one.condition))
    ]
    asking += [
        Use("program", one.id, program_key, one.name)
        for program_key, one in drafted.definitions(session)
        if key in segments_in(one.spec)
    ]
    return list(dict.fromkeys(asking + others))


def _condition_row(condition: Condition, now: datetime) -> dict[str, Any]:
    return {
        "condition": unparse(condition),
        "asks": asks(condition),
        "refreshed_at": None,
        "refresh_due_at": now,
    }


def _name(said: object) -> str:
    name = " ".join(said.split()) if isinstance(said, str) else ""
    if not 0 < len(name) <= _NAME_LONGEST:
        sentence = _("A segment needs a name of at most 200 characters.")
        raise Invalid(sentence, {"name": [sentence]})
    return name


def _description(said: object) -> str:
    if not isinstance(said, str) or len(said) > _DESCRIPTION_LONGEST:
        sentence = _("A description has at most 2,000 characters.")
        raise Invalid(sentence, {"description": [sentence]})
    return said.strip()


def _key_of(name: str) -> str:
    key = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
    return key or "segment"
