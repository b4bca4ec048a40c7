"""/company, /sending and /restraint: who sends, whether anything goes out, and how much to one lead."""

from dataclasses import fields
from typing import Any

from flask.typing import ResponseReturnValue

from nurture.flows import restraint as restraint_flow
from nurture.flows import sending as flow
from nurture.flows.setup import Company, save_company
from nurture.store import installation, restraint
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas.house import CapIn, CapOut, HouseChange, HouseOut, SendingOut
from nurture.web.rendering import time_of_day
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("sending", "Who sends, the switches over all sending, and the cap over everything.")
_NAMES = tuple(field.name for field in fields(Company))


@part.route("/company", methods=["GET"])
@part.response(200, HouseOut)
def company() -> dict[str, Any]:
    """Who sends: it stands in every mail."""
    return _company()


@part.route("/company", methods=["PATCH"])
@part.arguments(HouseChange)
@part.response(200, HouseOut)
def change(said: dict[str, Any]) -> dict[str, Any]:
    """Change who sends; the next mail shows it."""
    with runtime().sessions.begin() as session:
        row = installation.lock(session)
        known = {name: getattr(row, name) or "" for name in _NAMES}
        meant = known | {name: value or "" for name, value in said.items()}
        save_company(session, Company(**meant), by=door.actor(), now=now())
    return _company()


@part.route("/sending", methods=["GET"])
@part.response(200, SendingOut)
def state() -> dict[str, Any]:
    """Whether mails go out."""
    return _state()


@part.route("/sending/stop", methods=["POST"])
@part.response(200, SendingOut)
def stop() -> ResponseReturnValue:
    """Let nothing more go out until sending is resumed; what is due waits."""
    with runtime().sessions.begin() as session:
        flow.stop_sending(session, by=door.actor(), now=now())
    return _state()


@part.route("/sending/resume", methods=["POST"])
@part.response(200, SendingOut)
def resume() -> ResponseReturnValue:
    """Let what waited go out, within its windows."""
    with runtime().sessions.begin() as session:
        flow.resume_sending(session, by=door.actor(), now=now())
    runtime().wake("deliver")
    return _state()


@part.route("/sending/live", methods=["POST"])
@part.response(200, SendingOut)
def live() -> ResponseReturnValue:
    """Go live: from now on mails go out to everybody. Refused (409) until it is said who sends."""
    with runtime().sessions.begin() as session:
        flow.go_live(session, by=door.actor(), now=now())
    runtime().wake("deliver")
    return _state()


@part.route("/restraint", methods=["GET"])
@part.response(200, CapOut)
def cap() -> dict[str, Any]:
    """How much one lead is written to at most, and the quiet hours."""
    return _cap()


@part.route("/restraint", methods=["PUT"])
@part.arguments(CapIn)
@part.response(200, CapOut)
def set_cap(said: dict[str, Any]) -> dict[str, Any]:
    """Set the cap, and the quiet hours where they are given; they hold for the next mail."""
    with runtime().sessions.begin() as session:
        by, at = door.actor(), now()
        restraint_flow.set_cap(session, said["most"], said["days"], said["over"], by=by, now=at)
        if "quiet_from" in said or "quiet_until" in said:
            quiet = said.get("quiet_from"), said.get("quiet_until")
            restraint_flow.set_quiet(session, *quiet, by=by, now=at)
    return _cap()


def _company() -> dict[str, Any]:
    close_session()
    row = installation.get(page_session())
    return {name: getattr(row, name) for name in _NAMES}


def _state() -> dict[str, Any]:
    close_session()
    row = installation.get(page_session())
    live_now = row.live or runtime().settings.live
    return {"live": live_now, "stopped": row.sending_stopped, "stopped_at": moment(row.sending_stopped_at)}


def _cap() -> dict[str, Any]:
    close_session()
    row = restraint.get(page_session())
    quiet = {name: time_of_day(getattr(row, name)) or None for name in ("quiet_from", "quiet_until")}
    return {"most": row.most, "days": row.days, "over": row.over, **quiet}
