"""What a company is after two were found to be one. Rows are plain JSON, by the names of their columns."""

import re
from collections.abc import Collection, Mapping
from typing import Any

# What is chosen side by side, in the order it is shown. Where the survivor says nothing, the other's stands.
CHOSEN = ("name", "size", "industry", "website", "country", "city")
_NAME = ("name", "folded")
# What companies are called beside their names: forms of law, in folded writing.
_FORMS = frozenset(
    {
        *("ag", "bv", "co", "company", "corp", "corporation", "gbr", "gmbh", "group", "holding", "inc", "kg"),
        *("kgaa", "limited", "llc", "llp", "ltd", "mbh", "nv", "oao", "ohg", "ooo", "oy", "plc", "pty", "sa"),
        *("sarl", "sas", "se", "spa", "srl", "ug", "und", "zao", "ао", "зао", "ип", "оао", "ооо", "пао"),
    }
)
_BREAKS = re.compile(r"[^\w]+")
_SHORTEST = 3

Row = Mapping[str, Any]


def merged(survivor: Row, other: Row, take: Collection[str]) -> dict[str, Any]:
    """The survivor's row with the other's values where they are taken, and where it says nothing itself."""
    row = dict(survivor)
    for name in CHOSEN:
        if name in take or survivor[name] in (None, ""):
            row |= {column: other[column] for column in (_NAME if name == "name" else (name,))}
    mine, others = survivor["fields"] or {}, other["fields"] or {}
    taken = {key: value for key, value in others.items() if f"fields.{key}" in take}
    row["fields"] = {**others, **mine, **taken}
    return row


def unmerged(now: Row, before: Row, after: Row) -> dict[str, Any]:
    """The survivor's row as it stood `before` the merge left it so `after`, but for what changed since."""
    row = dict(now)
    for name in CHOSEN:
        if now[name] == after[name]:
            row |= {column: before[column] for column in (_NAME if name == "name" else (name,))}
    fields = dict(now["fields"] or {})
    for key, value in (after["fields"] or {}).items():
        if fields.get(key) == value:
            fields.pop(key, None)
            fields |= {key: before["fields"][key]} if key in (before["fields"] or {}) else {}
    return row | {"fields": fields}


def known_names(other: Row) -> set[str]:
    """What may be taken of the other."""
    return {*CHOSEN, *(f"fields.{key}" for key in other["fields"] or {})}


def core(folded: str) -> str:
    """What is left of a folded name without forms of law: "acme gmbh & co. kg" is "acme". Empty where so
    little is left that it would say nothing."""
    words = [word for word in _BREAKS.split(folded) if word]
    own = [word for word in words if word not in _FORMS] or words
    found = " ".join(own)
    return found if len(found) >= _SHORTEST else ""


def alike(one: str, two: str) -> bool:
    """Whether two folded names are one but for forms of law and punctuation."""
    return bool(core(one)) and core(one).replace(" ", "") == core(two).replace(" ", "")
