"""What a person is after two leads were found to be one: which value stands, what was agreed to, which of two
runs or hand-offs goes on. Rows of leads are plain JSON, by the names of their columns."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

# What is chosen side by side, in the order it is shown. Where the survivor says nothing, the other's stands.
CHOSEN = (
    "email", "phone", "first_name", "last_name", "company", "role", "buying_role", "language", "timezone",
    "country", "city", "address", "owner", "grade_override",
)  # fmt: skip
# Columns that go along with the one that is chosen.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "email": ("email", "email_norm"),
    "company": ("company_id",),
    "timezone": ("timezone", "timezone_source"),
    "owner": ("owner_id",),
    "grade_override": ("grade_override", "grade_override_reason"),
}
_MAPS = ("fields", "dates", "bant")
# How far along a person is. Whoever is lost as one lead and alive as another is alive.
_RANK = ("visitor", "inquiry", "lost", "lead", "sales_ready", "opportunity", "customer")
# What a person has said, or the law: it holds for whatever address the person has. That an address does not
# work is true of the address alone.
OF_THE_PERSON = frozenset({"unsubscribed_all", "complaint", "manual", "erased"})

Row = Mapping[str, Any]


def columns(name: str) -> tuple[str, ...]:
    """The columns that a chosen value stands in."""
    return _COLUMNS.get(name, (name,))


def choices(survivor: Row, alias: Row) -> list[str]:
    """What both say differently and has to be chosen: CHOSEN, and `fields.x`, `dates.x`, `bant.x`."""
    found = [name for name in CHOSEN if _differs(survivor, alias, name)]
    for kind in _MAPS:
        mine, other = survivor[kind] or {}, alias[kind] or {}
        found += [f"{kind}.{key}" for key in mine if key in other and mine[key] != other[key]]
    return found


def named(row: Row) -> list[str]:
    """What a row says beside CHOSEN, by name."""
    return [f"{kind}.{key}" for kind in _MAPS for key in row[kind] or {}]


def merged(survivor: Row, alias: Row, take: Collection[str]) -> dict[str, Any]:
    """The survivor's row with the other's values where they are taken, and where it says nothing itself."""
    row = dict(survivor)
    for name in CHOSEN:
        if name in take or _empty(survivor, name):
            row |= {column: alias[column] for column in columns(name)}
    for kind in _MAPS:
        mine, other = survivor[kind] or {}, alias[kind] or {}
        taken = {key: value for key, value in other.items() if f"{kind}.{key}" in take}
        row[kind] = {**other, **mine, **taken}
    row["tags"] = list(dict.fromkeys([*survivor["tags"], *alias["tags"]]))
    row["profiles"] = [
        *survivor["profiles"],
        *(one for one in alias["profiles"] if one not in survivor["profiles"]),
    ]
    older, newer = sorted((survivor, alias), key=lambda one: _moment(one["created_at"]))
    row["created_at"] = older["created_at"]
    row["source_id"] = older["source_id"] or newer["source_id"]
    row["last_source_id"] = newer["last_source_id"] or older["last_source_id"]
    for name in ("touches_in", "touches_out", "ripening_no"):
        row[name] = survivor[name] + alias[name]
    row["last_signal_at"] = _later(survivor["last_signal_at"], alias["last_signal_at"])
    row["held_at"] = survivor["held_at"] or alias["held_at"]
    row["future_at"] = survivor["future_at"] or alias["future_at"]
    row["armed"] = survivor["armed"] and alias["armed"]
    return row


def unmerged(now: Row, kept: Mapping[str, Row]) -> dict[str, Any]:
    """The survivor's row as it stood before (`kept`: survivor, alias, after), but for what changed since."""
    before, after, alias = kept["survivor"], kept["after"], kept["alias"]
    row = {name: before[name] if now[name] == after[name] else now[name] for name in now if name in before}
    for name in ("touches_in", "touches_out"):
        row[name] = max(now[name] - alias[name], 0)
    row["ripening_no"] = now["ripening_no"]
    return row


