"""What each type of message says: when it is written, an example, and the JSON Schema of a whole body.

The schemas are JSON Schema 2020-12. They let a receiver check what it gets and generate its own types; fields
may be added to a message later, so nothing is closed.
"""

from collections.abc import Mapping
from typing import Any

from nurture.rules.words import _

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "number"}
_ID: Schema = {"type": "integer", "minimum": 1}
_MOMENT: Schema = {"type": "string", "format": "date-time"}
_TEMPERATURE: Schema = {"enum": ["cold", "warm", "hot"]}
_GRADE: Schema = {"enum": ["A", "B", "C", None]}
_ANSWER: Schema = {"enum": ["unknown", "no", "partly", "yes"]}
_BANT = ("budget", "authority", "need", "timing")


def _maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


_LEAD_ID = _object(id=_ID)
_LEAD_AND_EMAIL = _object(id=_ID, email=_maybe(_TEXT))
_READINESS = _object(score=_NUMBER, rise=_NUMBER, reasons=_list(_object(text=_TEXT, points=_NUMBER)))
_RIPENESS = {
    "temperature": _TEMPERATURE,
    "heat": _NUMBER,
    "grade": _GRADE,
    "readiness": _READINESS,
    "bant": _object(**dict.fromkeys(_BANT, _ANSWER)),
}
_OWNER = _maybe(_object(id=_ID, name=_TEXT, email=_TEXT))
_SIGNAL = _object(kind=_TEXT, occurred_at=_MOMENT, mail=_maybe(_TEXT), data={"type": "object"})
_CONTACT = _object(
    id=_ID,
    url=_TEXT,
    name=_TEXT,
    role=_maybe(_TEXT),
    buying_role=_maybe(_TEXT),
    temperature=_TEMPERATURE,
    last_touch=_maybe(_MOMENT),
)
_CARD = _object(
    id=_ID,
    url=_TEXT,
    **dict.fromkeys(
        (
            "email",
            "name",
            "first_name",
            "last_name",
            "phone",
            "company",
            "role",
            "timezone",
            "language",
        ),
        _maybe(_TEXT),
    ),
)
_DELIVERY = {
    "delivery_id": _ID,
    "lead_id": _maybe(_ID),
    "purpose": _TEXT,
    "mail": _maybe(_TEXT),
    "program": _maybe(_TEXT),
    "step": _maybe(_TEXT),
    "at": _MOMENT,
}
_DATA: Mapping[str, Schema] = {
    "lead.ready": _object(handoff_id=_ID, lead=_LEAD_ID, cause=_TEXT, **_RIPENESS),
    "lead.hot": _object(
        handoff_id=_ID,
        lead=_CARD,
        **_RIPENESS,
        source=_maybe(_TEXT),
        owner=_OWNER,
        recent_signals=_list(_SIGNAL),
        buying_centre=_list(_CONTACT),
        answer_url=_TEXT,
    ),
    "lead.handed_over": _object(handoff_id=_ID, lead=_LEAD_ID, by=_TEXT, accepted_at=_MOMENT),
    "handoff.revised": _object(handoff_id=_ID, lead=_LEAD_ID, reason=_maybe(_TEXT)),
    "handoff.overdue": _object(
        handoff_id=_ID,
        lead=_LEAD_ID,
        owner_id=_maybe(_ID),
        released_at=_MOMENT,
        due_at=_MOMENT,
        rerouted={"type": "boolean"},
    ),
    "handoff.outcome": _object(
        handoff_id=_ID,
        lead=_LEAD_ID,
        outcome={"enum": ["accepted", "rejected", "contacted", "meeting", "later", "won", "lost"]},
        reason=_maybe(_TEXT),
        amount=_maybe(_TEXT),
        currency=_maybe(_TEXT),
        at=_maybe(_MOMENT),
        note=_maybe(_TEXT),
        by=_TEXT,
    ),
    "lead.stage_changed": _object(lead=_LEAD_AND_EMAIL, old=_maybe(_TEXT), new=_TEXT, reason=_TEXT, by=_TEXT),
    "lead.temperature_changed": _object(
        lead=_LEAD_AND_EMAIL, old=_TEMPERATURE, new=_TEMPERATURE, heat=_NUMBER, reason=_TEXT
    ),
    "lead.created": _object(lead={"type": "object", "required": ["id", "url"], "properties": {"id": _ID}}),
    "lead.unsubscribed": _object(lead=_LEAD_AND_EMAIL, purpose=_maybe(_TEXT), how=_TEXT, mail=_maybe(_TEXT)),
    "lead.merged": _object(lead=_LEAD_AND_EMAIL, merged=_LEAD_ID, by=_TEXT),
    "lead.unmerged": _object(lead=_LEAD_ID, merged=_LEAD_ID, by=_TEXT),
    "lead.erased": _object(lead=_LEAD_ID),
    "delivery.sent": _object(**_DELIVERY),
    "delivery.bounced": _object(**_DELIVERY, kind={"enum": ["hard", "soft"]}, reply=_maybe(_TEXT)),
    "delivery.complained": _object(**_DELIVERY, feedback=_TEXT),
    "form.submitted": _object(
        lead=_LEAD_ID, form=_TEXT, answers={"type": "object"}, submission_id=_ID, waiting={"type": "boolean"}
    ),
    "chain.finished": _object(
        enrollment_id=_ID, lead_id=_ID, program=_TEXT, chain=_TEMPERATURE, reason=_TEXT, finished_at=_MOMENT
    ),
    "webhook.test": _object(endpoint_id=_ID, text=_TEXT),
}
# gettext reads these marks.
_N = str
_WHEN = {
    "lead.ready": _N("A lead crosses the readiness threshold, or asks to be contacted."),
    "lead.hot": _N("Capacity releases the hand-off: the message that sales lives on."),
    "lead.handed_over": _N("A person of sales has taken the lead on."),
    "handoff.revised": _N("What was said of a released lead no longer holds."),
    "handoff.overdue": _N("Nobody has spoken with the lead in the time that the team promises."),
    "handoff.outcome": _N("Sales has answered."),
    "lead.stage_changed": _N("A lead moves to another stage."),
    "lead.temperature_changed": _N("A lead warms or cools."),
    "lead.created": _N("A lead is new."),
    "lead.unsubscribed": _N("A lead wants no mails of a purpose any more."),
    "lead.merged": _N("Two leads were found to be one person: one is a part of the other now."),
    "lead.unmerged": _N("A merge was taken back: there are two leads again."),
    "lead.erased": _N("A person was erased."),
    "delivery.sent": _N("A server has taken a mail."),
    "delivery.bounced": _N("A mail came back."),
    "delivery.complained": _N("A reader has called a mail spam."),
    "form.submitted": _N("A form was sent."),
    "chain.finished": _N("A lead has come to the end of a chain."),
    "webhook.test": _N("Somebody pressed the test button."),
}
_NAMED: Mapping[str, Any] = {
    "id": 1841,
    "handoff_id": 512,
    "delivery_id": 90211,
    "enrollment_id": 7230,
    "endpoint_id": 3,
    "submission_id": 6114,
    "form": "price-list",
    "lead_id": 1841,
    "owner_id": 4,
    "url": "https://nurture.example/leads/1841",
    "answer_url": "https://nurture.example/answer/…",
    "email": "katrin.vogel@brueckner.example",
    "name": "Katrin Vogel",
    "first_name": "Katrin",
    "last_name": "Vogel",
    "company": "Brückner Antriebstechnik",
    "role": "Head of operations",
    "phone": "+495615550142",
    "timezone": "Europe/Berlin",
    "language": "de",
    "heat": 61.5,
    "score": 72.0,
    "rise": 60.0,
    "points": 35.0,
    "source": "Trade fair Hannover",
    "purpose": "marketing",
    "program": "consulting",
    "chain": "hot",
    "step": "fixed-price-offer",
    "mail": "fixed-price-offer",
    "kind": "clicked",
    "by": "user:4",
    "amount": "4800.00",
    "currency": "EUR",
    "cause": "threshold",
}
_MOMENT_EXAMPLE = "2026-03-03T10:00:00Z"


