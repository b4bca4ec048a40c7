"""What publishing a draft would do, the difference of any two versions, publishing with a choice for those
inside, and rolling back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Conflict, FileFault, NotFound
from nurture.files import programs as files
from nurture.files.programs import Folder, MailFile
from nurture.flows.drafts import draft_of, read_draft
from nurture.flows.programs import go_live, keep_version
from nurture.flows.publish import Inside
from nurture.flows.said_senders import look_at_senders
from nurture.rules import program as rules
from nurture.rules.edits import Difference, Plan, Standing, compare, plan, senders_changed
from nurture.rules.program import Program
from nurture.rules.words import _
from nurture.store import drafts, programs
from nurture.store.audit import audit
from nurture.store.drafts import StoredDraft
from nurture.store.enrollments import moving
from nurture.store.programs import ProgramRow, ProgramVersion

_NOWHERE = Plan(0, 0)


@dataclass(frozen=True)
class Planned:
    """What a draft would do. `plan` is None while the draft has faults; `before` and `after` are the
    programs that `difference` compares, None where one cannot be read. `overtaken` is the number of a
    version that came to be after the draft was begun."""

    draft: StoredDraft
    folder: Folder
    difference: Difference
    plan: Plan | None
    before: Program | None
    after: Program | None
    overtaken: int | None


@dataclass(frozen=True)
class WentLive:
    """What publishing did: the number of the version, and how many leads go on at another step."""

    version_no: int
    moved: int


def plan_of(session: Session, program_id: int) -> Planned:
    """The effect of publishing the draft (or the newest version, while nothing is drafted). NotFound."""
    draft = draft_of(session, program_id)
    folder = read_draft(session, draft)
    row = _known(session, program_id)
    live = _version(session, row.live_version_id)
    before = rules.read(live.spec) if live is not None else None
    difference = _compared(live.source if live is not None else {}, live.spec if live else {}, folder)
    faulty = bool(folder.faults.faults) or folder.program is None
    newest = drafts.newest_version_no(session, program_id)
    return Planned(
        draft=draft,
        folder=folder,
        difference=difference,
        plan=None
        if faulty or folder.program is None
        else _plan(session, row, live, folder.program, difference),
        before=before,
        after=folder.program,
        overtaken=newest if draft.revision and newest > draft.base_no else None,
    )


def publish_draft(
    session: Session,
    program_id: int,
    *,
    revision: int | None = None,
    inside: Inside = "move",
    now: datetime,
    by: str,
) -> WentLive:
    """Make the draft the newest version and live (the newest version, while nothing is drafted); then the
    draft is done. `revision`: the one that was seen, if that matters. Raises NotFound, Conflict, FileFault
    with every fault."""
    _known(session, program_id)
    row = programs.lock(session, program_id)
    draft = draft_of(session, program_id)
    if revision is not None and revision != draft.revision:
        raise Conflict(_("The draft was changed since you looked at the plan; look at it once more."))
    folder = read_draft(session, draft)
    if folder.faults.faults:
        raise FileFault(folder.fault_lines())
    if folder.program is None:
        raise NotFound(_("There is no version to publish."))
    _row, version, _is_new = keep_version(session, folder, folder.program, now=now, by=by)
    moved = go_live(session, row, version, inside=inside, now=now, by=by)
    drafts.discard(session, program_id)
    return WentLive(version.no, moved)


def roll_back(
    session: Session, program_id: int, no: int, *, inside: Inside = "move", now: datetime, by: str
) -> WentLive:
    """Publish an older version again, as a new one; a draft stays as it is. Raises NotFound, Conflict,
    FileFault where it would not be taken any more."""
    _known(session, program_id)
    row = programs.lock(session, program_id)
    old = version_no(session, program_id, no)
    if old.id == row.live_version_id:
        raise Conflict(_("This version is live already."))
    folder = files.read_sources(old.source)
    look_at_senders(session, folder)
    if folder.faults.faults:
        raise FileFault(folder.fault_lines())
    if folder.program is None:
        raise NotFound(_("There is no such version."))
    _row, version, _is_new = keep_version(session, folder, folder.program, now=now, by=by)
    moved = go_live(session, row, version, inside=inside, now=now, by=by)
    audit(session, by, "program.rolled_back", f"program:{row.id}", now=now, detail={"version": no})
    return WentLive(version.no, moved)


def version_no(session: Session, program_id: int, no: int) -> ProgramVersion:
    """A version by its number. NotFound."""
    found = programs.version_by_no(session, program_id, no)
    if found is None:
        raise NotFound(_("There is no such version."))
    return found


def difference_of(
    session: Session, program_id: int, before: int | None, after: int | None
) -> tuple[Difference, Program | None, Program | None]:
    """The difference of two versions by number, and the programs; None stands for the draft. NotFound."""
    first, second = (_folder(session, program_id, no) for no in (before, after))
    found = _compared(first.sources, first.spec, second)
    return found, first.program, second.program


def standing_by_version(session: Session, program_id: int) -> dict[int, int]:
    """How many leads go by each version, by version id."""
    return moving.by_version(session, [place.id for place in programs.chains(session, [program_id])])


def mail_settings(mails: Mapping[str, MailFile]) -> dict[str, dict[str, Any]]:
    """Settings and words of every mail, each language under its own name (welcome, welcome.ru)."""
    found = {}
    for key, mail in mails.items():
        for one in (mail, *mail.others):
            name = key if one is mail else f"{key}.{one.language}"
            said = {word: getattr(one, word) for word in ("name", "subject", "preheader", "format", "layout")}
            if one.sender:
                said["sender"] = one.sender
            found[name] = said | {"language": one.language, "body": one.body}
    return found


def _folder(session: Session, program_id: int, no: int | None) -> Folder:
    if no is None:
        return read_draft(session, draft_of(session, program_id))
    return files.read_sources(version_no(session, program_id, no).source)


def _compared(source: Mapping[str, str], spec: Mapping[str, Any], folder: Folder) -> Difference:
    was = files.read_sources(source).mails if source else {}
    return compare(spec, folder.spec, mail_settings(was), mail_settings(folder.mails))


def _plan(
    session: Session,
    row: ProgramRow,
    live: ProgramVersion | None,
    draft: Program,
    difference: Difference,
) -> Plan:
    if live is None:
        return _NOWHERE
    places = {place.id: place.temperature for place in programs.chains(session, [row.id])}
    before = rules.read(live.spec)
    moved = sorted({mail for _name, _key, mail in senders_changed(before, draft)})
    groups = moving.groups(session, list(places), moved)
    versions = {live.id: live} | {
        number: programs.version(session, number) for number in {one.version_id for one in groups} - {live.id}
    }
    standing = [
        Standing(
            places[one.chain_id],
            versions[one.version_id].no,
            one.step_key,
            one.n,
            one.mailed,
            frozenset(one.had),
        )
        for one in groups
    ]
    by_no = {one.no: rules.read(one.spec) for one in versions.values()}
    changed = {mail.key.partition(".")[0] for mail in difference.mails if mail.state == "changed"}
    return plan(by_no, live.no, draft, standing, changed)


def _known(session: Session, program_id: int) -> ProgramRow:
    row = session.get(ProgramRow, program_id)
    if row is None:
        raise NotFound(_("There is no such program."))
    return row


def _version(session: Session, version_id: int | None) -> ProgramVersion | None:
    return programs.version(session, version_id) if version_id is not None else None
