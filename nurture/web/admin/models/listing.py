"""Models: what each signal is worth, when a lead is warm or hot, how strong a buyer, when it is ready."""

from flask import render_template
from flask.typing import ResponseReturnValue

from nurture.rules import duration, names
from nurture.rules.conditions import describe
from nurture.rules.model import read
from nurture.store import approvals, model_work
from nurture.store.views import audit
from nurture.store.views import models as view
from nurture.web.admin.models.part import pages
from nurture.web.audit_words import actor
from nurture.web.request import page_session


@pages.get("/models")
def index() -> ResponseReturnValue:
    session = page_session()
    models = [(one, read(dict(one.spec)) if one.spec else None) for one in view.every(session)]
    people = dict(audit.people(session))
    switches = {one.model_id: one for one in model_work.waiting(session) if one.kind == "switch"}
    return render_template(
        "admin/models/index.html",
        models=models,
        switches=switches,
        choices=[(str(one.id), one.key) for one, _model in models],
        waiting=approvals.waiting(session),
        describe=describe,
        lasting_of=duration.describe,
        field_name=names.field,
        who=lambda by: actor(by, people.get(by, "")) if by else "–",
    )


@pages.get("/models/<int:model_id>/switch")
def switch(model_id: int) -> ResponseReturnValue:
    """How far the leads have been brought over, as a fragment."""
    work = model_work.newest(page_session(), "switch", model_id)
    return render_template("admin/models/switch.html", work=work, model_id=model_id)
