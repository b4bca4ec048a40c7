"""A program from nothing, and one more like another."""

from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Conflict, FileFault, Invalid, NotFound
from nurture.files import programs as files
from nurture.flows.drafts import Files, draft_of
from nurture.flows.edit_draft import new_program_files, renamed_files
from nurture.flows.programs import keep_version
from nurture.rules import program as rules
from nurture.rules.words import _
from nurture.store import installation, programs
from nurture.store.audit import audit

_LONGEST = 200


def create(session: Session, key: str, name: str, *, like: int | None = None, by: str, now: datetime) -> int:
    """A program of this key and name, never published yet: with one chain and one mail to begin with, or
    with everything of the program `like` as it is drafted now. Its id. Raises Invalid, Conflict, NotFound."""
    _check(key, name)
    if programs.by_key(session, key) is not None:
        raise Conflict(_('There is a program "{key}" already.').format(key=key))
    made = _files(session, key, name.strip(), like)
    folder = files.read_sources(made)
    if folder.faults.faults:
        raise FileFault(folder.fault_lines())
    if folder.program is None:
        raise NotFound(_("There is no such program."))
    row, _version, _is_new = keep_version(session, folder, folder.program, now=now, by=by)
    audit(session, by, "program.created", f"program:{row.id}", now=now)
    return row.id


def _files(session: Session, key: str, name: str, like: int | None) -> Files:
    if like is None:
        return new_program_files(key, name, installation.get(session).timezone or "UTC")
    return renamed_files(draft_of(session, like).source, key, name)


def _check(key: str, name: str) -> None:
    errors = {}
    if not rules.is_name(key):
        errors["key"] = [_("A key has small letters, digits, - and _ alone.")]
    if not name.strip() or len(name.strip()) > _LONGEST:
        errors["name"] = [_("Give it a name.")]
    if errors:
        raise Invalid(" ".join(one for many in errors.values() for one in many), errors)
