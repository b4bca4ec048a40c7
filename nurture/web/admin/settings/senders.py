"""Settings: the senders, in whose name mails go out."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid
from nurture.flows import senders as flow
from nurture.rules.words import _
from nurture.store import domains, senders
from nurture.store.senders import SenderRow
from nurture.web.request import close_session, now, page_session, runtime, signed_in

pages = Blueprint("senders", __name__, url_prefix="/settings/senders")

Errors = Mapping[str, list[str]]


@pages.get("")
def index() -> ResponseReturnValue:
    return _index({}, {})


@pages.post("")
def add() -> ResponseReturnValue:
    form = request.form
    said = {name: form.get(name, "") for name in ("key", *flow.FIELDS)}
    default = form.get("default") == "1"
    try:
        with runtime().sessions.begin() as session:
            made = flow.create(session, said, default=default, by=signed_in().actor, now=now())
            key = made.key
    except Invalid as refusal:
        return _index(form.to_dict(), refusal.errors), 422
    except Conflict as refusal:
        return _index(form.to_dict(), {"key": [str(refusal)]}), 422
    flash(_("The sender is there: programs, mails and newsletters can choose it."))
    return redirect(url_for("senders.one", key=key))


@pages.get("/<key>")
def one(key: str) -> ResponseReturnValue:
    return _one(key, None, {})


@pages.post("/<key>")
def change(key: str) -> ResponseReturnValue:
    said = {name: request.form[name] for name in flow.FIELDS if name in request.form}
    try:
        with runtime().sessions.begin() as session:
            flow.change(session, key, said, by=signed_in().actor, now=now())
    except Invalid as refusal:
        return _one(key, request.form.to_dict(), refusal.errors), 422
    flash(_("Saved. The next mail shows it."))
    return redirect(url_for("senders.one", key=key))


@pages.post("/<key>/default")
def make_default(key: str) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        row = flow.make_default(session, key, by=signed_in().actor, now=now())
        name = row.name
    flash(_("%(name)s speaks wherever nothing else is chosen.") % {"name": name})
    return redirect(url_for("senders.index"))


@pages.post("/<key>/remove")
def remove(key: str) -> ResponseReturnValue:
    try:
        with runtime().sessions.begin() as session:
            flow.remove(session, key, by=signed_in().actor, now=now())
    except Conflict as refusal:
        flash(str(refusal), "bad")
        return redirect(url_for("senders.one", key=key))
    flash(_("The sender is deleted."))
    return redirect(url_for("senders.index"))


def _index(answers: Mapping[str, str], errors: Errors) -> str:
    close_session()
    session = page_session()
    rows = senders.every(session)
    return render_template(
        "admin/settings/senders.html",
        rows=rows,
        uses=flow.uses(session, [row.key for row in rows]),
        domains=_domains(rows),
        answers=answers,
        errors=errors,
    )


def _one(key: str, answers: Mapping[str, str] | None, errors: Errors) -> str:
    close_session()
    session = page_session()
    row = flow.existing(session, key)
    known: dict[str, Any] = {name: getattr(row, name) or "" for name in flow.FIELDS}
    return render_template(
        "admin/settings/sender.html",
        row=row,
        uses=flow.used_by(session, key),
        domains=_domains([row]),
        answers=answers or known,
        errors=errors,
    )


def _domains(rows: list[SenderRow]) -> dict[str, tuple[int | None, bool]]:
    """The number of each domain, where it is looked up, and whether it proves where its mails come from."""
    names = {row.domain for row in rows}
    ids, proven = domains.ids_of(page_session(), names), domains.proven(page_session(), names)
    return {name: (ids.get(name), name in proven) for name in names}
