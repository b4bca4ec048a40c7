"""/demo: invented leads, before one's own are there."""

from typing import Any

from nurture.flows import demo as flow
from nurture.store import demo
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas.demo import DemoOut
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("demo", "Demo data: invented leads that live through a month.")


@part.route("/demo", methods=["GET"])
@part.response(200, DemoOut)
def state() -> dict[str, Any]:
    """Whether there is demo data, and how far its making is."""
    return _demo()


@part.route("/demo", methods=["POST"])
@part.response(202, DemoOut)
def make() -> dict[str, Any]:
    """Have demo data made by a long job; only where there are no leads of one's own."""
    with runtime().sessions.begin() as session:
        flow.ask(session, by=door.actor(), now=now())
    return _demo()


@part.route("/demo", methods=["DELETE"])
@part.response(202, DemoOut)
def remove() -> dict[str, Any]:
    """Have all demo data removed; what is real stays."""
    with runtime().sessions.begin() as session:
        flow.ask_removal(session, by=door.actor(), now=now())
    return _demo()


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
