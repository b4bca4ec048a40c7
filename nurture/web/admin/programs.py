"""Programs: the list, and the board of three lanes with live counts."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import pause_programs
from nurture.rules.program import TEMPERATURES, read
from nurture.rules.words import _
from nurture.store import goals_met
from nurture.store.enrollments import late
from nurture.store.views import programs as view
from nurture.store.views import response
from nurture.store.views.model import default_model
from nurture.store.views.reading import PageSession
from nurture.web.admin import board as drawing
from nurture.web.admin import new_program
from nurture.web.request import now, page_session, runtime, signed_in

pages = Blueprint("programs", __name__)
_GOALS_OF = timedelta(days=30)
HANDED_OF = timedelta(days=90)


@pages.get("/programs")
def index() -> ResponseReturnValue:
    return render_template("admin/programs/index.html", programs=view.listing(page_session()))


@pages.get("/programs/<int:program_id>")
def board(program_id: int) -> ResponseReturnValue:
    """What each chain does, step by step, and how many stand where."""
    session = page_session()
    board = view.board(session, program_id, now=now())
    if board is None:
        raise NotFound(_("There is no such program."))
    program = read(board.spec)
    lanes = {
        name: drawing.lines(
            program.chains[name], board.lanes[name].steps if name in board.lanes else {}, board.mails
        )
        for name in TEMPERATURES
        if name in program.chains
    }
    return render_template(
        "admin/programs/board.html",
        board=board,
        program=board.program,
        lanes=lanes,
        rules=drawing.rules(program),
        model=default_model(session),
        held=late.held(session, program_id),
        goals=[
            one for one in goals_met.sums(session, program_id, since=now() - _GOALS_OF) if not one.held_out
        ],
        handed=_handed(session, program_id),
    )


def _handed(session: PageSession, program_id: int) -> response.ResponseRow | None:
    """What became of its leads with sales lately."""
    rows = response.grouped(session, "program", since=now() - HANDED_OF, until=now())
    return next((row for row in rows if row.id == program_id), None)


@pages.post("/programs/<int:program_id>/held")
def decide_held(program_id: int) -> ResponseReturnValue:
    """Take the steps after all that a pause made too late, or leave their mails out."""
    go_on = request.form.get("go_on") == "1"
    with runtime().sessions.begin() as session:
        pause_programs.decide_held(session, program_id, go_on=go_on, now=now(), by=signed_in().actor)
    runtime().wake("advance")
    return redirect(url_for("programs.board", program_id=program_id))


@pages.get("/programs/new")
def new() -> ResponseReturnValue:
    """Name and key of a new program, and what it begins with."""
    return _new_form({}, {})


@pages.post("/programs/new")
def create() -> ResponseReturnValue:
    """A program with one chain and one mail, or a copy of another, to go on from in the editor."""
    answers = {name: request.form.get(name, "").strip() for name in ("name", "key", "like")}
    like = int(answers["like"]) if re.fullmatch("[0-9]{1,18}", answers["like"]) else None
    made, errors = new_program.make(answers, like)
    if made is not None:
        return redirect(url_for("editor.index", program_id=made), 303)
    return _new_form(answers, errors), 422


def _new_form(answers: Mapping[str, str], errors: Mapping[str, Sequence[str]]) -> str:
    others = [(str(one.id), one.name) for one in view.listing(page_session())]
    return render_template("admin/editor/new.html", answers=answers, errors=errors, like=None, others=others)


@pages.post("/programs/<int:program_id>/pause")
def pause(program_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        pause_programs.pause(session, program_id, now=now(), by=signed_in().actor)
    return redirect(url_for("programs.board", program_id=program_id))


@pages.post("/programs/<int:program_id>/resume")
def resume(program_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        pause_programs.resume(session, program_id, now=now(), by=signed_in().actor)
    runtime().wake("advance")
    return redirect(url_for("programs.board", program_id=program_id))
