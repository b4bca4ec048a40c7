"""Program folders are checked, loaded as immutable versions, published over the live one, and saved."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.files import programs as files
from nurture.files.models import read_model
from nurture.files.programs import Folder, MailFile
from nurture.files.yaml_lines import Faults
from nurture.flows import step_templates
from nurture.flows.models import let_rate
from nurture.flows.publish import Inside, publish_version
from nurture.flows.queue_mail import keep_mail
from nurture.flows.restraint import falls_silent
from nurture.flows.said_senders import look_at_senders
from nurture.flows.step_acts import House
from nurture.mail.compile import check
from nurture.mail.source import MailSource
from nurture.rules import program as rules
from nurture.rules.consent import WITHOUT_CONSENT
from nurture.rules.model import HeatModel
from nurture.rules.program import Chain, Program, Send, Step, Wait, WaitUntil
from nurture.rules.program.paths import unreachable
from nurture.rules.words import _
from nurture.store import models, programs
from nurture.store.audit import audit
from nurture.store.chains import switch
from nurture.store.enrollments import late
from nurture.store.models import LiveModel
from nurture.store.programs import ChainRow, NewVersion, ProgramRow, ProgramVersion

# Mails without a fault, the ones looked at last; a fault is told anew, in the language of who asks.
_MOST_RIGHT = 1_000
_right: dict[MailSource, None] = {}


@dataclass(frozen=True)
class Checked:
    """What is wrong (`faults`) and what is doubtful (`warnings`), as `path:line: sentence`."""

    folder: Folder
    faults: list[str]
    warnings: list[str]


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


def check_folder(path: Path) -> Checked:
    """Everything wrong and doubtful in a folder, without a database. The heat model is that of the file
    ../models/<model>.yaml, if there is one."""
    folder = files.read_folder(path)
    key = folder.program.model if folder.program is not None else ""
    return checked(folder, _model_beside(path, key))


def checked(folder: Folder, model: HeatModel | None) -> Checked:
    """A folder that was read, with what is wrong in its mails and doubtful under its heat model."""
    check_mails(folder)
    program = folder.program
    if program is not None and program.purpose in WITHOUT_CONSENT:
        sentence = _("expected a consent such as marketing: {name} is for what a lead itself asked for")
        folder.faults.add(folder.line_of("purpose"), sentence.format(name=program.purpose))
    if program is not None and model is not None and not folder.faults.faults:
        for temperature, sentence in unreachable(program, model):
            first = program.chains[temperature].first or ""
            folder.faults.warn(folder.lines.get((temperature, first), 0), sentence)
    return Checked(folder, folder.fault_lines(), folder.warning_lines())


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


def pause(session: Session, program_id: int, *, now: datetime, by: str = "system") -> None:
    """Stop a live program: nobody enters, nothing is sent, everybody stays where they stand."""
    row = programs.lock(session, program_id)
    if row.state != "live":
        raise Conflict(_("Only a live program can be paused."))
    row.state, row.paused_at, row.updated_at = "paused", now, now
    audit(session, by, "program.paused", f"program:{row.id}", now=now)


def resume(session: Session, program_id: int, *, now: datetime, by: str = "system") -> None:
    """Let a paused program go on. Steps that came due meanwhile are taken one after the other, within its
    windows; those too late are held for a person (`decide_held`)."""
    row = programs.lock(session, program_id)
    if row.state != "paused":
        raise Conflict(_("Only a paused program can be resumed."))
    since = row.paused_at or now
    row.state, row.paused_at, row.updated_at = "live", None, now
    audit(session, by, "program.resumed", f"program:{row.id}", now=now)
    late.after_pause(session, row.id, None, since=since, hold_after=_live(session, row).hold_after, now=now)


def pause_chain(session: Session, chain_id: int, *, now: datetime, by: str = "system") -> bool:
    """Stop one chain alone; False when it is paused already, or there is none."""
    if not switch(session, chain_id, paused=True, now=now):
        return False
    audit(session, by, "program.paused", f"chain:{chain_id}", now=now)
    return True


def resume_chain(session: Session, chain_id: int, *, now: datetime, by: str = "system") -> bool:
    """Let one paused chain go on in the same way; False when it is not paused, or there is none."""
    chain = session.get(ChainRow, chain_id, with_for_update=True)
    if chain is None or chain.paused_at is None:
        return False
    since, chain.paused_at = chain.paused_at, None
    row = programs.lock(session, chain.program_id)
    hold_after = _live(session, row).hold_after
    late.after_pause(session, row.id, chain.id, since=since, hold_after=hold_after, now=now)
    audit(session, by, "program.resumed", f"chain:{chain_id}", now=now)
    return True


def decide_held(session: Session, program_id: int, *, go_on: bool, now: datetime, by: str = "system") -> int:
    """A person decides about the steps held after a pause: they are taken after all, one after the other,
    or the mails are left out. How many they were."""
    if session.get(ProgramRow, program_id) is None:
        raise NotFound(_("There is no such program."))
    row = programs.lock(session, program_id)
    held = late.held(session, row.id)
    if go_on:
        late.go_on(session, row.id, now=now)
    else:
        chains = _live(session, row).chains
        sends = {
            step.key for chain in chains.values() for step in chain.by_key.values() if isinstance(step, Send)
        }
        places = [
            (place.id, chains[place.temperature])
            for place in programs.chains(session, [row.id])
            if place.temperature in chains
        ]
        firsts = {number: chain.first for number, chain in places if chain.first}
        waits = {
            (number, key): mail
            for number, chain in places
            for key in chain.by_key
            if (mail := _mail_behind(chain, key)) is not None
        }
        late.leave_out(session, row.id, sorted(sends), firsts, waits, now=now)
    detail = {"go_on": go_on, "n": held}
    audit(session, by, "program.held_decided", f"program:{row.id}", now=now, detail=detail)
    return held


def _mail_behind(chain: Chain, key: str) -> str | None:
    """The mail that goes out as soon as the wait at this step is over; None where something else comes."""
    step: Step | None = chain.by_key[key]
    if not isinstance(step, Wait | WaitUntil):
        return None
    while isinstance(step, Wait | WaitUntil):
        step = chain.by_key.get(chain.after[step.key] or "")
    return step.key if isinstance(step, Send) else None


def _live(session: Session, row: ProgramRow) -> Program:
    version_id = row.live_version_id or 0
    found = programs.specs(session, [version_id])
    if version_id not in found:
        raise Conflict(_("The program is not published."))
    return rules.read(found[version_id][0])


def mail_source(mail: MailFile) -> MailSource:
    """The mail as composing takes it."""
    return MailSource(
        key=mail.key,
        subject=mail.subject,
        body=mail.body,
        format=mail.format,
        preheader=mail.preheader,
        layout=mail.layout,
        language=mail.language,
        body_line=mail.body_line,
        others=tuple(mail_source(other) for other in mail.others),
        sender=mail.sender,
    )


def check_mails(folder: Folder) -> None:
    """Add what is wrong in the words of the mails to the faults of the folder."""
    every = [one for mail in folder.mails.values() for one in (mail, *mail.others)]
    for mail in every:
        if not mail.subject:
            continue  # named already, with its line
        beside = folder.faults.beside(str(Path(folder.path) / mail.path))
        for line, sentence in _faults_of(mail_source(mail)):
            beside.add(line if line >= mail.body_line else mail.lines.get("subject", 1), sentence)
    program = folder.program
    for at, sentence in step_templates.faults(program, folder.keys) if program is not None else ():
        folder.faults.add(folder.line_at(at), sentence)


def _faults_of(source: MailSource) -> list[tuple[int, str]]:
    """What is wrong in the words of a mail; those found right are not read again while a draft is edited."""
    if source in _right:
        return []
    found = check(source)
    if not found:
        while len(_right) >= _MOST_RIGHT:
            _right.pop(next(iter(_right)))
        _right[source] = None
    return found


def _model_beside(path: Path, key: str) -> HeatModel | None:
    file = path.resolve().parent / "models" / f"{key}.yaml"
    found = read_model(file, Faults(str(file))) if file.is_file() else None
    return found[0] if found else None


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
