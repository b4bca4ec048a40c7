"""/forms: forms of the company, and what was sent by them."""

from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import fields

from nurture.flows import forms as flow
from nurture.store import forms
from nurture.store.forms import OpenForm
from nurture.web.api import door
from nurture.web.api.plain import moment, plain
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.forms import FormChange, FormIn, FormOut, SubmissionOut
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("forms", "Forms of the company, and what was sent by them.")
_COUNTS = ("id", "key", "name", "sent", "confirmed", "refused")
_INSTANTS = ("last_at", "archived_at", "created_at", "updated_at")


class Filter(door.PageQuery):
    """Those that take answers, or those that do not any more."""

    archived = fields.Boolean(load_default=False)


@part.route("/forms", methods=["GET"])
@part.arguments(Filter, location="query")
@part.response(200, ListOf(FormOut))
def list_forms(asked: dict[str, Any]) -> dict[str, Any]:
    """Forms, the newest first."""
    place = door.place_of(asked["cursor"], (door.whole,))
    rows = forms.page(
        page_session(),
        archived=asked["archived"],
        before=place[0] if place else None,
        limit=asked["limit"] + 1,
    )
    cut = door.cut(rows, asked["limit"], lambda one: (one.row.id,))
    return {**cut, "data": [_shown(one) for one in cut["data"]]}


@part.route("/forms", methods=["POST"])
@part.arguments(FormIn)
@part.response(201, FormOut)
def create(said: dict[str, Any]) -> ResponseReturnValue:
    """Make a form; it takes answers at once."""
    key, name = said.pop("key"), said.pop("name")
    with runtime().sessions.begin() as session:
        return _shown(flow.create(session, key, name, said, by=door.actor(), now=now())), 201


@part.route("/forms/<int:form_id>", methods=["GET"])
@part.response(200, FormOut)
def one(form_id: int) -> dict[str, Any]:
    """One form."""
    return _shown(flow.known(page_session(), form_id))


@part.route("/forms/<int:form_id>", methods=["PATCH"])
@part.arguments(FormChange)
@part.response(200, FormOut)
def change(said: dict[str, Any], form_id: int) -> dict[str, Any]:
    """Change what is sent; the rest stays. What differs is a new version: earlier consents keep theirs."""
    name = said.pop("name", None)
    with runtime().sessions.begin() as session:
        return _shown(flow.change(session, form_id, name, said, by=door.actor(), now=now()))


@part.route("/forms/<int:form_id>", methods=["DELETE"])
@part.response(200, FormOut)
def archive(form_id: int) -> dict[str, Any]:
    """Take no answers any more; what came by it stays. Refused (409) while a chain lets people in by it."""
    with runtime().sessions.begin() as session:
        flow.archive(session, form_id, by=door.actor(), now=now())
    return _again(form_id)


@part.route("/forms/<int:form_id>/restore", methods=["POST"])
@part.response(200, FormOut)
def restore(form_id: int) -> dict[str, Any]:
    """Take answers again."""
    with runtime().sessions.begin() as session:
        flow.restore(session, form_id, by=door.actor(), now=now())
    return _again(form_id)


@part.route("/forms/<int:form_id>/submissions", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(SubmissionOut))
def list_submissions(asked: dict[str, Any], form_id: int) -> dict[str, Any]:
    """What was sent by it, the newest first."""
    flow.known(page_session(), form_id)
    place = door.place_of(asked["cursor"], (door.whole,))
    before = place[0] if place else None
    rows = forms.sent(page_session(), form_id, before=before, limit=asked["limit"] + 1)
    cut = door.cut(rows, asked["limit"], lambda row: (row.id,))
    data = [
        {
            "id": row.id,
            "lead_id": row.lead_id,
            "version": row.version_no,
            "at": moment(row.at),
            "answers": plain(row.answers),
            "came_by": plain(row.came_by),
            "waiting": row.waiting,
            "confirmed_at": moment(row.confirmed_at),
        }
        for row in cut["data"]
    ]
    return {**cut, "data": data}


def _again(form_id: int) -> dict[str, Any]:
    close_session()
    return _shown(flow.known(page_session(), form_id))


def _shown(form: OpenForm) -> dict[str, Any]:
    url = f"{runtime().settings.base_url}/f/{form.row.key}"
    return {
        **form.spec,
        **{name: getattr(form.row, name) for name in _COUNTS},
        **{name: moment(getattr(form.row, name)) for name in _INSTANTS},
        "version": form.row.version_no,
        "url": url,
        "script": f"{url}.js",
    }
