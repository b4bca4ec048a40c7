"""The draft of a program: begun from its newest version, edited with every change kept, undone, discarded.

A draft is the program's files, as a version is: so the editor, the text of the files and the API work on
one thing, and nothing typed is lost on the way. Whoever edits says which revision was seen; another one is
a Conflict, and the draft stays as the other person left it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.files import programs as files
from nurture.files.programs import PROGRAM_FILE, Folder
from nurture.files.yaml_lines import MAX_BYTES
from nurture.flows.check_programs import checked, mail_source
from nurture.flows.programs import known_models
from nurture.flows.said_senders import look_at_senders
from nurture.mail.source import MailSource
from nurture.rules.program import Program
from nurture.rules.words import _
from nurture.store import drafts, programs
from nurture.store.audit import audit
from nurture.store.drafts import ProgramDraft, StoredDraft

Files = Mapping[str, str]
# Changes of the same thing by the same person this close together are undone together: typing is autosaved.
_TOGETHER = timedelta(seconds=20)
_MOST_FILES = 601


@dataclass(frozen=True)
class Drafted:
    """A draft as it would run: `program` None where the YAML cannot be read at all; with `faults` the
    program is as much of it as could be read. Faults and warnings are `file:line: sentence`."""

    program: Program | None
    mails: Mapping[str, MailSource]
    faults: list[str]
    warnings: list[str]


def draft_of(session: Session, program_id: int) -> StoredDraft:
    """The draft of a program; while nothing is drafted, its newest version at revision 0. NotFound."""
    found = drafts.stored(session, program_id)
    if found is None:
        raise NotFound(_("There is no such program."))
    return found


def read_draft(session: Session, draft: StoredDraft) -> Folder:
    """What a draft says, everything wrong and doubtful in it: in program, mails and heat model."""
    folder = files.read_sources(draft.source)
    program = folder.program
    live = known_models(session).get(program.model) if program is not None else None
    checked(folder, live.model if live is not None else None)
    if program is not None and program.model and live is None:
        sentence = _('There is no heat model "{key}"; load it first.')
        folder.faults.add(folder.line_of("model"), sentence.format(key=program.model))
    if program is not None and program.key and program.key != draft.program_key:
        sentence = _('A program keeps its key: "{key}". Duplicate the program to have it under another one.')
        folder.faults.add(folder.line_of("program"), sentence.format(key=draft.program_key))
    look_at_senders(session, folder)
    return folder


def drafted(session: Session, program_id: int) -> Drafted:
    """The program value and the mails of the draft (of the newest version while nothing is drafted), ready
    for whoever plays them through. Raises NotFound."""
    folder = read_draft(session, draft_of(session, program_id))
    return Drafted(
        program=folder.program,
        mails={key: mail_source(mail) for key, mail in folder.mails.items()},
        faults=folder.fault_lines(),
        warnings=folder.warning_lines(),
    )


def edit(
    session: Session,
    program_id: int,
    revision: int,
    change: Callable[[Files], Files],
    *,
    what: str,
    by: str,
    now: datetime,
) -> StoredDraft:
    """Change the files of a draft, from the revision that was seen. `what` names the thing that is changed:
    one person's changes of one thing in quick succession are one step back. Faults are kept and shown,
    never refused: only publishing asks for none. Raises NotFound, Conflict, Invalid."""
    draft = _held(session, program_id, revision, by=by, now=now)
    before = dict(draft.source)
    after = dict(change(before))
    _refuse_oversized(after)
    if after != before:
        _note(session, draft, before, after, what=what, by=by, now=now)
    session.flush()
    return draft_of(session, program_id)


def undo(session: Session, program_id: int, revision: int, *, by: str, now: datetime) -> StoredDraft:
    """Take the last change back. Raises Conflict where there is none."""
    draft = _held(session, program_id, revision, by=by, now=now)
    found = drafts.last_change(session, draft)
    if found is None:
        raise Conflict(_("There is nothing to undo."))
    _put(draft, found.before, by=by, now=now)
    draft.place -= 1
    session.flush()
    return draft_of(session, program_id)


def redo(session: Session, program_id: int, revision: int, *, by: str, now: datetime) -> StoredDraft:
    """Do the change again that was taken back last. Raises Conflict where there is none."""
    draft = _held(session, program_id, revision, by=by, now=now)
    found = drafts.next_change(session, draft)
    if found is None:
        raise Conflict(_("There is nothing to do again."))
    _put(draft, found.after, by=by, now=now)
    draft.place += 1
    session.flush()
    return draft_of(session, program_id)


def discard(session: Session, program_id: int, revision: int, *, by: str, now: datetime) -> None:
    """Forget the draft: the program is again as its newest version. Raises NotFound, Conflict."""
    _held(session, program_id, revision, by=by, now=now)
    drafts.discard(session, program_id)
    audit(session, by, "program.draft_discarded", f"program:{program_id}", now=now)


def _held(session: Session, program_id: int, revision: int, *, by: str, now: datetime) -> ProgramDraft:
    """The draft's row, locked, at the revision that was seen; begun from the newest version if need be."""
    seen = draft_of(session, program_id)
    programs.lock(session, program_id)
    draft = drafts.lock(session, program_id)
    present = draft.revision if draft is not None else 0
    if present != revision:
        who = draft_of(session, program_id).updated_by
        sentence = _(
            "{name} has changed this draft since you opened it. Nothing is overwritten: what you typed is "
            "still here; load the draft anew and change it there."
        )
        raise Conflict(sentence.format(name=who or _("Somebody")))
    if draft is None:
        draft = drafts.begin(session, program_id, seen.source, seen.base_version_id, by=by, now=now)
        audit(session, by, "program.draft_begun", f"program:{program_id}", now=now)
    return draft


def _note(
    session: Session, draft: ProgramDraft, before: Files, after: Files, *, what: str, by: str, now: datetime
) -> None:
    touched = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    last = drafts.last_change(session, draft)
    goes_on = (
        last is not None
        and drafts.next_change(session, draft) is None
        and (last.what, last.by, sorted(last.after)) == (what, by, sorted(touched))
        and now - last.at < _TOGETHER
    )
    if last is not None and goes_on:
        last.after, last.at = {name: after.get(name) for name in touched}, now
    else:
        was = {name: before.get(name) for name in touched}
        drafts.add_change(
            session, draft, what, was, {name: after.get(name) for name in touched}, by=by, now=now
        )
    draft.source = dict(after)
    draft.revision += 1
    draft.updated_at, draft.updated_by = now, by


def _put(draft: ProgramDraft, touched: Mapping[str, str | None], *, by: str, now: datetime) -> None:
    merged = {**draft.source, **touched}
    draft.source = {name: text for name, text in merged.items() if text is not None}
    draft.revision += 1
    draft.updated_at, draft.updated_by = now, by


def _refuse_oversized(source: Files) -> None:
    if PROGRAM_FILE not in source:
        raise Invalid(_("A program needs its file program.yaml."))
    if len(source) > _MOST_FILES:
        raise Invalid(_("A program has at most {count} mails.").format(count=files.MOST_MAILS))
    for name, text in source.items():
        if len(text.encode()) > MAX_BYTES:
            sentence = _("{name} is larger than {size} KB.").format(name=name, size=MAX_BYTES // 1024)
            raise Invalid(sentence, {name: [sentence]})
