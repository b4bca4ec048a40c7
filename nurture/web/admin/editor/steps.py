"""The outline editor: a plain list of the steps, each with a form made from the description of its kind."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid, NotFound
from nurture.files import conditions as texts
from nurture.flows import drafts, edit_draft
from nurture.rules.edits import outline
from nurture.rules.edits.outline import Place, Plain
from nurture.rules.program.keys import kind_of
from nurture.rules.program.kinds import chain_fields, kind
from nurture.rules.program.kinds import steps as kinds
from nurture.rules.words import _
from nurture.web.admin.editor import fields
from nurture.web.admin.editor.beside import beside, chosen_chain
from nurture.web.admin.editor.door import home, opened, pages, revision, saved
from nurture.web.admin.editor.rows import live_stats, rows
from nurture.web.request import now, page_session, page_shell, signed_in

# A new step, as most people want it; the rest is said in its form.
_NEW: dict[str, Plain] = {
    "send": {"send": ""},
    "wait": {"wait": "3d"},
    "wait_until": {"wait_until": {"weekday": ["tue", "thu"], "at": "10:00"}},
    "wait_for": {"wait_for": {"signal": "clicked", "within": "5d"}, "then": [], "else": []},
    "branch": {"branch": [{"when": {"temperature": "warm"}, "steps": []}, {"else": True, "steps": []}]},
    "split": {"split": {"name": "test", "weights": {"a": 50, "b": 50}}, "a": [], "b": []},
    "notify": {"notify": {"owner": True, "text": "…"}},
    "hand_over": {"hand_over": {}},
    "exit": {"exit": "done"},
}


@pages.get("/edit")
def index(program_id: int) -> ResponseReturnValue:
    """The outline of one chain, and beside it the form of the step that is open."""
    here = opened(program_id)
    temperature = chosen_chain(here)
    stats = live_stats(page_session(), program_id, temperature, live=page_shell().live)
    listed = rows(here.folder, temperature, stats, here.wrong) if temperature else []
    return render_template(
        "admin/editor/steps.html",
        here=here,
        tab="steps",
        home="editor.index",
        rows=listed,
        **beside(here, temperature),
    )


@pages.post("/edit/<temperature>/add")
def add(program_id: int, temperature: str) -> ResponseReturnValue:
    """A new step where one said."""
    word, key = request.form.get("kind", ""), [""]
    if word not in {one.word for one in kinds()}:
        raise NotFound(_("There is no such kind of step."))
    place, after = Place.read(request.form.get("place", "")), request.form.get("after", "")
    made = _NEW.get(word) or kind(word).example

    def act(session: Any) -> None:
        _draft, key[0] = edit_draft.add_step(
            session, program_id, revision(), temperature, made,
            place=place, after=after, by=signed_in().actor, now=now(),
        )  # fmt: skip

    return saved(act) or _back(program_id, temperature, key[0])


@pages.post("/edit/<temperature>/act")
def act(program_id: int, temperature: str) -> ResponseReturnValue:
    """Move a step up or down, elsewhere, take it out, give it a way or take one: `act` is verb:key:detail."""
    verb, _colon, rest = request.form.get("act", "").partition(":")
    key, _colon, detail = rest.partition(":")
    if verb == "place":
        detail = request.form.get("place", "")

    def change(spec: Plain) -> Plain:
        if verb in ("up", "down"):
            return outline.move(spec, temperature, key, -1 if verb == "up" else 1)
        if verb == "place":
            place, _bar, after = detail.partition("|")
            return outline.move_to(spec, temperature, key, place=Place.read(place), after=after)
        if verb == "remove":
            return outline.remove(spec, temperature, key)
        if verb == "way":
            return outline.add_way(spec, temperature, key)
        if verb == "drop":
            return outline.drop_way(spec, temperature, key, detail)
        raise NotFound(_("There is nothing at this address."))

    refused = _change(program_id, change, f"{verb}:{now().isoformat()}")
    kept = "" if verb == "remove" else key
    opened_now = request.form.get("open", "")
    return refused or _back(program_id, temperature, opened_now if opened_now != key else kept, focus=kept)


@pages.post("/edit/<temperature>/steps/<key>")
def save(program_id: int, temperature: str, key: str) -> ResponseReturnValue:
    """What the form of a step says now."""

    def change(spec: Plain) -> Plain:
        raw = outline.find(spec, temperature, key)[3]
        word = kind_of(raw)
        if word is None:
            raise Invalid(_("This step is no known kind; mend it in the YAML."))
        described = kind(word)
        bare = {**raw, word: raw[word]} if raw.get(word) is not None else dict(raw)
        made = fields.taken(described.fields, request.form, bare, request.form.get("shape", ""))
        made.setdefault(word, {} if isinstance(raw.get(word), dict) else "")
        return outline.put(spec, temperature, key, _ways_taken(made))

    return _change(program_id, change, f"step:{temperature}:{key}") or _back(program_id, temperature, key)


@pages.post("/edit/<temperature>/chain")
def save_chain(program_id: int, temperature: str) -> ResponseReturnValue:
    """Who enters a chain, and who may come back."""

    def change(spec: Plain) -> Plain:
        chain = spec["chains"][temperature]
        made = fields.taken(chain_fields(), request.form, {k: v for k, v in chain.items() if k != "steps"})
        return {**spec, "chains": {**spec["chains"], temperature: {**made, "steps": chain.get("steps", [])}}}

    return _change(program_id, change, f"chain:{temperature}") or _back(program_id, temperature)


@pages.post("/edit/chains")
def change_chains(program_id: int) -> ResponseReturnValue:
    """A chain for one more temperature, or one less."""
    verb, _colon, temperature = request.form.get("act", "").partition(":")
    by = signed_in().actor
    flow = edit_draft.add_chain if verb == "add" else edit_draft.remove_chain
    refused = saved(lambda session: flow(session, program_id, revision(), temperature, by=by, now=now()))
    return refused or _back(program_id, temperature if verb == "add" else "")


@pages.post("/edit/undo")
def undo(program_id: int) -> ResponseReturnValue:
    """One step back, or forward again."""
    by, flow = signed_in().actor, drafts.redo if request.form.get("act") == "redo" else drafts.undo
    refused = saved(lambda session: flow(session, program_id, revision(), by=by, now=now()))
    back = request.form.get("back", "")
    safe = back if back.startswith(f"/programs/{program_id}/") else url_for(".index", program_id=program_id)
    return refused or redirect(safe, 303)


@pages.post("/edit/discard")
def discard(program_id: int) -> ResponseReturnValue:
    """Throw the draft away."""
    by = signed_in().actor
    refused = saved(lambda session: drafts.discard(session, program_id, revision(), by=by, now=now()))
    if refused is None:
        flash(_("The draft is gone; the program is as it was published last."))
    return refused or redirect(url_for("programs.board", program_id=program_id), 303)


def _change(program_id: int, change: edit_draft.Act, what: str) -> ResponseReturnValue | None:
    by = signed_in().actor
    return saved(
        lambda session: edit_draft.change_program(
            session, program_id, revision(), change, what=what, by=by, now=now()
        )
    )


def _back(program_id: int, temperature: str, step: str = "", focus: str = "") -> ResponseReturnValue:
    address = url_for(
        home(),
        program_id=program_id,
        chain=temperature or None,
        step=step or None,
        focus=focus or None,
    )
    return redirect(address, 303)


def _ways_taken(raw: Plain) -> Plain:
    """The conditions of a branch's ways, as the form says them."""
    ways = raw.get("branch")
    for at, way in enumerate(ways if isinstance(ways, list) else []):
        said = request.form.get(f"way.{at}", "").strip()
        if said and isinstance(way, dict) and "when" in way:
            way["when"] = texts.read(said)
    return raw
