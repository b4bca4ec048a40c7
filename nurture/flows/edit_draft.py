"""Edits of a draft as the editors make them: steps, settings, mails, chains. Each is one change of files."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.files import programs as files
from nurture.files.mail_files import FORMATS, parts
from nurture.files.mail_text import mail_text
from nurture.files.programs import PROGRAM_FILE, Folder
from nurture.files.yaml_rewriting import fresh, rewritten
from nurture.flows.drafts import Files, draft_of, edit
from nurture.flows.live_edits import version_no
from nurture.rules import program as rules
from nurture.rules.edits import outline
from nurture.rules.edits.outline import Plain
from nurture.rules.words import _
from nurture.store.drafts import StoredDraft

Act = Callable[[Plain], Plain]
_BODY = "Hello{% if lead.first_name %} {{ lead.first_name }}{% endif %},\n\n…\n"


def change_program(
    session: Session, program_id: int, revision: int, act: Act, *, what: str, by: str, now: datetime
) -> StoredDraft:
    """Change the plain program of a draft; its text keeps everything else. Raises NotFound, Conflict,
    Invalid while the text cannot be read."""

    def change(source: Files) -> Files:
        folder = _read(source)
        wanted = act(dict(folder.spec))
        return {**source, PROGRAM_FILE: rewritten(folder.sources[PROGRAM_FILE], wanted)}

    return edit(session, program_id, revision, change, what=what, by=by, now=now)


def add_step(
    session: Session,
    program_id: int,
    revision: int,
    temperature: str,
    step: Plain,
    *,
    place: outline.Place,
    after: str,
    by: str,
    now: datetime,
) -> tuple[StoredDraft, str]:
    """A new step, with a new mail where it sends none yet; the draft and the step's key."""
    avoid = _keys_of_live(session, program_id, temperature)
    made = {}

    def change(source: Files) -> Files:
        folder = _read(source)
        wanted, files_too = dict(step), dict(source)
        if wanted.get("send") == "":
            wanted["send"] = _fresh_mail(source)
            files_too[f"mails/{wanted['send']}.md"] = mail_text("", {"subject": "", "body": _BODY})
        spec, made["key"] = outline.add(
            folder.spec, temperature, wanted, place=place, after=after, avoid=avoid
        )
        return {**files_too, PROGRAM_FILE: rewritten(folder.sources[PROGRAM_FILE], spec)}

    draft = edit(session, program_id, revision, change, what=f"add:{now.isoformat()}", by=by, now=now)
    return draft, made["key"]


def write_yaml(
    session: Session, program_id: int, revision: int, text: str, *, by: str, now: datetime
) -> StoredDraft:
    """The YAML as somebody typed it, faults and all."""
    plain = text.replace("\r\n", "\n")
    return edit(
        session,
        program_id,
        revision,
        lambda source: {**source, PROGRAM_FILE: plain},
        what="yaml",
        by=by,
        now=now,
    )


def write_mail(
    session: Session,
    program_id: int,
    revision: int,
    key: str,
    said: Mapping[str, str],
    *,
    language: str = "",
    by: str,
    now: datetime,
) -> StoredDraft:
    """The words of a mail; made where there is none of this key. `said`: name, subject, preheader, layout,
    language, format, sender, body. Raises Invalid for a key or a format that is none."""
    format = said.get("format", "")
    if not rules.is_name(key):
        sentence = _("A mail's key is a name in small letters, digits, - and _.")
        raise Invalid(sentence, {"key": [sentence]})
    if format and format not in FORMATS:
        sentence = _("The format is one of {all}.").format(all=", ".join(FORMATS))
        raise Invalid(sentence, {"format": [sentence]})
    words = {name: value.replace("\r\n", "\n") for name, value in said.items() if name != "format"}

    def change(source: Files) -> Files:
        old = mail_path(source, key, language)
        stem = f"mails/{key}.{language}" if language else f"mails/{key}"
        new = f"{stem}.{format or (parts(old[6:])[2] if old else 'md')}"
        kept = {name: text for name, text in source.items() if name != old}
        return {**kept, new: mail_text(source.get(old, ""), words)}

    what = f"mail:{key}:{language}"
    return edit(session, program_id, revision, change, what=what, by=by, now=now)


