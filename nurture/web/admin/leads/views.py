"""Saved views: a filter, an order and columns under a name."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid
from nurture.flows import lead_views as flow
from nurture.rules.words import _
from nurture.web.admin.leads import asked as address
from nurture.web.admin.leads.part import pages
from nurture.web.request import now, runtime, signed_in


@pages.post("/leads/views")
def save_view() -> ResponseReturnValue:
    """Keep what the address asks for under a name."""
    asked, form = address.of_request(), request.form
    try:
        with runtime().sessions.begin() as session:
            view = flow.save(
                session,
                signed_in().id,
                form.get("name", ""),
                address.written(asked),
                shared=form.get("shared") == "1",
                now=now(),
            )
            opened = {**address.pairs(asked), "view": str(view.id)}
    except Invalid as refusal:
        flash(str(refusal), "bad")
        return redirect(url_for("leads.index", **address.pairs(asked)))
    flash(_("The view is saved."))
    return redirect(url_for("leads.index", **opened))


@pages.post("/leads/views/<int:view_id>")
def change_view(view_id: int) -> ResponseReturnValue:
    """Rename it and share it or not, make it the default, or take it away: one form, several buttons."""
    form, me = request.form, signed_in().id
    asked = address.of_request()
    try:
        with runtime().sessions.begin() as session:
            match form.get("do"):
                case "remove":
                    flow.remove(session, view_id, me)
                    sentence = _("The view is gone; the leads are as they were.")
                case "default":
                    flow.make_default(session, me, view_id)
                    sentence = _("Your list of leads opens with this view.")
                case "no_default":
                    flow.make_default(session, me, None)
                    sentence = _("Your list of leads opens with all leads.")
                case _:
                    shared = form.get("shared") == "1"
                    flow.change(session, view_id, me, name=form.get("name", ""), shared=shared)
                    sentence = _("The view is saved.")
    except (Invalid, Conflict) as refusal:
        flash(str(refusal), "bad")
        return redirect(url_for("leads.index", **address.pairs(asked)))
    flash(sentence)
    if form.get("do") == "remove":
        return redirect(url_for("leads.index", view="all"))
    return redirect(url_for("leads.index", **address.pairs(asked)))
