"""The pages of forms."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid
from nurture.flows import forms as flow
from nurture.flows.naming import used_by
from nurture.flows.start_leads import places
from nurture.rules import words
from nurture.rules.forms import trap
from nurture.rules.forms.values import spec_of
from nurture.rules.words import _
from nurture.store import custom_fields, forms, programs
from nurture.store.forms import FormRow, OpenForm
from nurture.store.views import public
from nurture.web import query
from nurture.web.admin.forms import snippets, typed
from nurture.web.lead_words import PURPOSES
from nurture.web.public.forms import Drawn
from nurture.web.request import close_session, now, page_session, runtime, signed_in

pages = Blueprint("forms", __name__, url_prefix="/forms")
_PAGE, _SENT = 50, 25
# Each by its own name, as its readers know it; any other is typed by its code.
_LANGUAGES = (
    ("en", "English"), ("de", "Deutsch"), ("fr", "Français"), ("es", "Español"), ("it", "Italiano"),
    ("nl", "Nederlands"), ("pl", "Polski"), ("ru", "Русский"), ("tr", "Türkçe"), ("uk", "Українська"),
)  # fmt: skip


@pages.get("")
def index() -> ResponseReturnValue:
    """Forms with what came by them, the newest first."""
    archived = query.text("show") == "archived"
    found = forms.page(page_session(), archived=archived, before=query.number("after"), limit=_PAGE + 1)
    older = found[_PAGE - 1].row.id if len(found) > _PAGE else None
    return render_template(
        "admin/forms/index.html",
        found=found[:_PAGE],
        older=older,
        archived=archived,
        any_archived=forms.any_archived(page_session()),
        spec_of=spec_of,
    )


@pages.get("/new")
def new() -> ResponseReturnValue:
    return _editor(None, {"key": "", "name": ""}, typed.blank(words.spoken()), {})


@pages.post("")
def create() -> ResponseReturnValue:
    """Make the form; a button of a row only changes what stands on the page."""
    plain, head = typed.said(request.form), _head()
    if _shaped(plain):
        return _editor(None, head, plain, {})
    try:
        with runtime().sessions.begin() as session:
            made = flow.create(session, head["key"], head["name"], plain, by=signed_in().actor, now=now())
            form_id = made.row.id
    except Invalid as refusal:
        return _editor(None, head, plain, refusal.errors), 422
    flash(_("The form is there. Copy its address or its script, and it takes answers."))
    return redirect(url_for("forms.one", form_id=form_id))


@pages.get("/<int:form_id>")
def one(form_id: int) -> ResponseReturnValue:
    """What came by it, where it stands, what follows."""
    session = page_session()
    form = flow.known(session, form_id)
    spec = flow.as_it_is(form)
    rows = forms.sent(session, form_id, before=query.number("after"), limit=_SENT + 1)
    house, questions = public.house(session), flow.questions(session, spec)
    return render_template(
        "admin/forms/one.html",
        form=form.row,
        spec=spec,
        rows=rows[:_SENT],
        older=rows[_SENT - 1].id if len(rows) > _SENT else None,
        names={one.field.field: one.field.label for one in questions},
        embedded=snippets.of(runtime().settings.base_url, form.row.key, spec, questions),
        uses=used_by(session, "form", form.row.key),
        live={place for place, _name, _chain, step in places(session) if step is None},
        drawn=Drawn(form, spec, questions, {}, {}),
        house=house,
        bait=trap.BAIT,
    )


@pages.get("/<int:form_id>/edit")
def edit(form_id: int) -> ResponseReturnValue:
    form = flow.known(page_session(), form_id)
    return _editor(form.row, {"key": form.row.key, "name": form.row.name}, form.spec, {})


@pages.post("/<int:form_id>")
def change(form_id: int) -> ResponseReturnValue:
    """Keep it as a new version; a button of a row only changes what stands on the page."""
    plain, head = typed.said(request.form), _head()
    row = flow.known(page_session(), form_id).row
    if _shaped(plain):
        return _editor(row, head | {"key": row.key}, plain, {})
    close_session()
    try:
        with runtime().sessions.begin() as session:
            flow.change(session, form_id, head["name"], plain, by=signed_in().actor, now=now())
    except Invalid as refusal:
        return _editor(row, head | {"key": row.key}, plain, refusal.errors), 422
    flash(_("Saved. Whoever opens the form from now on sees this."))
    return redirect(url_for("forms.one", form_id=form_id))


@pages.post("/look")
def look() -> ResponseReturnValue:
    """The form as the public would see it, of what is typed and not kept yet."""
    session = page_session()
    try:
        spec = flow.spec_from(session, typed.said(request.form))
    except Invalid as refusal:
        sentences = dict.fromkeys(said for many in refusal.errors.values() for said in many)
        return render_template(
            "admin/forms/no_look.html", sentences=list(sentences), house=public.house(session)
        )
    form = OpenForm(FormRow(0, "look", "", 0), spec.as_json())
    drawn = Drawn(form, spec, flow.questions(session, spec), {}, {})
    words.speak(words.nearest(spec.language) or words.ENGLISH)
    return render_template(
        "public/form.html", drawn=drawn, house=public.house(session), shown="", bait=trap.BAIT, campaign={}
    )


@pages.post("/<int:form_id>/archive")
def archive(form_id: int) -> ResponseReturnValue:
    try:
        with runtime().sessions.begin() as session:
            flow.archive(session, form_id, by=signed_in().actor, now=now())
    except Conflict as refusal:
        flash(str(refusal), "bad")
    else:
        flash(_("The form takes no answers any more. What came by it stays."))
    return redirect(url_for("forms.one", form_id=form_id))


@pages.post("/<int:form_id>/restore")
def restore(form_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        flow.restore(session, form_id, by=signed_in().actor, now=now())
    flash(_("The form takes answers again."))
    return redirect(url_for("forms.one", form_id=form_id))


def _head() -> dict[str, str]:
    return {name: request.form.get(name, "").strip() for name in ("key", "name")}


def _shaped(plain: dict[str, Any]) -> bool:
    labels = typed.labels(custom_fields.every(page_session()))
    return typed.shaped(plain, request.form.get("do", ""), request.form.get("new_field", ""), labels)


def _editor(
    row: FormRow | None, head: Mapping[str, str], plain: Mapping[str, Any], errors: Mapping[str, list[str]]
) -> str:
    session = page_session()
    labels = typed.labels(custom_fields.every(session))
    asked = {one["field"] for one in plain["fields"]}
    purposes = {name: name for name in (*PURPOSES, *programs.purposes(session))}
    return render_template(
        "admin/forms/edit.html",
        languages=_LANGUAGES,
        form=row,
        answers={**plain, **head, "tags": ", ".join(plain["tags"])},
        errors=errors,
        labels=labels,
        free=[(name, label) for name, label in labels.items() if name not in asked],
        purposes=list(purposes),
        places=[(place, name, chain) for place, name, chain, step in places(session) if step is None],
        base_url=runtime().settings.base_url,
    )
