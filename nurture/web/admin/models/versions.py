"""One version of a model: what it changed, in words, and the way back to it."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.files.models import write_model
from nurture.flows import edit_models as flow
from nurture.rules.model import changes
from nurture.rules.words import _
from nurture.store import models
from nurture.web.admin.models.part import pages
from nurture.web.request import now, page_session, runtime, signed_in


@pages.get("/models/<int:model_id>/versions/<int:no>")
def version(model_id: int, no: int) -> ResponseReturnValue:
    """What it changed of the one before, and how it differs from the one that rates."""
    session = page_session()
    stands = flow.editing(session, model_id)
    found = models.version_of(session, model_id, no)
    if found is None:
        raise NotFound(_("There is no such version."))
    before = models.version_of(session, model_id, no - 1)
    live = stands.live
    return render_template(
        "admin/models/version.html",
        stands=stands,
        no=no,
        is_live=live is not None and live.no == no,
        since_before=changes(before.model, found.model) if before else None,
        since_live=changes(live.model, found.model) if live is not None and live.no != no else None,
        source=write_model(found.model),
    )


@pages.post("/models/<int:model_id>/versions/<int:no>/draft")
def take_version(model_id: int, no: int) -> ResponseReturnValue:
    """Begin a draft from it."""
    with runtime().sessions.begin() as session:
        flow.start_from(session, model_id, no, now=now(), by=signed_in().actor)
    flash(_("Version %(no)s is the draft now. Look ahead, then make it live.") % {"no": no})
    return redirect(url_for("models.edit", model_id=model_id))
