"""What holds for the whole program, as a form; and the draft as the YAML it is."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict
from nurture.files.programs import PROGRAM_FILE
from nurture.flows import edit_draft
from nurture.rules.edits.outline import Plain
from nurture.rules.program.kinds import program_fields
from nurture.web.admin import sender_words
from nurture.web.admin.editor import fields
from nurture.web.admin.editor.door import Open, condition_words, opened, pages, revision, saved
from nurture.web.request import now, runtime, signed_in

# A program keeps its key: what is known by it would be another program.
_FIXED = ("program",)


@pages.get("/edit/settings")
def frame(program_id: int) -> ResponseReturnValue:
    """Name, hours, caps, goal and the rest."""
    here = opened(program_id)
    described = [field for field in program_fields() if field.at != _FIXED]
    said = str(here.folder.spec.get("sender", ""))
    senders = sender_words.for_program(said)
    return render_template(
        "admin/editor/settings.html",
        here=here,
        tab="settings",
        boxes=fields.boxes(described, here.folder.spec),
        words=condition_words(),
        offered={"mails": [], "steps": [], "chains": [], "senders": senders},
    )


@pages.post("/edit/settings")
def save_frame(program_id: int) -> ResponseReturnValue:
    described = [field for field in program_fields() if field.at != _FIXED]

    def change(spec: Plain) -> Plain:
        return fields.taken(described, request.form, spec)

    by = signed_in().actor
    refused = saved(
        lambda session: edit_draft.change_program(
            session, program_id, revision(), change, what="settings", by=by, now=now()
        )
    )
    return refused or redirect(url_for("editor.frame", program_id=program_id), 303)


@pages.get("/edit/yaml")
def yaml(program_id: int) -> ResponseReturnValue:
    """The text, with everything wrong in it by line."""
    here = opened(program_id)
    return _yaml(here, here.draft.source[PROGRAM_FILE], "")


@pages.post("/edit/yaml")
def save_yaml(program_id: int) -> ResponseReturnValue:
    """The text as it was typed is kept, faults and all; a draft that was changed meanwhile stays as it is,
    and the text stays in the form."""
    said, by = request.form.get("text", ""), signed_in().actor
    try:
        with runtime().sessions.begin() as session:
            edit_draft.write_yaml(session, program_id, revision(), said, by=by, now=now())
    except Conflict as refusal:
        return _yaml(opened(program_id), said, str(refusal)), 409
    return redirect(url_for("editor.yaml", program_id=program_id), 303)


def _yaml(here: Open, text: str, refusal: str) -> str:
    faults = sorted({*here.folder.faults.faults})
    warnings = sorted({*here.folder.faults.warnings})
    return render_template(
        "admin/editor/yaml.html",
        here=here,
        tab="yaml",
        text=text,
        refusal=refusal,
        faults=faults,
        warnings=warnings,
        lines=text.count("\n") + 1,
    )
