"""The editor of a model: every value in one form, kept as a draft, each fault at its field."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid
from nurture.flows import edit_models as flow
from nurture.flows.edit_models import Editing
from nurture.rules.words import _
from nurture.store.views import segments as offered_view
from nurture.web.admin.models import form as forms
from nurture.web.admin.models.looking_ahead import begin
from nurture.web.admin.models.part import pages
from nurture.web.admin.models.sections import sections
from nurture.web.admin.segments import builder_words
from nurture.web.lead_words import SIGNALS
from nurture.web.request import now, page_session, runtime, signed_in

_EMPTY: dict[str, dict[str, Any]] = {
    forms.RULES: {"when": {"field": "company.size", "gte": 50}, "points": 10, "text": ""},
    forms.NEEDS: {"when": {"field": "interest", "exists": True}, "share": 50, "text": ""},
    forms.ALWAYS: {"when": {"signal": "meeting_requested", "within": "7d"}},
}
# Rows that are added; `o` is a signal with a name of one's own.
_OWN = "o"
_PLACES = {
    forms.SIGNALS: "signals",
    _OWN: "signals",
    forms.RULES: "potential",
    forms.NEEDS: "need",
    forms.ALWAYS: "at_once",
}


@pages.post("/models")
def create() -> ResponseReturnValue:
    """A new model, begun as a copy."""
    like = request.form.get("like", "")
    try:
        with runtime().sessions.begin() as session:
            model_id = flow.create(
                session,
                request.form.get("key", "").strip(),
                like=int(like) if like.isascii() and like.isdigit() and len(like) < 19 else None,
                now=now(),
                by=signed_in().actor,
            )
    except (Invalid, Conflict) as refusal:
        flash(str(refusal), "bad")
        return redirect(url_for("models.index"))
    return redirect(url_for("models.edit", model_id=model_id))


@pages.get("/models/<int:model_id>/edit")
def edit(model_id: int) -> ResponseReturnValue:
    return page(flow.editing(page_session(), model_id))


@pages.post("/models/<int:model_id>/edit")
def save(model_id: int) -> ResponseReturnValue:
    """Keep what was typed; then do what the button says: look ahead, add a row, drop one."""
    asked, place, opened = request.form.get("do", ""), "", None
    with runtime().sessions() as session:
        key = flow.editing(session, model_id).key
    spec = forms.to_spec(key, request.form)
    group, verb, at = _read_row(asked)
    if verb == "add":
        spec = _added(spec, group)
    elif verb == "drop":
        spec = forms.to_spec(key, _without(group, at))
    if verb:
        opened = _PLACES[group]
        place = f"#{opened}"
    revision = request.form.get("revision", "")
    try:
        with runtime().sessions.begin() as session:
            flow.save_draft(
                session,
                model_id,
                spec,
                revision=int(revision) if revision.isascii() and revision.isdigit() else None,
                now=now(),
                by=signed_in().actor,
            )
    except (Conflict, Invalid) as refusal:
        flash(str(refusal), "bad")
        return page(flow.editing(page_session(), model_id), typed=spec), 409
    if asked == "look_ahead":
        return begin(model_id)
    if not verb:
        flash(_("The draft is kept. What rates is as it was."))
    return redirect(url_for("models.edit", model_id=model_id, open=opened) + place)


@pages.post("/models/<int:model_id>/discard")
def discard(model_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        flow.discard(session, model_id, now=now(), by=signed_in().actor)
    flash(_("The draft is gone. What rates is as it was."))
    return redirect(url_for("models.index"))


def page(stands: Editing, typed: dict[str, Any] | None = None) -> str:
    """The editor; what was typed and not kept stands in it again."""
    session = page_session()
    spec = stands.spec if typed is None else typed
    is_new = typed is None and flow.is_untouched(stands)
    # What nobody has filled in yet is not wrong.
    faults = {} if is_new else flow.faults(session, stands.key, spec)
    form = forms.of_spec(spec, faults)
    changed = flow.changed_parts(stands, spec)
    return render_template(
        "admin/models/edit.html",
        stands=stands,
        is_new=is_new,
        form=form,
        parts=sections(form, changed, request.args.get("open", "signals" if is_new else "")),
        changed=sum(map(len, changed.values())),
        faults=sum(map(len, faults.values())),
        doubts=flow.told_doubts(session, spec),
        kinds=list(SIGNALS),
        words=builder_words(offered_view.offered(session)),
    )


def _read_row(asked: str) -> tuple[str, str, int]:
    """`add s` and `drop s.3`: the list, what to do, and with which row."""
    verb, _blank, what = asked.partition(" ")
    group, _dot, at = what.partition(".")
    if verb == "add" and group in _PLACES:
        return group, verb, 0
    if verb == "drop" and group in _PLACES and at.isascii() and at.isdigit():
        return group, verb, int(at)
    return "", "", 0


def _added(spec: dict[str, Any], group: str) -> dict[str, Any]:
    if group in (forms.SIGNALS, _OWN):
        unused = (one for one in SIGNALS if one not in spec["signals"])
        kind = "" if group == _OWN else next(unused, "")
        return {**spec, "signals": {**spec["signals"], kind: {"weight": None}}}
    row = _EMPTY[group]
    if group == forms.RULES:
        card = spec.get("scorecard") or {"grades": {"A": 60, "B": 30}, "rules": []}
        return {**spec, "scorecard": {**card, "rules": [*card["rules"], row]}}
    name, said = ("need", row) if group == forms.NEEDS else ("always", row["when"])
    policy = spec["readiness"]
    return {**spec, "readiness": {**policy, name: [*policy[name], said]}}


def _without(group: str, at: int) -> dict[str, str]:
    gone = f"{group}.{at}."
    return {name: value for name, value in request.form.items() if not name.startswith(gone)}
