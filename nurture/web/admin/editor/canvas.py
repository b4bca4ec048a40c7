"""The canvas: the same draft drawn as a flow, by mouse and by keyboard, with the forms of the outline beside.

It has no changes of its own: what is dropped, moved and taken out goes through the addresses of the
outline, and the drawing follows the draft."""

from flask import jsonify, render_template
from flask.typing import ResponseReturnValue

from nurture.rules.words import _
from nurture.web.admin.editor.beside import beside, chosen_chain
from nurture.web.admin.editor.door import opened, pages
from nurture.web.admin.editor.drawing import counted, drawn
from nurture.web.admin.editor.rows import live_stats, rows
from nurture.web.request import page_session, page_shell


@pages.get("/edit/canvas")
def canvas(program_id: int) -> ResponseReturnValue:
    """One chain drawn, and beside it the form of the step that is open."""
    here = opened(program_id)
    temperature = chosen_chain(here)
    stats = live_stats(page_session(), program_id, temperature, live=page_shell().live)
    listed = rows(here.folder, temperature, stats, here.wrong) if temperature else []
    around = beside(here, temperature)
    step, adding = around["step"], around["adding"]
    return render_template(
        "admin/editor/canvas.html",
        here=here,
        tab="canvas",
        home="editor.canvas",
        drawing={
            "chain": temperature,
            "open": step["key"] if step else "",
            "adding": adding,
            "steps": drawn(listed),
            "counts": counted(stats),
            "words": _spoken(),
        },
        **around,
    )


@pages.get("/edit/canvas/<temperature>/counts")
def counts(program_id: int, temperature: str) -> ResponseReturnValue:
    """What happened at each step so far, for a canvas that stays open."""
    return jsonify(counted(live_stats(page_session(), program_id, temperature, live=page_shell().live)))


def _spoken() -> dict[str, str]:
    """What the drawing itself says."""
    return {
        "enters": _("Enters this chain"),
        "end": _("End of the chain"),
        "problem": _("Problem:"),
        "add": _("Add a step here"),
        "way": _("Way: %(way)s"),
        "empty": _("nothing: goes on below"),
    }
