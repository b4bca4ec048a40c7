"""Demo data: asked for, watched while it is made, taken away."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from nurture.flows import demo as flow
from nurture.rules.words import _
from nurture.store import demo as store
from nurture.web.request import now, page_session, runtime, signed_in

pages = Blueprint("demo", __name__, url_prefix="/settings/demo")


@pages.get("")
def index() -> ResponseReturnValue:
    session = page_session()
    return render_template(
        "admin/demo/index.html", demo=store.get(session), own_leads=store.own_leads(session)
    )


@pages.get("/progress")
def progress() -> ResponseReturnValue:
    """The part that is asked for while it is under way; the page anew when it is done."""
    row = store.get(page_session())
    if row.state in ("none", "there", "failed"):
        return "", 204, {"HX-Refresh": "true"}
    return render_template("admin/demo/progress.html", demo=row)


@pages.post("")
def ask() -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        flow.ask(session, by=signed_in().actor, now=now())
    return redirect(url_for("demo.index"))


@pages.post("/remove")
def remove() -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        flow.ask_removal(session, by=signed_in().actor, now=now())
    flash(_("The demo data is being removed; what is yours stays."))
    return redirect(url_for("demo.index"))
