"""The target score: what the company's own outcomes tell, how good it is, and what was left out."""

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from nurture.flows import target as flow
from nurture.rules import names
from nurture.rules.words import _
from nurture.store import model_work
from nurture.web.admin.models.looking_ahead import start
from nurture.web.admin.models.part import pages
from nurture.web.request import now, page_session, runtime, signed_in


@pages.get("/models/target")
def target() -> ResponseReturnValue:
    return render_template(
        "admin/models/target.html", stands=flow.standing(page_session()), column=column_name, level=level_name
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
    with runtime().sessions.begin() as session:
        work = flow.ask_training(session, now=now(), by=signed_in().actor)
    start(work)
    return redirect(url_for("models.target"))


def column_name(name: str) -> str:
    """What a column of the score is called, as the middle of a sentence."""
    if name.startswith("did "):
        return names.signal(name.removeprefix("did "))
    if name.startswith("tag "):
        return _("tag %(name)s") % {"name": name.removeprefix("tag ")}
    return names.field(name)


def level_name(level: str | None) -> str:
    """The value of a column of words; nothing for a number."""
    if level is None:
        return ""
    return {"": _("not known"), "\x00another": _("another value")}.get(level, level)
