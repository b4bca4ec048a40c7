"""What every page of the editors shares: the blueprint, the draft of the request, saving with a refusal."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid
from nurture.files.programs import Folder
from nurture.files.yaml_lines import Fault
from nurture.flows import drafts
from nurture.store import forms
from nurture.store.drafts import StoredDraft
from nurture.store.views import segments as offered
from nurture.web.admin.editor.rows import Problems, problems
from nurture.web.admin.segments import builder_words
from nurture.web.request import page_session, runtime

pages = Blueprint("editor", __name__, url_prefix="/programs/<int:program_id>")


@dataclass(frozen=True)
class Open:
    """The draft that a page shows, read."""

    draft: StoredDraft
    folder: Folder
    wrong: Problems

    @property
    def unreadable(self) -> Fault | None:
        """Why nothing but the text can be edited: the YAML is none."""
        if self.folder.root is not None and isinstance(self.folder.root.value, dict):
            return None
        return next(iter(sorted(self.folder.faults.faults)), None)

    @property
    def chains(self) -> dict[str, Any]:
        found = self.folder.spec.get("chains")
        return found if isinstance(found, dict) else {}


def opened(program_id: int) -> Open:
    """The draft of the address; NotFound."""
    session = page_session()
    draft = drafts.draft_of(session, program_id)
    folder = drafts.read_draft(session, draft)
    return Open(draft, folder, problems(folder))


def condition_words() -> dict[str, Any]:
    """What the builder of conditions lets choose from, and the forms there are, by key."""
    session = page_session()
    return builder_words(offered.offered(session, but=None)) | {"forms": forms.names(session)}


def revision() -> int:
    """The revision that the form was made from."""
    said = request.form.get("revision", "0")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0


def home() -> str:
    """The editor that a form was filled in: the canvas, or the outline."""
    return "editor.canvas" if request.form.get("view") == "canvas" else "editor.index"


def saved(act: Callable[[Any], Any]) -> ResponseReturnValue | None:
    """Do it in a transaction of its own; None when it is done, else the refusal as a fragment, so that the
    form keeps what was typed."""
    try:
        with runtime().sessions.begin() as session:
            act(session)
    except Conflict as refusal:
        number = (request.view_args or {})["program_id"]
        anew = url_for(home(), program_id=number)
        return render_template("admin/editor/conflict.html", sentence=str(refusal), anew=anew), 409
    except Invalid as refusal:
        sentences = [one for many in refusal.errors.values() for one in many] or [str(refusal)]
        return render_template("parts/fault.html", sentence=" ".join(sentences)), 422
    return None
