"""Changes of many leads at once, and their undoing."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows import bulk_jobs as bulk_jobs_flow
from nurture.flows import change_leads
from nurture.rules.words import _, ngettext
from nurture.store import lead_list
from nurture.store.bulk_jobs import UNDER_WAY, BulkJob
from nurture.web.admin.leads import asked as address
from nurture.web.admin.leads.part import pages
from nurture.web.rendering import number as number_text
from nurture.web.request import close_session, now, page_session, runtime, signed_in

# Where the form holds the value of a change; elsewhere it is the tag.
_FIELDS = {"owner": "owner", "start": "start", "consent": "purpose"}


@pages.post("/leads/change")
def change() -> ResponseReturnValue:
    """Change those who are ticked, or everybody who matches the filter of the address."""
    lead_ids, form = _meant(), request.form
    what = form.get("what", "")
    value, words = form.get(_FIELDS.get(what, "tag"), ""), form.get("words", "")
    close_session()
    try:
        if not lead_ids:
            raise Invalid(_("Tick somebody first."))
        if len(lead_ids) > change_leads.MOST:
            return _ask_job(what, value, words)
        with runtime().sessions.begin() as session:
            by = signed_in().actor
            done = change_leads.change_leads(session, lead_ids, what, value, words, by=by, now=now())
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


@pages.get("/leads/jobs/<int:bulk_id>")
def job(bulk_id: int) -> ResponseReturnValue:
    """A change of very many: how far it is, to be stopped, or taken back when it is over."""
    found = _job(bulk_id)
    filters = {name: "1" if value is True else value for name, value in found.query.items() if value}
    return render_template("admin/leads/job.html", job=found, filters=filters)


@pages.get("/leads/jobs/<int:bulk_id>/progress")
def job_progress(bulk_id: int) -> ResponseReturnValue:
    """The part of the page that shows how far it is; the whole page when it is over."""
    found = _job(bulk_id)
    if found.state not in UNDER_WAY:
        return "", 200, {"HX-Redirect": url_for("leads.job", bulk_id=bulk_id)}
    return render_template("admin/leads/job_progress.html", job=found)


@pages.post("/leads/jobs/<int:bulk_id>")
def change_job(bulk_id: int) -> ResponseReturnValue:
    """Stop it, or take it back."""
    act = bulk_jobs_flow.undo if request.form.get("do") == "undo" else bulk_jobs_flow.cancel
    try:
        with runtime().sessions.begin() as session:
            act(session, bulk_id, by=signed_in().actor, now=now())
    except Conflict as refusal:
        flash(str(refusal), "bad")
    return redirect(url_for("leads.job", bulk_id=bulk_id))


def _ask_job(what: str, value: str, words: str) -> ResponseReturnValue:
    wanted = address.of_request().query
    with runtime().sessions.begin() as session:
        by = signed_in().actor
        bulk_id = bulk_jobs_flow.ask(session, wanted, what, value, words, by=by, now=now()).id
    return redirect(url_for("leads.job", bulk_id=bulk_id))


def _job(job_id: int) -> BulkJob:
    found = page_session().get(BulkJob, job_id)
    if found is None:
        raise NotFound(_("There is no such change."))
    return found


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
