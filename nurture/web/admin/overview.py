"""The overview: what happened, what needs a person, and the switches over all sending."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.flows import sending, when_done
from nurture.rules.words import _
from nurture.store.views import overview
from nurture.web.request import now, page_session, page_shell, runtime, signed_in

pages = Blueprint("overview", __name__)
_PERIODS = {"1": timedelta(days=1), "7": timedelta(days=7), "30": timedelta(days=30)}


@pages.get("/")
def index() -> ResponseReturnValue:
    session, period = page_session(), request.args.get("days", "1")
    if period not in _PERIODS:
        period = "1"
    since = now() - _PERIODS[period]
    start = overview.start(session)
    return render_template(
        "admin/overview/index.html",
        period=period,
        since=since,
        happened=overview.happened(session, since),
        goals=overview.goals(session, since),
        waiting=overview.waiting(session, since),
        funnel=overview.funnel(session),
        start=replace(start, live=page_shell().live),
        going=when_done.going(session, now=now()),
    )


@pages.post("/sending/stop")
def stop_sending() -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        sending.stop_sending(session, by=signed_in().actor, now=now())
    return redirect(_where_from())


@pages.post("/sending/resume")
def resume_sending() -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        sending.resume_sending(session, by=signed_in().actor, now=now())
    runtime().wake("deliver")
    flash(_("Sending goes on."))
    return redirect(_where_from())


def _where_from() -> str:
    """The page on which the button was pressed, one of ours; else the overview."""
    came = urlsplit(request.referrer or "")
    if came.netloc != request.host or not came.path.startswith("/"):
        return url_for("overview.index")
    return came.path + (f"?{came.query}" if came.query else "")


@pages.get("/sending/now")
def now_going() -> ResponseReturnValue:
    """The part of the overview that is asked for anew while mails go out."""
    return render_template("admin/overview/going.html", going=when_done.going(page_session(), now=now()))


@pages.post("/sending/live")
def go_live() -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        sending.go_live(session, by=signed_in().actor, now=now())
    runtime().wake("deliver")
    flash(_("You are live: mails go out from now on."))
    return redirect(url_for("overview.index"))
