"""The target score: what the company's own outcomes tell, how good it is, and what was left out."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.flows import target as flow
from nurture.store import model_work
from nurture.web.admin.models.looking_ahead import start
from nurture.web.admin.models.part import pages
from nurture.web.admin.models.target_words import (
    column_name,
    doubt_words,
    kept_columns,
    leak_words,
    level_name,
    nothing_words,
)
from nurture.web.request import now, page_session, runtime, signed_in

_SAID = ("use", "leave_out")
_LONGEST = 200


@pages.get("/models/target")
def target() -> ResponseReturnValue:
    return render_template(
        "admin/models/target.html",
        stands=flow.standing(page_session()),
        column=column_name,
        level=level_name,
        why=leak_words,
        nothing=nothing_words,
        doubt=doubt_words,
        kept=kept_columns,
    )


@pages.get("/models/target/progress")
def target_progress() -> ResponseReturnValue:
    """How far the training is, as a fragment; when it is over the whole page is asked for."""
    work = model_work.newest(page_session(), "training", None)
    if work is None or not work.is_open:
        return "", 204, {"HX-Redirect": url_for("models.target")}
    return render_template("admin/models/target_progress.html", work=work)


@pages.post("/models/target")
def train() -> ResponseReturnValue:
    said = {name: [one[:_LONGEST] for one in request.form.getlist(name) if one] for name in _SAID}
    with runtime().sessions.begin() as session:
        if request.form.get("leave_all") == "asked":
            said["leave_out"] += flow.asked_about(session)
        work = flow.ask_training(session, now=now(), by=signed_in().actor, **said)
    start(work)
    return redirect(url_for("models.target") + ("#columns" if any(said.values()) else ""))
