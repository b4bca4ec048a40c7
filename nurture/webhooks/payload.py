"""What the messages of the hand-over say, from plain values (CONTRACT.md, Webhooks out).

A body stays below 20 kB whatever people write into fields: long texts are cut, lists are short.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from nurture.rules.messages import body, instant

RECENT_SIGNALS = 10
BUYING_CENTRE = 50
# Bodies stay below 20 kB, with what stands around the data.
_BODY_BYTES = 19_500
_ANY_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
MAX_REASONS = 12

# In bytes of UTF-8; JSON may double them where a text is all quotation marks. Together they leave room.
_FIELD, _REASON, _SIGNAL_KEY, _SIGNAL_VALUE = 300, 200, 40, 100
_SIGNAL_KEYS = 3
_BANT = ("budget", "authority", "need", "timing")


@dataclass(frozen=True)
class LeadCard:
    """Who the lead is; `name` is both names together. `url` leads to the card."""

    id: int
    url: str
    email: str | None = None
    name: str | None = None
    phone: str | None = None
    company: str | None = None
    role: str | None = None
    timezone: str | None = None
    language: str | None = None
    first_name: str | None = None
    last_name: str | None = None


@dataclass(frozen=True)
class RecentSignal:
    """One of the last activities; `data` as the signal carries it."""

    kind: str
    occurred_at: datetime
    mail: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Contact:
    """Somebody at the lead's company; `last_touch` is the last that they did. The `stage` says whether sales
    has them already."""

    id: int
    url: str
    name: str
    email: str | None
    phone: str | None
    role: str | None
    buying_role: str | None
    temperature: str
    grade: str | None
    stage: str
    last_touch: datetime | None


@dataclass(frozen=True)
class Ripeness:
    """How ripe: heat and temperature, the grade, and the readiness with what it is made of."""

    temperature: str
    heat: float
    grade: str | None
    score: float
    rise: float
    reasons: Sequence[Mapping[str, Any]]
    bant: Mapping[str, Any]


def ready(handoff_id: int, lead_id: int, cause: str, ripeness: Ripeness) -> dict[str, Any]:
    """`lead.ready`: the threshold is crossed; sales hears of it when capacity releases it."""
    return {"handoff_id": handoff_id, "lead": {"id": lead_id}, "cause": cause, **_ripeness(ripeness)}


def hot(
    handoff_id: int,
    card: LeadCard,
    ripeness: Ripeness,
    *,
    source: str | None,
    owner: Mapping[str, Any] | None,
    signals: Sequence[RecentSignal],
    centre: Sequence[Contact],
    answer_url: str,
) -> dict[str, Any]:
    """`lead.hot`: everything that sales must know. `signals` newest first, `centre` everybody whom we know at
    the lead's company, the lead too."""
    data = {
        "handoff_id": handoff_id,
        "lead": _card(card),
        **_ripeness(ripeness),
        "source": _cut(source),
        "owner": owner,
        "recent_signals": [_signal(signal) for signal in signals[:RECENT_SIGNALS]],
        "answer_url": answer_url,
    }
    room = _BODY_BYTES - len(body("lead.hot", _ANY_MOMENT, data))
    return data | {"buying_centre": _centre(centre[:BUYING_CENTRE], room)}


def handed_over(handoff_id: int, lead_id: int, by: str, at: datetime) -> dict[str, Any]:
    """`lead.handed_over`: a person of sales has accepted the lead."""
    return {"handoff_id": handoff_id, "lead": {"id": lead_id}, "by": by, "accepted_at": instant(at)}


def outcome(handoff_id: int, lead_id: int, answer: Mapping[str, Any], by: str) -> dict[str, Any]:
    """`handoff.outcome`: what sales answered, with the fields it gave."""
    given = {key: _cut(value) if isinstance(value, str) else value for key, value in answer.items()}
    return {"handoff_id": handoff_id, "lead": {"id": lead_id}, **given, "by": by}


