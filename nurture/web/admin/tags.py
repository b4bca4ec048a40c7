"""Tags and fields of one's own: how many leads have them, what asks for them, and changing them for all."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows import custom_fields as field_flow
from nurture.flows import naming
from nurture.flows import tags as flow
from nurture.rules.words import _, ngettext
from nurture.store import custom_fields, lead_figures
from nurture.store.custom_fields import CustomField
from nurture.web.rendering import number as number_text
from nurture.web.request import close_session, now, page_session, runtime, signed_in

pages = Blueprint("tags", __name__)
_COUNTED = 10_000


@pages.get("/tags")
def index() -> ResponseReturnValue:
    """Every tag that a lead has."""
    session = page_session()
    figures = lead_figures.read(session, "tag")
    counted = [(one.get("leads", 0), tag) for tag, one in figures.of.items()]
    rows = sorted(counted, key=lambda row: (-row[0], row[1]))
    uses = naming.uses(session, "tag", [tag for _n, tag in rows])
    return render_template("admin/tags/index.html", rows=rows, uses=uses, at=figures.at)


@pages.post("/tags/change")
def change() -> ResponseReturnValue:
    """Rename a tag or take it off everybody; the tag stands in the form, since it may be any text."""
    form, by = request.form, signed_in().actor
    tag = form.get("tag", "")
    said: str | Markup
    try:
        with runtime().sessions.begin() as session:
            if form.get("do") == "remove":
                noted = flow.remove(session, tag, by=by, now=now())
                n, change_id = len(noted.lead_ids), noted.id
                sentence = ngettext("The tag is off %s lead.", "The tag is off %s leads.", n) % number_text(n)
                undo = Markup(render_template("admin/leads/undo.html", change_id=change_id, filters={}))
                said = Markup("{} {}").format(sentence, undo)
            else:
                n = flow.rename(session, tag, form.get("name", ""), by=by, now=now())
                said = ngettext("%s lead is changed.", "%s leads are changed.", n) % number_text(n)
    except (Invalid, Conflict, NotFound) as refusal:
        flash(str(refusal), "bad")
    else:
        runtime().wake("segments")
        flash(said)
    return redirect(url_for("tags.index"))


@pages.get("/fields")
def fields() -> ResponseReturnValue:
    return _fields({}, {})


@pages.post("/fields")
def create_field() -> ResponseReturnValue:
    form = request.form
    try:
        with runtime().sessions.begin() as session:
            field_flow.create(
                session,
                form.get("label", ""),
                kind=form.get("kind", "text"),
                choices=form.get("choices", "").splitlines(),
                by=signed_in().actor,
                now=now(),
            )
    except (Invalid, Conflict) as refusal:
        return _fields(form, getattr(refusal, "errors", None) or {"label": [str(refusal)]}), 422
    flash(_("The field is there: it stands on every card and among the columns of the list."))
    return redirect(url_for("tags.fields"))


@pages.get("/fields/<field>")
def field(field: str) -> ResponseReturnValue:
    return _field(field, None, {})


@pages.post("/fields/<field>")
def change_field(field: str) -> ResponseReturnValue:
    form, by = request.form, signed_in().actor
    try:
        with runtime().sessions.begin() as session:
            if form.get("do") == "remove":
                n = field_flow.remove(session, field, by=by, now=now())
                said = ngettext("The field is gone from %s lead.", "The field is gone from %s leads.", n)
                said %= number_text(n)
            else:
                choices = form.get("choices", "").splitlines()
                label, kind = form.get("label", ""), form.get("kind", "")
                field_flow.change(session, field, label=label, kind=kind, choices=choices, by=by, now=now())
                said = _("Saved.")
    except (Invalid, Conflict) as refusal:
        return _field(field, form, getattr(refusal, "errors", None) or {"label": [str(refusal)]}), 422
    runtime().wake("segments")
    flash(said)
    return redirect(url_for("tags.fields"))


def _fields(answers: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    close_session()
    session = page_session()
    known = custom_fields.every(session)
    uses = naming.uses(session, "field", [one.key for one in known])
    return render_template("admin/tags/fields.html", fields=known, uses=uses, answers=answers, errors=errors)


def _field(key: str, answers: Mapping[str, Any] | None, errors: Mapping[str, list[str]]) -> str:
    close_session()
    session = page_session()
    found = session.get(CustomField, key)
    if found is None:
        raise NotFound(_("There is no such field."))
    known = {"label": found.label, "kind": found.kind, "choices": "\n".join(found.choices)}
    return render_template(
        "admin/tags/field.html",
        field=found,
        uses=naming.used_by(session, "field", key),
        bearers=custom_fields.bearers(session, key, up_to=_COUNTED),
        most=_COUNTED,
        answers=answers or known,
        errors=errors,
    )
