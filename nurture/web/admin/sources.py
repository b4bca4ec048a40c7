"""Where leads come from: each source with what became of its leads; made, renamed, merged, taken away."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows import naming
from nurture.flows import sources as flow
from nurture.rules.words import _, ngettext
from nurture.store import lead_figures, sources
from nurture.store.sources import Source
from nurture.web.rendering import number as number_text
from nurture.web.request import close_session, now, page_session, runtime, signed_in

pages = Blueprint("sources", __name__)
_TARGETED = {"yes": True, "no": False}


@pages.get("/sources")
def index() -> ResponseReturnValue:
    return _index({}, {})


@pages.post("/sources")
def create() -> ResponseReturnValue:
    form = request.form
    try:
        with runtime().sessions.begin() as session:
            flow.create(
                session,
                form.get("name", ""),
                kind=form.get("kind", ""),
                targeted=_TARGETED.get(form.get("targeted", "")),
                by=signed_in().actor,
                now=now(),
            )
    except (Invalid, Conflict) as refusal:
        return _index(form, _faults(refusal)), 422
    flash(_("The source is there. Name it when you import, or in a form."))
    return redirect(url_for("sources.index"))


@pages.get("/sources/<int:source_id>")
def one(source_id: int) -> ResponseReturnValue:
    return _one(source_id, None, {})


@pages.post("/sources/<int:source_id>")
def change(source_id: int) -> ResponseReturnValue:
    """Rename, merge or take away: what the pressed button says."""
    form, by = request.form, signed_in().actor
    try:
        with runtime().sessions.begin() as session:
            match form.get("do"):
                case "merge":
                    into = form.get("into", "")
                    target = int(into) if into.isascii() and into.isdigit() and len(into) < 19 else source_id
                    moved = flow.merge(session, source_id, target, by=by, now=now())
                    said = ngettext("%s lead is moved.", "%s leads are moved.", moved) % number_text(moved)
                case "remove":
                    flow.remove(session, source_id, by=by, now=now())
                    said = _("The source is gone.")
                case _:
                    targeted = _TARGETED.get(form.get("targeted", ""))
                    name, kind = form.get("name", ""), form.get("kind", "")
                    flow.change(session, source_id, name=name, kind=kind, targeted=targeted, by=by, now=now())
                    said = _("Saved.")
    except (Invalid, Conflict) as refusal:
        return _one(source_id, form, _faults(refusal)), 422
    flash(said)
    return redirect(url_for("sources.index"))


def _index(answers: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    close_session()
    session = page_session()
    figures = lead_figures.read(session, "source")
    rows = [(source, figures.of.get(str(source.id), {})) for source in sources.every(session)]
    rows.sort(key=lambda row: (-row[1].get("leads", 0), row[0].name))
    return render_template(
        "admin/sources/index.html", rows=rows, at=figures.at, answers=answers, errors=errors
    )


def _one(source_id: int, answers: Mapping[str, Any] | None, errors: Mapping[str, list[str]]) -> str:
    close_session()
    session = page_session()
    source = session.get(Source, source_id)
    if source is None:
        raise NotFound(_("There is no such source."))
    known = {True: "yes", False: "no", None: ""}[source.targeted]
    return render_template(
        "admin/sources/one.html",
        source=source,
        others=[(other.id, other.name) for other in sources.every(session) if other.id != source_id],
        uses=naming.used_by(session, "source", source.name),
        answers=answers or {"name": source.name, "kind": source.kind, "targeted": known},
        errors=errors,
    )


def _faults(refusal: Invalid | Conflict) -> dict[str, list[str]]:
    return getattr(refusal, "errors", None) or {"name": [str(refusal)]}
