"""Programs: the list, and the board of three lanes with live counts."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.rules.program import TEMPERATURES, read
from nurture.rules.words import _
from nurture.store.views import programs as view
from nurture.store.views.model import default_model
from nurture.web.admin import board as drawing
from nurture.web.request import now, page_session

pages = Blueprint("programs", __name__)


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
    )