def stage(survivor: str, alias: str) -> str:
    """The one that is further along."""
    return max(survivor, alias, key=_RANK.index)


def consent(survivor: str | None, alias: str | None) -> str | None:
    """What has to be written for the survivor, by what holds for each (granted, pending, withdrawn or None):
    a no of either wins, a yes of the other is a yes. None where what holds is right already."""
    if "withdrawn" in (survivor, alias):
        return None if survivor == "withdrawn" else "withdrawn"
    return "granted" if alias == "granted" and survivor != "granted" else None


def goes_on(runs: Sequence[tuple[int, bool, int, bool]]) -> int:
    """Which of the runs of one program goes on, of (id, is active, mails sent, is the survivor's): an active
    one before one at rest, then the one that is further, then the survivor's."""
    return max(runs, key=lambda run: (run[1], run[2], run[3], -run[0]))[0]


def arms(rows: Sequence[Row], lead_id: int) -> list[dict[str, Any]]:
    """The arms of comparisons of one person, of those of two leads (rows of arm_lead): where both came to the
    same place, the way that was taken first. A goal of the program counts in each arm that was joined before
    and whose time is not over, whichever of the two met it."""
    goals: dict[int, set[datetime]] = {}
    first: dict[tuple[Any, ...], Row] = {}
    for row in sorted(rows, key=lambda one: (_moment(one["at"]), one["lead_id"] != lead_id)):
        first.setdefault(_place(row), row)
        if row["met_at"] is not None:
            goals.setdefault(row["program_id"], set()).add(_moment(row["met_at"]))
    return [
        {**row, "lead_id": lead_id, "met_at": _met(row, goals.get(row["program_id"], ()))}
        for row in first.values()
    ]


def parted_arms(now: Sequence[Row], kept: Sequence[Row], lead_id: int) -> list[dict[str, Any]]:
    """The arms of two leads again, `kept` as they were before `lead_id` had those of both. What it has joined
    since stays its own, and so does a goal it has met since, where it was in that arm itself."""
    known = {_place(row) for row in kept}
    mine = {_place(row) for row in kept if row["lead_id"] == lead_id}
    before = {_moment(row["met_at"]) for row in kept if row["met_at"] is not None}
    met = {
        _place(row): row["met_at"] for row in now if row["met_at"] and _moment(row["met_at"]) not in before
    }
    parted = [
        {**row, "met_at": row["met_at"] or met.get(_place(row))}
        if row["lead_id"] == lead_id or _place(row) not in mine
        else dict(row)
        for row in kept
    ]
    return [*parted, *(dict(row) for row in now if _place(row) not in known)]


def had(data: Mapping[str, Any], temperature: str, pass_no: int) -> frozenset[str]:
    """The steps of a chain that a run passes over, by what it remembers: the person has had their mails as
    another lead. The next time round they are sent anew."""
    kept = data.get("had", {})
    return frozenset(kept.get(temperature, ()) if pass_no <= kept.get("pass", 0) else ())


def _empty(row: Row, name: str) -> bool:
    return all(row[column] in (None, "") for column in columns(name))


def _differs(survivor: Row, alias: Row, name: str) -> bool:
    first = columns(name)[0]
    return not _empty(survivor, name) and not _empty(alias, name) and survivor[first] != alias[first]


def _place(arm: Row) -> tuple[Any, ...]:
    return arm["program_id"], arm["chain_id"], arm["step_key"]


def _met(arm: Row, goals: Collection[datetime]) -> str | None:
    in_time = [at for at in goals if _moment(arm["at"]) <= at <= _moment(arm["until"])]
    return min(in_time).isoformat() if in_time else None


def _later(one: str | None, other: str | None) -> str | None:
    return max((at for at in (one, other) if at is not None), key=_moment, default=None)


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at)
