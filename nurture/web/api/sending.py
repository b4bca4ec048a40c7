"""/sending and /demo: the switches over all sending, and demo data."""

from typing import Any

from nurture.flows import demo as demo_flow
from nurture.flows import sending as flow
from nurture.store import deliveries, demo, installation, test_addresses
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas.sending import DemoOut, SendingIn, SendingOut
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("sending", "The switches over all sending, and demo data.")


@part.route("/sending", methods=["GET"])
@part.response(200, SendingOut)
def state() -> dict[str, Any]:
    """How sending stands."""
    return _sending()


@part.route("/sending", methods=["PATCH"])
@part.arguments(SendingIn)
@part.response(200, SendingOut)
def change(said: dict[str, Any]) -> dict[str, Any]:
    """Say who gets mail before the go-live switch is turned."""
    with runtime().sessions.begin() as session:
        flow.name_test_addresses(session, said["test_addresses"], by=door.actor(), now=now())
    return _sending()


@part.route("/sending/stop", methods=["POST"])
@part.response(200, SendingOut)
def stop() -> dict[str, Any]:
    """Stop all sending, within two seconds; what is due waits."""
    with runtime().sessions.begin() as session:
        flow.stop_sending(session, by=door.actor(), now=now())
    return _sending()


@part.route("/sending/resume", methods=["POST"])
@part.response(200, SendingOut)
def resume() -> dict[str, Any]:
    """Let what waited go out, within its windows."""
    with runtime().sessions.begin() as session:
        flow.resume_sending(session, by=door.actor(), now=now())
    runtime().wake("deliver")
    return _sending()


@part.route("/sending/live", methods=["POST"])
@part.response(200, SendingOut)
def go_live() -> dict[str, Any]:
    """Turn the go-live switch: mails go to leads from now on."""
    with runtime().sessions.begin() as session:
        flow.go_live(session, by=door.actor(), now=now())
    runtime().wake("deliver")
    return _sending()


@part.route("/demo", methods=["GET"])
@part.response(200, DemoOut)
def demo_state() -> dict[str, Any]:
    """Whether there is demo data, and how far its making is."""
    return _demo()


@part.route("/demo", methods=["POST"])
@part.response(202, DemoOut)
def make_demo() -> dict[str, Any]:
    """Have demo data made by a long job; only where there are no leads of one's own."""
    with runtime().sessions.begin() as session:
        demo_flow.ask(session, by=door.actor(), now=now())
    return _demo()


@part.route("/demo", methods=["DELETE"])
@part.response(202, DemoOut)
def remove_demo() -> dict[str, Any]:
    """Have all demo data removed; what is real stays."""
    with runtime().sessions.begin() as session:
        demo_flow.ask_removal(session, by=door.actor(), now=now())
    return _demo()


def _sending() -> dict[str, Any]:
    close_session()
    session = page_session()
    house, settings = installation.get(session), runtime().settings
    return {
        "live": house.live or settings.live,
        "stopped": house.sending_stopped,
        "stopped_at": moment(house.sending_stopped_at),
        "caught": settings.smtp_url is None,
        "test_addresses": test_addresses.all_of_them(session),
        "transports": [
            {"name": one.name, "ok": one.ok, "sentence": one.sentence}
            for one in deliveries.transports(session)
        ],
    }


def _demo() -> dict[str, Any]:
    close_session()
    row = demo.get(page_session())
    return {
        "state": row.state,
        "done": row.done,
        "total": row.total,
        "sentence": row.sentence,
        "began_at": moment(row.began_at),
        "ended_at": moment(row.ended_at),
    }
