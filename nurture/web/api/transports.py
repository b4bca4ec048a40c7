"""/transports: the ways out of mails, how they stand, and which mails take which."""

from typing import Any

from flask.typing import ResponseReturnValue

from nurture.errors import NotFound, Refusal
from nurture.flows import standing
from nurture.flows import transports as flow
from nurture.flows.standing import WayStands
from nurture.flows.transports import Wanted
from nurture.rules.transports import Limits
from nurture.rules.words import _
from nurture.store import transports
from nurture.web.api import door
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.transports import ChoiceIn, TransportIn, TransportOut, TransportTested
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("transports", "Transports: mail servers and mail services, limits, failover, health.")


@part.route("/transports", methods=["GET"])
@part.response(200, ListOf(TransportOut))
def list_transports() -> dict[str, Any]:
    """Every way out, the default first."""
    return {"data": [_shown(one) for one in standing.ways(page_session(), now=now())], "next_cursor": None}


@part.route("/transports", methods=["POST"])
@part.arguments(TransportIn)
@part.response(201, TransportOut)
def create(said: dict[str, Any]) -> ResponseReturnValue:
    """Add one."""
    with runtime().sessions.begin() as session:
        added = flow.add(session, runtime().vault, _wanted(said), by=door.actor(), now=now()).id
    return _one(added), 201


@part.route("/transports/<int:transport_id>", methods=["GET"])
@part.response(200, TransportOut)
def one(transport_id: int) -> dict[str, Any]:
    """One way out."""
    return _one(transport_id)


@part.route("/transports/<int:transport_id>", methods=["PUT"])
@part.arguments(TransportIn)
@part.response(200, TransportOut)
def change(said: dict[str, Any], transport_id: int) -> dict[str, Any]:
    """Set it up anew."""
    with runtime().sessions.begin() as session:
        flow.change(session, runtime().vault, transport_id, _wanted(said), by=door.actor(), now=now())
    return _one(transport_id)


@part.route("/transports/<int:transport_id>", methods=["DELETE"])
@part.response(204)
def remove(transport_id: int) -> None:
    """Forget it with its secret. What had chosen it takes the default."""
    with runtime().sessions.begin() as session:
        flow.remove(session, transport_id, by=door.actor(), now=now())


@part.route("/transports/<int:transport_id>/pause", methods=["POST"])
@part.response(200, TransportOut)
def pause(transport_id: int) -> dict[str, Any]:
    """Hold its mails, unless another takes over."""
    return _paused(transport_id, paused=True)


@part.route("/transports/<int:transport_id>/resume", methods=["POST"])
@part.response(200, TransportOut)
def resume(transport_id: int) -> dict[str, Any]:
    """Let its mails go on."""
    return _paused(transport_id, paused=False)


@part.route("/transports/<int:transport_id>/test", methods=["POST"])
@part.response(200, TransportTested)
def try_out(transport_id: int) -> dict[str, Any]:
    """Connect and sign in; nothing is sent. One that works is used again at once."""
    row = transports.get(page_session(), transport_id)
    if row is None:
        raise NotFound(_("There is no such transport."))
    try:
        made = runtime().open_transport(row)
        close_session()
        sentence = flow.try_out(made)
    except Refusal as refusal:
        sentence = str(refusal)
    with runtime().sessions.begin() as session:
        flow.note_tried(session, transport_id, sentence, by=door.actor(), now=now())
    return {"works": not sentence, "sentence": sentence}


@part.route("/transports/choices", methods=["PUT"])
@part.arguments(ChoiceIn)
@part.response(204)
def choose(said: dict[str, Any]) -> None:
    """Say which transport the mails of a program, a mail or a newsletter take."""
    with runtime().sessions.begin() as session:
        flow.choose(session, said["kind"], said["id"], said["transport_id"], by=door.actor(), now=now())


def _wanted(said: dict[str, Any]) -> Wanted:
    return Wanted(
        name=said["name"],
        kind=said["kind"],
        settings=said["settings"],
        secret=said["secret"],
        limits=Limits(said["per_second"], said["per_hour"], said["per_day"]),
        connections=said["connections"],
        fallback_id=said["fallback_id"],
        is_default=said["default"],
    )


def _paused(transport_id: int, *, paused: bool) -> dict[str, Any]:
    with runtime().sessions.begin() as session:
        flow.pause(session, transport_id, paused=paused, by=door.actor(), now=now())
    return _one(transport_id)


def _one(transport_id: int) -> dict[str, Any]:
    for way in standing.ways(page_session(), now=now()):
        if way.id == transport_id:
            return _shown(way)
    raise NotFound(_("There is no such transport."))


def _shown(way: WayStands) -> dict[str, Any]:
    row = way.row
    return {
        "id": way.id,
        "key": way.key,
        "name": row.name if row else way.key,
        "kind": row.kind if row else "smtp",
        "settings": row.settings if row else {},
        "limits": vars(way.limits),
        "left_this_hour": way.left_hour,
        "left_today": way.left_day,
        "connections": row.connections if row else None,
        "fallback_id": row.fallback_id if row else None,
        "default": way.is_default,
        "state": way.state,
        "sentence": way.sentence,
        "last_hour": vars(way.tally),
        "chosen_by": way.chosen_by,
    }