def revised(handoff_id: int, lead_id: int, reason: str) -> dict[str, Any]:
    """`handoff.revised`: what was told about a released lead no longer holds."""
    return {"handoff_id": handoff_id, "lead": {"id": lead_id}, "reason": _cut(reason)}


def overdue(
    handoff_id: int,
    lead_id: int,
    *,
    owner_id: int | None,
    released_at: datetime,
    due_at: datetime,
    rerouted: bool,
) -> dict[str, Any]:
    """`handoff.overdue`: nobody has spoken with the lead in the time that the team promises. With `rerouted`
    it has gone to somebody else, `owner_id`, who has until the new `due_at`."""
    return {
        "handoff_id": handoff_id,
        "lead": {"id": lead_id},
        "owner_id": owner_id,
        "released_at": instant(released_at),
        "due_at": instant(due_at),
        "rerouted": rerouted,
    }


def _card(card: LeadCard) -> dict[str, Any]:
    return {
        "id": card.id,
        "email": card.email,
        "name": _cut(card.name),
        "first_name": _cut(card.first_name),
        "last_name": _cut(card.last_name),
        "phone": _cut(card.phone),
        "company": _cut(card.company),
        "role": _cut(card.role),
        "timezone": card.timezone,
        "language": card.language,
        "url": card.url,
    }


def _ripeness(ripeness: Ripeness) -> dict[str, Any]:
    reasons = [
        {"text": _cut(str(reason["text"]), _REASON), "points": reason["points"]}
        for reason in ripeness.reasons[:MAX_REASONS]
    ]
    return {
        "temperature": ripeness.temperature,
        "heat": round(ripeness.heat, 2),
        "grade": ripeness.grade,
        "readiness": {"score": round(ripeness.score, 2), "rise": ripeness.rise, "reasons": reasons},
        "bant": {name: _bant_answer(ripeness.bant.get(name)) for name in _BANT},
    }


def _bant_answer(kept: Any) -> str:
    """`kept` is an answer, or an answer with its source and date."""
    answer = kept.get("answer") if isinstance(kept, Mapping) else kept
    return str(answer) if answer else "unknown"


def _centre(centre: Sequence[Contact], room: int) -> list[dict[str, Any]]:
    """As many of them as fit into so many bytes: a body has its bound, and who is warmest stands first."""
    told: list[dict[str, Any]] = []
    for one in map(_contact, centre):
        room -= len(json.dumps(one, ensure_ascii=False).encode())
        if room < 0:
            break
        told.append(one)
    return told


def _contact(one: Contact) -> dict[str, Any]:
    return {
        "id": one.id,
        "url": one.url,
        "name": _cut(one.name),
        "email": one.email,
        "phone": _cut(one.phone),
        "role": _cut(one.role),
        "buying_role": _cut(one.buying_role),
        "temperature": one.temperature,
        "grade": one.grade,
        "stage": one.stage,
        "last_touch": instant(one.last_touch) if one.last_touch else None,
    }


def _signal(signal: RecentSignal) -> dict[str, Any]:
    kept = list(signal.data.items())[:_SIGNAL_KEYS]
    return {
        "kind": signal.kind,
        "occurred_at": instant(signal.occurred_at),
        "mail": signal.mail,
        "data": {str(_cut(str(key), _SIGNAL_KEY)): _short(value) for key, value in kept},
    }


def _short(value: Any) -> str | int | float | bool | None:
    return (
        value if value is None or isinstance(value, bool | int | float) else _cut(str(value), _SIGNAL_VALUE)
    )


def _cut(text: str | None, most: int = _FIELD) -> str | None:
    if text is None:
        return None
    clean = "".join(letter if letter.isprintable() else " " for letter in text[:most])
    if len(text) <= most and len(clean.encode()) <= most:
        return clean
    return clean.encode()[: most - 3].decode("utf-8", "ignore") + "…"
