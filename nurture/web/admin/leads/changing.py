"""Changes of many leads at once, and their undoing."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from nurture.errors import Invalid
from nurture.flows import change_leads
from nurture.rules.words import _, ngettext
from nurture.store import lead_list
from nurture.web.admin.leads import asked as address
from nurture.web.admin.leads.part import pages
from nurture.web.rendering import number as number_text
from nurture.web.request import close_session, now, page_session, runtime, signed_in


@pages.post("/leads/change")
def change() -> ResponseReturnValue:
    """Change those who are ticked, or everybody who matches the filter of the address."""
    lead_ids, form = _meant(), request.form
    what = form.get("what", "")
    value = form.get({"owner": "owner", "start": "start"}.get(what, "tag"), "")
    close_session()
    try:
        if not lead_ids:
            raise Invalid(_("Tick somebody first."))
        with runtime().sessions.begin() as session:
            done = change_leads.change_leads(session, lead_ids, what, value, by=signed_in().actor, now=now())
            change_id, changed = done.id, len(done.lead_ids)
    except Invalid as refusal:
        flash(str(refusal), "bad")
        return redirect(_back())
    runtime().wake("advance")
    sentence = ngettext("%s lead is changed.", "%s leads are changed.", changed) % number_text(changed)
    flash(Markup("{} {}").format(sentence, _undo_button(change_id)) if changed else sentence)
    return redirect(_back())


@pages.post("/leads/changes/<int:change_id>/undo")
def undo(change_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        changed = change_leads.undo(session, change_id, by=signed_in().actor, now=now())
    runtime().wake("advance")
    flash(
        ngettext("Undone: %s lead is as before.", "Undone: %s leads are as before.", changed)
        % number_text(changed)
    )
    return redirect(_back())


def _meant() -> list[int]:
    if request.form.get("all") == "1":
        wanted = address.of_request().query
        return lead_list.ids(page_session(), wanted, limit=change_leads.MOST + 1)
    ticked = request.form.getlist("lead")[:500]
    return [int(one) for one in ticked if one.isascii() and one.isdigit() and len(one) < 19]


def _back() -> str:
    """The list with the filter that was there; only names of ours, never an address that was sent along."""
    return url_for("leads.index", **address.pairs(address.of_request()))


def _undo_button(change_id: int) -> Markup:
    filters = address.pairs(address.of_request())
    return Markup(render_template("admin/leads/undo.html", change_id=change_id, filters=filters))
