"""Who was behind opens and clicks: when somebody of ours knows better, of one hit or all of a kind, and the
switch over the link that only machines follow."""

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid, NotFound
from nurture.flows.overrule import add_pattern, end_pattern, overrule_hit
from nurture.flows.trap_link import set_trap_link as switch
from nurture.rules.patterns import FIELDS
from nurture.rules.robots import HUMAN, MACHINE, VERDICTS
from nurture.rules.words import _
from nurture.store import installation, patterns
from nurture.web.request import close_session, now, page_session, runtime, signed_in

pages = Blueprint("hits", __name__)
_MOST = 500
_LONGEST_REASON = 300


@pages.get("/settings/machines")
def index() -> ResponseReturnValue:
    return _page({}, {})


@pages.post("/settings/machines")
def add() -> ResponseReturnValue:
    """Judge all hits of a kind, those of the past thirty days too."""
    form = {name: request.form.get(name, "").strip() for name in ("field", "pattern", "verdict", "reason")}
    try:
        if form["field"] not in FIELDS or form["verdict"] not in VERDICTS:
            sentence = _("Choose what is meant and who it is.")
            raise Invalid(sentence, {"pattern": [sentence]})
        reason = form["reason"][:_LONGEST_REASON] or "overruled"
        with runtime().sessions.begin() as session:
            by = signed_in().actor
            add_pattern(session, form["field"], form["pattern"], form["verdict"], reason, by=by, now=now())
    except Invalid as refusal:
        return _page(form, refusal.errors), 422
    runtime().wake("signals")
    flash(_("It holds from now on; the last thirty days are judged anew in a moment."))
    return redirect(url_for("hits.index"))


@pages.post("/settings/machines/<int:pattern_id>/end")
def end(pattern_id: int) -> ResponseReturnValue:
    """Leave these hits to the rules again."""
    with runtime().sessions.begin() as session:
        end_pattern(session, pattern_id, now=now(), by=signed_in().actor)
    runtime().wake("signals")
    flash(_("These hits are left to the rules again, those of the past too."))
    return redirect(url_for("hits.index"))


@pages.post("/settings/machines/trap")
def set_trap_link() -> ResponseReturnValue:
    """Mails carry the link that nobody sees, or carry it no more."""
    on = request.form.get("on") == "1"
    with runtime().sessions.begin() as session:
        switch(session, on=on, by=signed_in().actor, now=now())
    flash(_("From now on each mail carries it.") if on else _("From now on no mail carries it."))
    return redirect(url_for("hits.index"))


@pages.post("/deliveries/<int:delivery_id>/hits/<uuid:hit_id>")
def overrule(delivery_id: int, hit_id: UUID) -> ResponseReturnValue:
    """A person, or a machine: it stands against whatever the rules learn later."""
    verdict = request.form.get("verdict", "")
    if verdict not in (HUMAN, MACHINE):
        raise NotFound(_("There is no such verdict."))
    with runtime().sessions.begin() as session:
        overrule_hit(session, hit_id, verdict, "overruled", by=signed_in().actor, now=now())
    runtime().wake("signals")
    flash(_("It counts as a person’s.") if verdict == HUMAN else _("It counts no more."))
    return redirect(url_for("deliveries.one", delivery_id=delivery_id))


def _page(answers: Mapping[str, str], errors: Mapping[str, list[str]]) -> str:
    close_session()
    session = page_session()
    rows = patterns.page(session, after=0, limit=_MOST)
    return render_template(
        "admin/settings/machines.html",
        trap_link=installation.get(session).trap_link,
        live=[row for row in reversed(rows) if row.ended_at is None],
        ended=[row for row in reversed(rows) if row.ended_at is not None],
        answers=answers,
        errors=errors,
    )
