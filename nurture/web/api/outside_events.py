"""/identify, /track, /page and the other calls of the Segment specification: people and their activities."""

from typing import Any

from flask import request
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from nurture.errors import Invalid, Refusal
from nurture.flows import outside_events as flow
from nurture.flows import outside_people as people
from nurture.flows.outside_people import Told
from nurture.rules.other_clocks import by_our_clock
from nurture.rules.outside_events import MOST_OF_A_NAME
from nurture.rules.words import _
from nurture.web.api import door
from nurture.web.api.problems import flat
from nurture.web.api.schemas import Moment
from nurture.web.request import now, runtime

part = door.Part("outside-events", "People and activities in the words of the Segment specification.")

_NAME = validate.Length(1, MOST_OF_A_NAME)
_MOST = 500


class Message(Schema):
    """What all of them have in common. The same `messageId` is the same message. `timestamp` (or
    `originalTimestamp`) is by the clock of the sender, and so is `sentAt`, which tells how far that is from
    ours. Names of the specification that say nothing about a lead (integrations, …) are passed over."""

    class Meta:
        unknown = EXCLUDE

    userId = fields.String(validate=_NAME, allow_none=True)
    anonymousId = fields.String(validate=_NAME, allow_none=True)
    messageId = fields.String(validate=_NAME, allow_none=True)
    timestamp = Moment(format="iso", allow_none=True)
    originalTimestamp = Moment(format="iso", allow_none=True)
    sentAt = Moment(format="iso", allow_none=True)
    context = fields.Dict(keys=fields.String(), allow_none=True)


class IdentifyIn(Message):
    """Who somebody is: email, firstName, lastName, name, phone, title, company, address, and others, which go
    into the lead's own fields. Where there are no traits, those of the context hold."""

    traits = fields.Dict(keys=fields.String(), load_default=dict, allow_none=True)


class TrackIn(Message):
    """What somebody did: the name of the event becomes the kind of the signal."""

    event = fields.String(required=True, validate=_NAME)
    properties = fields.Dict(keys=fields.String(), load_default=dict, allow_none=True)


class PageIn(Message):
    """What somebody looked at: url, title, path, referrer among the properties."""

    name = fields.String(validate=_NAME, allow_none=True)
    properties = fields.Dict(keys=fields.String(), load_default=dict, allow_none=True)


class GroupIn(Message):
    """The company that somebody belongs to: its name, industry, employees, website and address among the
    traits. The same `groupId` is the same company."""

    groupId = fields.String(required=True, validate=_NAME)
    traits = fields.Dict(keys=fields.String(), load_default=dict, allow_none=True)


class AliasIn(Message):
    """Another name for one person, who was known by `previousId` or is known by `userId`."""

    userId = fields.String(required=True, validate=_NAME)
    previousId = fields.String(required=True, validate=_NAME)


class BatchIn(Schema):
    """Messages in their order, each an object whose `type` is identify, track, page, screen, group or alias.
    What is none is told of among the answers, and stops no other."""

    batch = fields.List(fields.Raw(), required=True, validate=validate.Length(1, _MOST))


class ToldOut(Schema):
    """`lead_id` is null for whom nobody knows yet: what they did is kept until they are identified.
    `signal_id` is null when the message was known, or is none."""

    success = fields.Boolean()
    lead_id = fields.Integer(allow_none=True)
    signal_id = fields.String(allow_none=True)


class OneOut(ToldOut):
    """What became of one; `detail` and `errors` where it was not taken."""

    detail = fields.String()
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


class BatchOut(Schema):
    """`success` when every one was taken; what became of each, in their order."""

    success = fields.Boolean()
    data = fields.List(fields.Nested(OneOut))


def _body(name: str) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


@part.route("/identify", methods=["POST"])
@part.doc(**_body("IdentifyIn"))
@part.response(200, ToldOut)
def identify() -> dict[str, Any]:
    """Make or update a lead by its traits; userId and anonymousId name it from then on."""
    return _one("identify")


@part.route("/track", methods=["POST"])
@part.doc(**_body("TrackIn"))
@part.response(200, ToldOut)
def track() -> dict[str, Any]:
    """Take in an activity; that of an anonymousId is the lead's once it is identified."""
    return _one("track")


@part.route("/page", methods=["POST"])
@part.doc(**_body("PageIn"))
@part.response(200, ToldOut)
def page() -> dict[str, Any]:
    """Take in a visit to a page, in the same way."""
    return _one("page")


