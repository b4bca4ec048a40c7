"""What stands beside the steps in both editors: the form of the open step, the kinds to add, who enters."""

from typing import Any

from flask import request

from nurture.errors import NotFound
from nurture.files import conditions as texts
from nurture.rules.edits import outline
from nurture.rules.edits.outline import Place, Plain
from nurture.rules.program import TEMPERATURES
from nurture.rules.program.keys import kind_of
from nurture.rules.program.kinds import chain_fields, groups, kind
from nurture.rules.words import _
from nurture.web.admin import sender_words
from nurture.web.admin.editor import fields
from nurture.web.admin.editor.door import Open, condition_words
from nurture.web.admin.editor.rows import way_words
from nurture.web.query import text


def chosen_chain(here: Open) -> str:
    """The chain of the address, else the first; "" without any."""
    return text("chain") if text("chain") in here.chains else next(iter(here.chains), "")


def beside(here: Open, temperature: str) -> dict[str, Any]:
    """The values of the template admin/editor/side.html, and of the choice of chains."""
    step = _open_step(here, temperature, text("step"))
    return {
        "temperature": temperature,
        "missing": [name for name in TEMPERATURES if name not in here.chains],
        "step": step,
        "adding": _adding(temperature),
        "groups": groups(),
        "chain": fields.boxes(chain_fields(), here.chains.get(temperature) or {}) if temperature else [],
        "offered": {**_offered(here, temperature), "senders": _senders(here, step)},
        "words": condition_words(),
    }


def _open_step(here: Open, temperature: str, key: str) -> dict[str, Any] | None:
    """The form of a step: its kind, boxes, ways and where it could move."""
    if not key or not temperature:
        return None
    try:
        place, _steps, _at, raw = outline.find(here.folder.spec, temperature, key)
    except NotFound:
        return None
    word = kind_of(raw)
    described = kind(word) if word is not None else None
    inside = {one.get("key") for _p, _l, _a, one in outline.walk([raw])}
    elsewhere = [one for one in outline.places(here.folder.spec, temperature) if one.step not in inside]
    return {
        "key": key,
        "place": str(place),
        "kind": described,
        "boxes": fields.boxes(described.fields, raw) if described is not None else [],
        "shape": fields.shape_of(described.fields, raw, described.forms) if described is not None else "",
        "ways": _conditions(raw),
        "arms": [way for way, _inside in outline.ways_of(raw)] if "split" in raw else [],
        "problems": here.wrong.at_steps.get((temperature, key), []),
        "doubts": here.wrong.doubts.get((temperature, key), []),
        "places": [(str(one), _place_words(here, temperature, one)) for one in elsewhere if one != place],
        "mail": here.folder.mails.get(str(raw.get("send", ""))),
        "sends": "send" in raw,
        "sender": str(raw.get("sender", "")),
        "mail_key": str(raw.get("send", "")),
    }


def _conditions(raw: Plain) -> list[dict[str, Any]]:
    ways = raw.get("branch")
    found = []
    for at, way in enumerate(ways if isinstance(ways, list) else []):
        when = way.get("when") if isinstance(way, dict) else None
        written = texts.write(when) if isinstance(when, dict) else ""
        found.append({"at": at, "plain": when, "text": written, "words": way_words(raw, f"branch.{at}")})
    return found


def _place_words(here: Open, temperature: str, place: Place) -> str:
    if not place.step:
        return _("to the top of the chain")
    raw = outline.find(here.folder.spec, temperature, place.step)[3]
    return _("onto the way “{way}” of {step}").format(way=way_words(raw, place.way), step=place.step)


def _adding(temperature: str) -> dict[str, str] | None:
    said = request.args.get("add")
    if said is None or not temperature:
        return None
    place, _bar, after = said.partition("|")
    return {"place": place, "after": after}


def _senders(here: Open, step: dict[str, Any] | None) -> list[tuple[str, str]]:
    """In whose name a step that sends may do so."""
    if step is None or not step["sends"]:
        return []
    by_mail = step["mail"].sender if step["mail"] is not None else ""
    return sender_words.for_step(here.folder.program, by_mail, step["sender"])


def _offered(here: Open, temperature: str) -> dict[str, list[str]]:
    return {
        "mails": sorted(here.folder.mails),
        "steps": outline.keys_in(here.folder.spec, temperature) if temperature else [],
        "chains": [name for name in TEMPERATURES if name in here.chains],
    }
