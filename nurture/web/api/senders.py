"""/senders: in whose name mails go out."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from flask.typing import ResponseReturnValue

from nurture.flows import senders as flow
from nurture.store import domains, senders
from nurture.store.senders import SenderRow
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.senders import SenderChange, SenderIn, SenderOut
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("senders", "Senders: in whose name mails go out, and what has chosen each.")


@part.route("/senders", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(SenderOut))
def list_senders(asked: dict[str, Any]) -> dict[str, Any]:
    """Every sender, by key."""
    place = door.place_of(asked["cursor"], (str,))
    after = place[0] if place else ""
    every = sorted(senders.every(page_session()), key=lambda row: row.key)
    rows = [row for row in every if row.key > after][: asked["limit"] + 1]
    page = door.cut(rows, asked["limit"], lambda row: (row.key,))
    return {**page, "data": _shown(page["data"])}


@part.route("/senders", methods=["POST"])
@part.arguments(SenderIn)
@part.response(201, SenderOut)
def create(said: dict[str, Any]) -> ResponseReturnValue:
    """Make one. Refused (409) for a key that is taken."""
    default = said.pop("default")
    with runtime().sessions.begin() as session:
        key = flow.create(session, said, default=default, by=door.actor(), now=now()).key
    return _one(key), 201


@part.route("/senders/<key>", methods=["GET"])
@part.response(200, SenderOut)
def one(key: str) -> dict[str, Any]:
    """One sender."""
    return _one(key)


@part.route("/senders/<key>", methods=["PATCH"])
@part.arguments(SenderChange)
@part.response(200, SenderOut)
def change(said: dict[str, Any], key: str) -> dict[str, Any]:
    """Change it, or make it the default; the next mail shows it."""
    default = said.pop("default", False)
    with runtime().sessions.begin() as session:
        flow.change(session, key, said, by=door.actor(), now=now())
        if default:
            flow.make_default(session, key, by=door.actor(), now=now())
    return _one(key)


@part.route("/senders/<key>", methods=["DELETE"])
@part.response(204)
def remove(key: str) -> None:
    """Delete it. Refused (409) for the default, and while a program, a mail or a newsletter has chosen it."""
    with runtime().sessions.begin() as session:
        flow.remove(session, key, by=door.actor(), now=now())


def _one(key: str) -> dict[str, Any]:
    close_session()
    return _shown([flow.existing(page_session(), key)])[0]


def _shown(rows: Sequence[SenderRow]) -> list[dict[str, Any]]:
    session = page_session()
    uses = flow.uses(session, [row.key for row in rows])
    proven = domains.proven(session, {row.domain for row in rows})
    return [
        {
            "key": row.key,
            "name": row.name,
            "email": row.email,
            "reply_to": row.reply_to,
            "default": row.is_default,
            "domain": row.domain,
            "verified": row.domain in proven,
            "used_by": [asdict(one) for one in uses[row.key]],
            "created_at": moment(row.created_at),
            "updated_at": moment(row.updated_at),
        }
        for row in rows
    ]