@part.route("/screen", methods=["POST"])
@part.doc(**_body("PageIn"))
@part.response(200, ToldOut)
def screen() -> dict[str, Any]:
    """Take in a look at a screen of an app, as one at a page."""
    return _one("page")


@part.route("/group", methods=["POST"])
@part.doc(**_body("GroupIn"))
@part.response(200, ToldOut)
def group() -> dict[str, Any]:
    """Put somebody into a company, which is made or updated by its traits."""
    return _one("group")


@part.route("/alias", methods=["POST"])
@part.doc(**_body("AliasIn"))
@part.response(200, ToldOut)
def alias() -> dict[str, Any]:
    """Give a person another name. Two people are not made into one by it: that is a merge."""
    return _one("alias")


@part.route("/batch", methods=["POST"])
@part.doc(**_body("BatchIn"))
@part.response(200, BatchOut)
def batch() -> dict[str, Any]:
    """Up to 500 of them in their order, each with its `type`; one that cannot be taken stops no other."""
    said = request.get_json(silent=True)
    given = said.get("batch") if isinstance(said, dict) else None
    if not isinstance(given, list) or not 1 <= len(given) <= _MOST:
        sentence = _("Send a batch of 1 to 500 messages.")
        raise Invalid(sentence, {"batch": [sentence]})
    sent_at = said.get("sentAt") if isinstance(said, dict) else None
    with runtime().sessions.begin() as session:
        answers = [_answered(session, _with_sent_at(one, sent_at)) for one in given]
    runtime().wake("leads")
    runtime().wake("signals")
    return {"success": all(one["success"] for one in answers), "data": answers}


def _with_sent_at(message: Any, sent_at: Any) -> Any:
    """A message of a batch was sent when the batch was."""
    if not isinstance(message, dict) or message.get("sentAt") or not sent_at:
        return message
    return message | {"sentAt": sent_at}


def _answered(session: Any, message: Any) -> dict[str, Any]:
    """What became of one message; one that is refused leaves nothing behind."""
    try:
        with session.begin_nested():
            return _shown(_taken(session, message))
    except Refusal as refusal:
        errors = getattr(refusal, "errors", None) or {}
        return {"success": False, "detail": str(refusal), "errors": errors}


def _one(kind: str) -> dict[str, Any]:
    body = request.get_json(silent=True)
    with runtime().sessions.begin() as session:
        told = _taken(session, {**body, "type": kind} if isinstance(body, dict) else {"type": kind})
    runtime().wake("leads")
    runtime().wake("signals")
    return _shown(told)


def _taken(session: Any, one: Any) -> Told:
    base, pepper, by = runtime().settings.base_url, runtime().pepper, door.actor()
    match one.get("type") if isinstance(one, dict) else None:
        case "identify":
            said = _read(IdentifyIn, one)
            said["traits"] = said["traits"] or (said.get("context") or {}).get("traits") or {}
            return people.identify(session, said, now=now(), by=by, pepper=pepper, base_url=base)
        case "group":
            said = _read(GroupIn, one)
            return people.group(session, said, now=now(), by=by, pepper=pepper, base_url=base)
        case "alias":
            return people.alias(session, _read(AliasIn, one), now=now())
        case "track":
            return flow.track(session, _read(TrackIn, one), pepper=pepper, now=now())
        case "page" | "screen":
            return flow.page(session, _read(PageIn, one), pepper=pepper, now=now())
    sentence = _("A message is one of: identify, track, page, screen, group, alias.")
    raise Invalid(sentence, {"type": [sentence]})


def _read(schema: type[Message], given: dict[str, Any]) -> dict[str, Any]:
    try:
        said: dict[str, Any] = schema().load(given)
    except ValidationError as fault:
        raise Invalid(_("The message cannot be taken."), flat(fault.messages)) from fault
    if not said.get("userId") and not said.get("anonymousId"):
        sentence = _("Say who it is by userId or anonymousId.")
        raise Invalid(sentence, {"userId": [sentence]})
    at = said.get("timestamp") or said.get("originalTimestamp")
    return said | {"timestamp": by_our_clock(at, said.get("sentAt"), now())}


def _shown(told: Told) -> dict[str, Any]:
    signal_id = str(told.signal_id) if told.signal_id else None
    return {"success": True, "lead_id": told.lead_id, "signal_id": signal_id}
