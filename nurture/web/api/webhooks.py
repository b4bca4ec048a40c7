"""/webhook_endpoints and /webhook_messages: who listens, what was told, every attempt."""

import json
from datetime import datetime
from typing import Any

from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import endpoints as flow
from nurture.flows import shape_messages
from nurture.flows.post_webhooks import Range, replay_range
from nurture.flows.post_webhooks import replay as repost
from nurture.rules.messages import TYPES
from nurture.rules.words import _
from nurture.store import webhook_endpoints
from nurture.store.views import webhooks as view
from nurture.store.webhooks import WebhookEndpoint
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.webhooks import (
    EndpointChange,
    EndpointIn,
    EndpointMade,
    EndpointOut,
    MappingMade,
    MappingTried,
    MessageOut,
    MessageWhole,
    PresetOut,
    RangeIn,
    ReplayOut,
    SecretOut,
    TestOut,
    TypeOut,
    VerifyKeyOut,
)
from nurture.web.request import close_session, now, page_session, runtime
from nurture.webhooks import catalogue
from nurture.webhooks.presets import PRESETS

part = door.Part("webhooks", "Receivers of webhooks, and what they were told.")


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
            flow.Receiver(**said),
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


@part.route("/webhook_endpoints/<int:endpoint_id>/old_keys", methods=["DELETE"])
@part.response(204)
def forget_old_keys(endpoint_id: int) -> None:
    """Sign by the newest secret and key alone from now on."""
    with runtime().sessions.begin() as session:
        flow.forget_old_keys(session, endpoint_id, by=door.actor(), now=now())


@part.route("/webhook_endpoints/preview", methods=["POST"])
@part.arguments(MappingTried)
@part.response(200, MappingMade)
def preview(said: dict[str, Any]) -> dict[str, Any]:
    """What a mapping makes of the example of a type, or every fault of it by its place."""
    return {"sent": shape_messages.preview(said["mapping"], said["type"])}


@part.route("/webhook_presets", methods=["GET"])
@part.response(200, ListOf(PresetOut))
def list_presets() -> dict[str, Any]:
    """Shapes that known programs take, with their addresses; what is to be filled in begins with YOUR."""
    presets = [{**vars(one), "mapping": json.loads(one.mapping)} for one in PRESETS]
    return {"data": presets, "next_cursor": None}


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
                        "sent": json.loads(attempt.sent) if attempt.sent else None,
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
        disabled = said.pop("disabled", None)
        flow.change_endpoint(
            session,
            runtime().vault,
            endpoint_id,
            flow.Receiver(**said),
            private=runtime().settings.allow_private_webhooks,
            by=door.actor(),
            now=now(),
            disabled=disabled,
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
        "verify_key_before": row.verify_key_before,
        "secrets": len(row.secrets),
        "mapping": json.loads(row.mapping) if row.mapping else None,
        "headers": sorted(row.headers),
    }


def _instant(part: Any) -> datetime:
    found = datetime.fromisoformat(part)
    if found.tzinfo is None:
        raise ValueError("an instant has a zone")
    return found
