"""/webhook_endpoints and /webhook_messages: who listens, what was told, every attempt."""

import json
from datetime import datetime
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, post_load, validate

from nurture.errors import NotFound
from nurture.flows import endpoints as flow
from nurture.flows.post_webhooks import Range, replay_range
from nurture.flows.post_webhooks import replay as repost
from nurture.rules.messages import TYPES
from nurture.rules.words import _
from nurture.store import webhook_endpoints
from nurture.store.views import webhooks as view
from nurture.store.webhooks import WebhookEndpoint
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas import In, ListOf
from nurture.web.api.schemas.webhooks import (
    EndpointChange,
    EndpointIn,
    EndpointMade,
    EndpointOut,
    MessageOut,
    MessageWhole,
)
from nurture.web.request import close_session, now, page_session, runtime
from nurture.webhooks import catalogue

part = door.Part("webhooks", "Receivers of webhooks, and what they were told.")


class SecretOut(Schema):
    """A new secret, shown this once; the one before signs too until the next change."""

    secret = fields.String()


class VerifyKeyOut(Schema):
    """The public part of the pair, `whpk_…`."""

    verify_key = fields.String()


class RangeIn(In):
    """Which messages go out again: written from `from` to before `to`, of `types` (none: all), to one
    endpoint or all."""

    since = fields.AwareDateTime(required=True, data_key="from", metadata={"format": "date-time"})
    until = fields.AwareDateTime(required=True, data_key="to", metadata={"format": "date-time"})
    endpoint_id = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 2**63 - 1))
    types = fields.List(fields.String(validate=validate.OneOf(TYPES)), load_default=list)
    delivered_too = fields.Boolean(load_default=False)

    @post_load
    def as_range(self, data: dict[str, Any], **_more: Any) -> dict[str, Any]:
        """Types as the flow takes them."""
        return {**data, "types": tuple(data["types"])}


class TypeOut(Schema):
    """A type of message: when it is written, the JSON Schema (2020-12) of a whole body, and an example."""

    type = fields.String()
    when = fields.String()
    schema = fields.Dict()
    example = fields.Dict()


class TestOut(Schema):
    """The test message; its attempts are seen under its id."""

    message_id = fields.String()


class ReplayOut(Schema):
    """To how many receivers it goes again."""

    posts = fields.Integer()


@part.route("/webhook_endpoints", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(EndpointOut))
def list_endpoints(asked: dict[str, Any]) -> dict[str, Any]:
    """Receivers, in the order they were made."""
    place = door.place_of(asked["cursor"], (door.whole,))
    rows = webhook_endpoints.page(page_session(), after=place[0] if place else 0, limit=asked["limit"] + 1)
    page = door.cut(rows, asked["limit"], lambda row: (row.id,))
    return {**page, "data": [_endpoint(row) for row in page["data"]]}


@part.route("/webhook_endpoints", methods=["POST"])
@part.arguments(EndpointIn)
@part.response(201, EndpointMade)
def create(said: dict[str, Any]) -> ResponseReturnValue:
    """Post messages there from now on. The secret that signs them is in this answer and nowhere else."""
    with runtime().sessions.begin() as session:
        made = flow.create_endpoint(
            session,
            runtime().vault,
            said["url"],
            said["types"],
            filter=said["filter"],
            private=runtime().settings.allow_private_webhooks,
            by=door.actor(),
            now=now(),
        )
    return {**_one(made.id), "secret": made.secret}, 201


@part.route("/webhook_endpoints/<int:endpoint_id>", methods=["GET"])
@part.response(200, EndpointOut)
def one(endpoint_id: int) -> dict[str, Any]:
    """One receiver."""
    return _one(endpoint_id)


@part.route("/webhook_endpoints/<int:endpoint_id>", methods=["PATCH"])
@part.arguments(EndpointChange)
@part.response(200, EndpointOut)
def change(said: dict[str, Any], endpoint_id: int) -> dict[str, Any]:
    """Change its address or types, switch it off or on again."""
    _change(endpoint_id, said)
    return _one(endpoint_id)


@part.route("/webhook_endpoints/<int:endpoint_id>", methods=["DELETE"])
@part.response(204)
def remove(endpoint_id: int) -> None:
    """Switch it off. The row stays, since messages and attempts tell of it."""
    _change(endpoint_id, {"disabled": True})


@part.route("/webhook_endpoints/<int:endpoint_id>/secret", methods=["POST"])
@part.response(200, SecretOut)
def new_secret(endpoint_id: int) -> dict[str, Any]:
    """Make a new secret; messages carry signatures of both until the next change."""
    with runtime().sessions.begin() as session:
        secret = flow.rotate_secret(session, runtime().vault, endpoint_id, by=door.actor(), now=now())
    return {"secret": secret}