def remove_mail(
    session: Session, program_id: int, revision: int, key: str, *, by: str, now: datetime
) -> StoredDraft:
    """Take a mail out of the draft, in all its languages. Conflict, with the places, while one asks."""

    def change(source: Files) -> Files:
        folder = _read(source)
        if not mail_path(source, key):
            raise NotFound(_("There is no such mail."))
        if used := mail_uses(folder, key):
            places = ", ".join(f"{temperature}/{step}" for temperature, step in used[:5])
            sentence = _("{name} is asked for by {places}{more}: change it there first.")
            more = _(" and others") if len(used) > 5 else ""
            raise Conflict(sentence.format(name=key, places=places, more=more))
        return {name: text for name, text in source.items() if not _is_of(name, key)}

    return edit(session, program_id, revision, change, what=f"mail-gone:{key}", by=by, now=now)


def add_chain(
    session: Session, program_id: int, revision: int, temperature: str, *, by: str, now: datetime
) -> StoredDraft:
    """A chain for one more temperature, still without steps. Conflict where there is one."""
    if temperature not in rules.TEMPERATURES:
        raise NotFound(_("There is no such chain."))

    def act(spec: Plain) -> Plain:
        chains = dict(spec.get("chains") or {})
        if temperature in chains:
            raise Conflict(_("This program has a {chain} chain already.").format(chain=temperature))
        enter = {
            "when": {"all": [{"temperature": temperature}, {"consent": spec.get("purpose", "marketing")}]}
        }
        chains[temperature] = {"enter": enter, "steps": []}
        order = [name for name in rules.TEMPERATURES if name in chains]
        return {**spec, "chains": {name: chains[name] for name in order}}

    return change_program(session, program_id, revision, act, what=f"chain:{temperature}", by=by, now=now)


def remove_chain(
    session: Session, program_id: int, revision: int, temperature: str, *, by: str, now: datetime
) -> StoredDraft:
    """Take a chain with all its steps out of the draft. Conflict for the last one."""

    def act(spec: Plain) -> Plain:
        chains = {name: chain for name, chain in spec["chains"].items() if name != temperature}
        if not chains:
            raise Conflict(_("A program has at least one chain."))
        return {**spec, "chains": chains}

    return change_program(
        session, program_id, revision, act, what=f"chain-gone:{temperature}", by=by, now=now
    )


def mail_path(source: Collection[str], key: str, language: str = "") -> str:
    """The file of a mail, "" where there is none."""
    for name in source:
        if name.startswith("mails/"):
            found, spoken, format = parts(name.removeprefix("mails/"))
            if found == key and (spoken or "") == language and format in FORMATS:
                return name
    return ""


def mail_uses(folder: Folder, key: str) -> list[tuple[str, str]]:
    """(temperature, step) of everything that sends a mail or asks about it."""
    if folder.program is None:
        return []
    asked = (*rules.mails_sent(folder.program), *rules.mails_asked_about(folder.program))
    return list(dict.fromkeys(place for place, mail in asked if mail == key))


def new_program_files(key: str, name: str, timezone: str) -> dict[str, str]:
    """The files of a program that says hello once to whoever is cold."""
    enter = {"when": {"all": [{"temperature": "cold"}, {"consent": "marketing"}]}}
    steps = [{"send": "welcome", "key": "welcome"}]
    frame = {
        "program": key,
        "name": name,
        "timezone": timezone,
        "window": {"days": "mon-fri", "from": "09:00", "to": "18:00"},
        "frequency": {"max": 2, "per": "7d"},
        "chains": {"cold": {"enter": enter, "steps": steps}},
    }
    said = {"subject": _("Welcome"), "body": _BODY}
    return {PROGRAM_FILE: fresh(frame), "mails/welcome.md": mail_text("", said)}


def renamed_files(source: Files, key: str, name: str) -> dict[str, str]:
    """The files of a program under another key and name."""
    folder = _read(source)
    spec = {**folder.spec, "program": key, "name": name}
    return {**source, PROGRAM_FILE: rewritten(folder.sources[PROGRAM_FILE], spec)}


def _read(source: Files) -> Folder:
    folder = files.read_sources(source)
    if folder.root is None or not isinstance(folder.root.value, dict):
        raise Invalid(_("The YAML of this draft cannot be read; mend it there first."))
    return folder


def _is_of(name: str, key: str) -> bool:
    return name.startswith("mails/") and parts(name.removeprefix("mails/"))[0] == key


def _fresh_mail(source: Files) -> str:
    no = 1
    while mail_path(source, f"mail-{no}"):
        no += 1
    return f"mail-{no}"


def _keys_of_live(session: Session, program_id: int, temperature: str) -> set[str]:
    """Keys at which leads may stand: a new step must not catch them."""
    draft = draft_of(session, program_id)
    if draft.live_no is None:
        return set()
    chains: dict[str, Any] = version_no(session, program_id, draft.live_no).spec.get("chains", {})
    return set(outline.keys_in({"chains": chains}, temperature)) if temperature in chains else set()
