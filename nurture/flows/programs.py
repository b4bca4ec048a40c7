"""Program folders are loaded as immutable versions, published over the live one, and saved."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from nurture.errors import Invalid, NotFound
from nurture.files import programs as files
from nurture.files.programs import Folder
from nurture.flows import step_templates
from nurture.flows.check_programs import checked, mail_source
from nurture.flows.models import let_rate
from nurture.flows.publish import Inside, publish_version
from nurture.flows.queue_mail import keep_mail
from nurture.flows.restraint import falls_silent
from nurture.flows.said_senders import look_at_senders
from nurture.flows.step_acts import House
from nurture.rules import program as rules
from nurture.rules.program import Program
from nurture.rules.words import _
from nurture.store import models, programs
from nurture.store.audit import audit
from nurture.store.models import LiveModel
from nurture.store.programs import NewVersion, ProgramRow, ProgramVersion


@dataclass(frozen=True)
class Loaded:
    """A loaded program: `version_no` is its newest version, `is_new` whether this load made it; `moved`
    counts the leads that publishing moved to another step."""

    program_id: int
    key: str
    version_id: int
    version_no: int
    is_new: bool
    published: bool
    moved: int
    warnings: list[str]


def load_folder(session: Session, path: Path, *, publish: bool, now: datetime, by: str) -> Loaded:
    """Take a folder as the newest version of its program: a draft, or live at once with `publish`. The
    same files again make no new version. Raises FileFault with every fault; in the caller's transaction.
    After publishing and committing, `enroll.enter_existing` lets the leads of the base enter."""
    folder = files.read_folder(path)
    program = folder.program
    live = known_models(session).get(program.model) if program is not None else None
    checked(folder, live.model if live is not None else None)
    if program is not None and program.model and live is None:
        sentence = _('There is no heat model "{key}"; load it first.')
        folder.faults.add(folder.line_of("model"), sentence.format(key=program.model))
    look_at_senders(session, folder)
    folder.faults.stop_if_any()
    if program is None:
        raise NotFound(_("{path} holds no program.").format(path=path))
    _warn_of_strangers(session, folder, program)
    row, version, is_new = keep_version(session, folder, program, now=now, by=by)
    moved = go_live(session, row, version, now=now, by=by) if publish else 0
    return Loaded(
        program_id=row.id,
        key=row.key,
        version_id=version.id,
        version_no=version.no,
        is_new=is_new,
        published=row.live_version_id == version.id,
        moved=moved,
        warnings=folder.warning_lines(),
    )


def _warn_of_strangers(session: Session, folder: Folder, program: Program) -> None:
    """Steps that would tell somebody outside the house, which they never do."""
    house = House.of(session) if any(step_templates.addresses(program)) else None
    for (temperature, key), address in step_templates.addresses(program) if house is not None else ():
        if house is not None and house.at(address) is None:
            sentence = _("{address} is no address of this house: nobody will be told there.")
            folder.faults.warn(folder.lines.get((temperature, key), 0), sentence.format(address=address))


def save_folder(session: Session, key: str, path: Path) -> list[Path]:
    """Write the newest version of a program as files; loading them again changes nothing. Returns what
    was written."""
    row = programs.by_key(session, key)
    version = programs.latest_version(session, row.id) if row is not None else None
    if version is None:
        raise NotFound(_('There is no program "{key}".').format(key=key))
    return files.write_folder(version.source, path)


def publish(session: Session, program_id: int, *, now: datetime, by: str = "system") -> int:
    """Make the newest version of a program live; how many leads had to move to another step."""
    row = programs.lock(session, program_id)
    version = programs.latest_version(session, program_id)
    if version is None:
        raise NotFound(_("There is no version to publish."))
    return go_live(session, row, version, now=now, by=by)


def known_models(session: Session) -> dict[str, LiveModel]:
    """The heat models by key."""
    return {one.model.key: one for one in models.known(session)}


def _model_id(session: Session, key: str) -> int:
    found = known_models(session).get(key)
    if found is None:
        raise NotFound(_('There is no heat model "{key}"; load it first.').format(key=key))
    return found.id


def keep_version(
    session: Session, folder: Folder, program: Program, *, now: datetime, by: str
) -> tuple[ProgramRow, ProgramVersion, bool]:
    """The program, its version with these files, and whether that is new: the newest one is not kept twice.
    The folder must be without faults."""
    model_id = _model_id(session, program.model)
    row = programs.add(session, program.key, program.name, program.purpose, model_id, now=now)
    mails = {
        key: keep_mail(session, row.id, mail_source(mail), mail.name, now=now)
        for key, mail in folder.mails.items()
    }
    digest = _digest(folder.sources, mails)
    latest = programs.latest_version(session, row.id)
    if latest is not None and latest.source_hash == digest:
        return row, latest, False
    new = NewVersion(source=folder.sources, source_hash=digest, spec=folder.spec, mails=mails)
    version = programs.add_version(session, row.id, new, by=by, now=now)
    row.draft_version_id, row.updated_at = version.id, now
    session.flush()
    audit(session, by, "program.loaded", f"program:{row.id}", now=now, detail={"version": version.no})
    return row, version, True


def _digest(sources: Mapping[str, str], mails: Mapping[str, int]) -> str:
    """Changes with any file, and with what a mail compiles to."""
    text = json.dumps([sources, mails], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def go_live(
    session: Session,
    row: ProgramRow,
    version: ProgramVersion,
    *,
    inside: Inside = "move",
    now: datetime,
    by: str,
) -> int:
    """Make a version live; how many leads had to go on at another step. The program's row must be locked."""
    program = rules.read(version.spec)
    if falls_silent(session, program.window):
        raise Invalid(_("This program writes in the quiet hours of the house only: it would never send."))
    model_id = _model_id(session, program.model)
    let_rate(session, model_id, now=now, by=by)
    return publish_version(session, row, version, model_id, inside=inside, now=now, by=by)
