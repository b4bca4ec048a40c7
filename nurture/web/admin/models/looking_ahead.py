"""What a draft would do, before anybody makes it live; and making it live."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid
from nurture.flows import edit_models as flow
from nurture.flows import model_work as worker
from nurture.rules.model import ModelFault, plain, read
from nurture.rules.words import _, ngettext
from nurture.store import model_work
from nurture.store.model_work import Work
from nurture.store.views import segments as people
from nurture.web.admin.models.part import pages
from nurture.web.rendering import number
from nurture.web.request import now, page_session, runtime, signed_in

TEMPERATURES = ("cold", "warm", "hot")
GRADES = ("A", "B", "C", "")


def begin(model_id: int) -> ResponseReturnValue:
    """Ask what the draft would do, and show it."""
    try:
        with runtime().sessions.begin() as session:
            work = flow.ask_preview(session, model_id, now=now(), by=signed_in().actor)
    except (ModelFault, Invalid):
        flash(_("The draft is kept. Mend what is marked; then it can be looked at."), "bad")
        return redirect(url_for("models.edit", model_id=model_id))
    start(work)
    return redirect(url_for("models.look_ahead", model_id=model_id))


def start(work: Work) -> None:
    """Carry work out at once where there is little of it; else a worker of long jobs takes it up."""
    if work.total <= worker.AT_ONCE:
        worker.carry_out(runtime().sessions, runtime().engine, work.id, runtime().now)


@pages.post("/models/<int:model_id>/ahead")
def ask(model_id: int) -> ResponseReturnValue:
    return begin(model_id)


@pages.get("/models/<int:model_id>/ahead")
def look_ahead(model_id: int) -> ResponseReturnValue:
    """The newest look ahead, how far it is, or an invitation to take one."""
    session = page_session()
    stands = flow.editing(session, model_id)
    work = model_work.newest(session, "preview", model_id)
    fresh = work is not None and _same(stands.spec, work.spec)
    result = work.result if work is not None and work.state == "done" else None
    return render_template(
        "admin/models/ahead.html",
        stands=stands,
        work=work,
        fresh=fresh,
        result=result,
        said=_said(result) if result else "",
        past_said=_past_said(result["past"]) if result and result.get("past") else [],
        changes=flow.told_changes(stands),
        doubts=flow.told_doubts(session, stands.spec) if stands.draft else [],
        named=_named(result) if result else {},
        temperatures=_table(result["temperatures"], TEMPERATURES) if result else None,
        grades=_table(result["grades"], GRADES) if result else None,
    )


@pages.get("/models/<int:model_id>/ahead/progress")
def ahead_progress(model_id: int) -> ResponseReturnValue:
    """How far the look ahead is, as a fragment; when it is over the whole page is asked for."""
    work = model_work.newest(page_session(), "preview", model_id)
    if work is None or not work.is_open:
        return "", 204, {"HX-Redirect": url_for("models.look_ahead", model_id=model_id)}
    return render_template("admin/models/ahead_progress.html", work=work, model_id=model_id)


@pages.post("/models/<int:model_id>/publish")
def publish(model_id: int) -> ResponseReturnValue:
    """Make the draft live, as it was looked at."""
    revision = request.form.get("revision", "")
    try:
        with runtime().sessions.begin() as session:
            work = flow.publish(
                session,
                model_id,
                revision=int(revision) if revision.isascii() and revision.isdigit() else None,
                now=now(),
                by=signed_in().actor,
            )
    except (Conflict, Invalid) as refusal:
        flash(str(refusal), "bad")
        return redirect(url_for("models.look_ahead", model_id=model_id))
    if work is None:
        flash(_("The draft said what rates already."))
        return redirect(url_for("models.index"))
    start(work)
    flash(_("The new version rates. Every lead is brought over to it; nobody is handed over by it alone."))
    return redirect(url_for("models.index"))


def _same(spec: Mapping[str, Any], looked_at: Mapping[str, Any]) -> bool:
    try:
        return plain(read(spec)) == looked_at
    except ModelFault:
        return False


def _table(pairs: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, Any]:
    """Rows by where leads stand now, columns by where they would; with sums."""
    cells = {(one["from"], one["to"]): one["leads"] for one in pairs}
    used = [name for name in names if any(name in pair for pair in cells)]
    return {
        "names": used,
        "cells": cells,
        "before": {name: sum(cells.get((name, to), 0) for to in used) for name in used},
        "after": {name: sum(cells.get((old, name), 0) for old in used) for name in used},
    }


def _named(result: Mapping[str, Any]) -> dict[int, Any]:
    ids = {lead for one in result["samples"] for lead in one["leads"]}
    ids |= {one["lead_id"] for one in result["ripe"]["leads"]}
    return {one.id: one for one in people.some(page_session(), sorted(ids))}


def _said(result: Mapping[str, Any]) -> str:
    """The whole effect in a sentence."""
    moved = sum(one["leads"] for one in result["temperatures"] if one["from"] != one["to"])
    of_all = ngettext("Of %(num)s lead", "Of %(num)s leads", result["leads"]) % {
        "num": number(result["leads"])
    }
    if not moved:
        return _("%(leads)s nobody would change temperature.") % {"leads": of_all}
    other = ngettext(
        "%(leads)s, %(num)s would have another temperature.",
        "%(leads)s, %(num)s would have another temperature.",
        moved,
    )
    return other % {"leads": of_all, "num": number(moved)}


def _past_said(past: Mapping[str, Any]) -> list[str]:
    """What the draft would have meant for deals that ended, in sentences."""
    said = []
    for outcome, words in (
        ("won", _("Of %(deals)s deals that were won, %(in_time)s would have been ripe by their hand-over.")),
        (
            "lost",
            _("Of %(deals)s deals that were lost, %(in_time)s would have been handed over all the same."),
        ),
    ):
        found = past["draft"][outcome]
        if found["deals"]:
            said.append(words % {"deals": number(found["deals"]), "in_time": number(found["in_time"])})
    return said
