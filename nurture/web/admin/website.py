"""Settings: website tracking. The line to copy, the sites that may report, what looks at pages mean, and the
visits that came last, to see that it works."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid
from nurture.flows import website as flow
from nurture.rules.words import _
from nurture.store import installation, websites
from nurture.web.request import close_session, now, page_session, runtime, signed_in

pages = Blueprint("website", __name__, url_prefix="/settings/website")
KINDS = ("viewed_product", "offer_viewed", "downloaded", "visited")
_SHOWN = 8


@pages.get("")
def index() -> ResponseReturnValue:
    return _page({}, {})


@pages.get("/latest")
def latest() -> ResponseReturnValue:
    """The visits that came last: asked for again and again while the page is open."""
    return render_template("admin/settings/website_latest.html", latest=_latest())


@pages.post("/sites")
def add_site() -> ResponseReturnValue:
    try:
        with runtime().sessions.begin() as session:
            host = flow.add_site(session, request.form.get("host", ""), by=signed_in().actor, now=now()).host
    except (Invalid, Conflict) as refusal:
        return _page(request.form, getattr(refusal, "errors", None) or {"host": [str(refusal)]}), 422
    flash(_("%(host)s may report within a few seconds.") % {"host": host})
    return redirect(url_for("website.index"))


@pages.post("/sites/<int:site_id>/remove")
def remove_site(site_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        host = flow.remove_site(session, site_id, by=signed_in().actor, now=now())
    flash(_("Reports of %(host)s are refused within a few seconds.") % {"host": host})
    return redirect(url_for("website.index"))


@pages.post("/kept")
def keep() -> ResponseReturnValue:
    """How long what strangers did is kept."""
    said = request.form.get("strangers_kept_days", "").strip()
    days = int(said) if said.isascii() and said.isdigit() and len(said) < 6 else None
    try:
        with runtime().sessions.begin() as session:
            flow.keep_strangers(session, days, by=signed_in().actor, now=now())
    except Invalid as refusal:
        return _page(request.form, refusal.errors), 422
    flash(_("Saved."))
    return redirect(url_for("website.index"))


@pages.post("/rules")
def add_rule() -> ResponseReturnValue:
    form = request.form
    try:
        with runtime().sessions.begin() as session:
            pattern, kind = form.get("pattern", ""), form.get("kind", "")
            flow.add_rule(session, pattern, kind, by=signed_in().actor, now=now())
    except (Invalid, Conflict) as refusal:
        return _page(form, getattr(refusal, "errors", None) or {"pattern": [str(refusal)]}), 422
    flash(_("Saved. It holds for the next visit."))
    return redirect(url_for("website.index"))


@pages.post("/rules/<int:rule_id>/remove")
def remove_rule(rule_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        flow.remove_rule(session, rule_id, by=signed_in().actor, now=now())
    flash(_("Such looks are visits like any other again."))
    return redirect(url_for("website.index"))


def _latest() -> list[object]:
    return websites.latest(page_session(), _SHOWN)


def _page(answers: Mapping[str, str], errors: Mapping[str, list[str]]) -> str:
    close_session()
    session = page_session()
    return render_template(
        "admin/settings/website.html",
        script=f"{runtime().settings.base_url}/t.js",
        sites=websites.sites(session),
        rules=websites.rules(session),
        kinds=KINDS,
        latest=_latest(),
        answers={"strangers_kept_days": installation.get(session).strangers_kept_days, **answers},
        errors=errors,
    )