@part.route("/webhook_endpoints/<int:endpoint_id>/signing_key", methods=["POST"])
@part.response(200, VerifyKeyOut)
def new_signing_key(endpoint_id: int) -> dict[str, Any]:
    """Sign by an Ed25519 key too (`v1a`), for receivers that check by a public key."""
    with runtime().sessions.begin() as session:
        public = flow.make_signing_key(session, runtime().vault, endpoint_id, by=door.actor(), now=now())
    return {"verify_key": public}


@part.route("/webhook_messages/replay", methods=["POST"])
@part.arguments(RangeIn)
@part.response(202, ReplayOut)
def replay_many(said: dict[str, Any]) -> dict[str, Any]:
    """Post again what was written in a stretch of time: what was given up, or with `delivered_too` all."""
    with runtime().sessions.begin() as session:
        posts = replay_range(session, Range(**said), by=door.actor(), now=now())
    runtime().wake("webhooks")
    return {"posts": posts}


@part.route("/webhook_types", methods=["GET"])
@part.response(200, ListOf(TypeOut))
def list_types() -> dict[str, Any]:
    """Every type of message with the JSON Schema of its body and an example."""
    return {"data": [catalogue.described(kind) for kind in TYPES], "next_cursor": None}


@part.route("/webhook_endpoints/<int:endpoint_id>/test", methods=["POST"])
@part.response(202, TestOut)
def test(endpoint_id: int) -> dict[str, Any]:
    """Post a `webhook.test` message there."""
    with runtime().sessions.begin() as session:
        message_id = flow.try_endpoint(session, endpoint_id, now=now(), by=door.actor())
    runtime().wake("webhooks")
    return {"message_id": message_id}


@part.route("/webhook_messages", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(MessageOut))
def list_messages(asked: dict[str, Any]) -> dict[str, Any]:
    """Messages, newest first, with how their posts fare."""
    place = door.place_of(asked["cursor"], (_instant, str))
    after = (place[0], place[1]) if place else None
    rows, _next = view.messages(page_session(), after=after, limit=asked["limit"] + 1)
    page = door.cut(rows, asked["limit"], lambda row: (row.created_at.isoformat(), row.id))
    return {
        **page,
        "data": [
            {
                "id": row.id,
                "type": row.type,
                "lead_id": row.lead_id,
                "created_at": moment(row.created_at),
                "delivered": row.delivered,
                "waiting": row.waiting,
                "failed": row.failed,
            }
            for row in page["data"]
        ],
    }


@part.route("/webhook_messages/<message_id>", methods=["GET"])
@part.response(200, MessageWhole)
def message(message_id: str) -> dict[str, Any]:
    """One message with its body and every attempt."""
    found = view.message(page_session(), message_id)
    if found is None:
        raise NotFound(_("There is no such message."))
    row = found.message
    return {
        "id": row.id,
        "type": row.type,
        "lead_id": row.lead_id,
        "created_at": moment(row.created_at),
        "body": json.loads(row.body),
        "posts": [
            {
                "endpoint_id": one.post.endpoint_id,
                "url": one.url,
                "state": one.post.state,
                "due_at": moment(one.post.due_at),
                "delivered_at": moment(one.post.delivered_at),
                "attempts": [
                    {
                        "attempt": attempt.attempt_no,
                        "at": moment(attempt.at),
                        "status": attempt.status,
                        "millis": attempt.millis,
                        "reply": attempt.reply,
                        "error": attempt.error,
                    }
                    for attempt in one.attempts
                ],
            }
            for one in found.posts
        ],
    }


@part.route("/webhook_messages/<message_id>/replay", methods=["POST"])
@part.response(202, ReplayOut)
def replay(message_id: str) -> dict[str, Any]:
    """Post it again, under its own id, to everyone who listens now."""
    with runtime().sessions.begin() as session:
        posts = repost(session, message_id, now(), door.actor())
    runtime().wake("webhooks")
    return {"posts": posts}


def _change(endpoint_id: int, said: dict[str, Any]) -> None:
    with runtime().sessions.begin() as session:
        flow.change_endpoint(
            session,
            endpoint_id,
            private=runtime().settings.allow_private_webhooks,
            by=door.actor(),
            now=now(),
            **said,
        )


def _one(endpoint_id: int) -> dict[str, Any]:
    close_session()
    row = webhook_endpoints.get(page_session(), endpoint_id)
    if row is None:
        raise NotFound(_("There is no such webhook endpoint."))
    return _endpoint(row)


def _endpoint(row: WebhookEndpoint) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": row.url,
        "types": row.types,
        "created_at": moment(row.created_at),
        "disabled_at": moment(row.disabled_at),
        "disabled_reason": row.disabled_reason,
        "failing_since": moment(row.failing_since),
        "last_success_at": moment(row.last_success_at),
        "filter": row.filter,
        "verify_key": row.verify_key,
    }


def _instant(part: Any) -> datetime:
    found = datetime.fromisoformat(part)
    if found.tzinfo is None:
        raise ValueError("an instant has a zone")
    return found