def described(kind: str) -> dict[str, Any]:
    """One type for the API: `type`, `when` in words, `schema` and `example` of a whole body."""
    return {"type": kind, "when": _(_WHEN[kind]), "schema": schema(kind), "example": example(kind)}


def schema(kind: str) -> Schema:
    """The JSON Schema of a body of this type."""
    whole = _object(type={"const": kind}, timestamp=_MOMENT, data=_DATA[kind])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": kind, **whole}


def example(kind: str) -> dict[str, Any]:
    """A body of this type, of a lead who does not exist."""
    return {"type": kind, "timestamp": _MOMENT_EXAMPLE, "data": _example("data", _DATA[kind])}


def parts(kind: str) -> dict[str, frozenset[str] | None]:
    """The paths of a body of this type (`data.lead`) with the names below each; None where any may stand."""
    found: dict[str, frozenset[str] | None] = {}
    _gather("data", _DATA[kind], found)
    return found


def _gather(path: str, part: Schema, found: dict[str, frozenset[str] | None]) -> None:
    whole = next((one for one in part.get("anyOf", ()) if one.get("type") == "object"), part)
    if whole.get("type") != "object":
        return
    inner = whole.get("properties", {})
    closed = inner and set(inner) == set(whole.get("required", ()))
    found[path] = frozenset(inner) if closed else None
    for name, one in inner.items():
        _gather(f"{path}.{name}", one, found)


def _example(name: str, part: Schema) -> Any:
    if "anyOf" in part:
        return _example(name, part["anyOf"][0])
    if "enum" in part:
        return part["enum"][-1] or part["enum"][0]
    match part.get("type"):
        case "object":
            return {key: _example(key, inner) for key, inner in part.get("properties", {}).items()} | (
                {"url": _NAMED["url"]} if "url" in part.get("required", ()) else {}
            )
        case "array":
            return [_example(name, part["items"])]
        case "boolean":
            return False
        case "string" if part.get("format") == "date-time":
            return _MOMENT_EXAMPLE
        case "string":
            return _NAMED.get(name, "clicked the price list")
        case _:
            return _NAMED.get(name, 1)
