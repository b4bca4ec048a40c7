"""The target score: what the company's own outcomes tell, how good it is, and what was left out."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.flows import target as flow
from nurture.rules import names
from nurture.rules.words import _, ngettext
from nurture.store import model_work
from nurture.web.admin.models.looking_ahead import start
from nurture.web.admin.models.part import pages
from nurture.web.request import now, page_session, runtime, signed_in

_SAID = ("use", "leave_out")
_LONGEST = 200


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
    said = {name: [one[:_LONGEST] for one in request.form.getlist(name) if one] for name in _SAID}
    with runtime().sessions.begin() as session:
        work = flow.ask_training(session, now=now(), by=signed_in().actor, **said)
    start(work)
    return redirect(url_for("models.target"))


def column_name(name: str) -> str:
    """What a column of the score is called, as the middle of a sentence."""
    if name.startswith("did "):
        return names.signal(name.removeprefix("did "))
    if name.startswith("tag "):
        return _("tag %(name)s") % {"name": name.removeprefix("tag ")}
    return names.field(name)


def value_words(column: str, value: Any) -> str:
    """What is known of a lead in a column, in words."""
    if column.startswith("did "):
        return _times(int(value)) if value else _("never")
    if column.startswith("tag "):
        return _("has it") if value else _("does not have it")
    if value is None or value == "":
        return _("not known")
    return (_("yes") if value else _("no")) if isinstance(value, bool) else names.value(column, str(value))


def _times(number: int) -> str:
    return ngettext("%(n)s time", "%(n)s times", number) % {"n": number}


def level_name(column: str, level: str | None) -> str:
    """What a feature of a column says of a lead, in words."""
    if column.startswith("did "):
        return _("never") if level == "" else _("the more often")
    if column.startswith("tag "):
        return _("has it") if level else _("does not have it")
    if level is None:
        return _("the more")
    return {"": _("not known"), "\x00another": _("another value")}.get(level, names.value(column, level))
