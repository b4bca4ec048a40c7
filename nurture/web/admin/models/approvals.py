"""Leads that a new version would hand over at once: a person says yes or no."""

from math import isfinite

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.flows import approve
from nurture.rules.words import _, ngettext
from nurture.store import approvals as store
from nurture.web import query
from nurture.web.admin.models.part import pages
from nurture.web.rendering import number
from nurture.web.request import now, page_session, runtime, signed_in

_PAGE = 50


@pages.get("/models/approvals")
def approvals() -> ResponseReturnValue:
    """Those that wait, the ripest first."""
    session = page_session()
    rows = store.page(session, after=_after(), limit=_PAGE + 1)
    last = rows[_PAGE - 1] if len(rows) > _PAGE else None
    return render_template(
        "admin/models/approvals.html",
        rows=rows[:_PAGE],
        waiting=store.waiting(session),
        older=url_for("models.approvals", score=last.score, after=last.id) if last else None,
    )


@pages.post("/models/approvals")
def decide() -> ResponseReturnValue:
    """Hand over, or not: those that are ticked, or all that wait."""
    form = request.form
    ticked = [int(one) for one in form.getlist("approval")[:_PAGE] if one.isascii() and one.isdigit()]
    whose, _space, what = form.get("do", "").partition(" ")
    if what not in ("yes", "no") or (whose != "all" and not ticked):
        flash(_("Tick somebody first."), "bad")
        return redirect(url_for("models.approvals"))
    done = approve.decide(
        runtime().sessions,
        None if whose == "all" else ticked,
        hand_over=what == "yes",
        now=now(),
        by=signed_in().actor,
    )
    runtime().wake("hand_over")
    flash(_told(done))
    return redirect(url_for("models.approvals"))


def _told(done: approve.Decided) -> str:
    said = []
    if done.approved:
        said.append(ngettext("%s lead is ripe for sales.", "%s leads are ripe for sales.", done.approved))
        said[-1] = said[-1] % number(done.approved)
    if done.declined:
        words = ngettext("%s lead goes on being nurtured.", "%s leads go on being nurtured.", done.declined)
        said.append(words % number(done.declined))
    if done.lapsed:
        words = ngettext(
            "%s lead has cooled meanwhile and was not handed over.",
            "%s leads have cooled meanwhile and were not handed over.",
            done.lapsed,
        )
        said.append(words % number(done.lapsed))
    return " ".join(said) or _("Nobody was waiting any more.")


def _after() -> tuple[float, int] | None:
    place = query.number("after")
    try:
        score = float(request.args.get("score", ""))
    except ValueError:
        return None
    return (score, place) if place is not None and isfinite(score) else None
