"""A simulation is asked for: its settings are checked, and the files of each side are kept with it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.files.programs import Folder, read_sources
from nurture.flows.check_programs import checked
from nurture.flows.drafts import draft_of
from nurture.rules.program import Program
from nurture.rules.simulation.settings import BASE, LIVE, Settings, read_settings
from nurture.rules.words import _
from nurture.store import programs, segments, simulations
from nurture.store.audit import audit
from nurture.store.programs import ProgramRow


def ask(
    session: Session, program_id: int, raw: Mapping[str, Any], *, by: str, now: datetime
) -> tuple[int, Settings]:
    """Keep a simulation to be carried out by a long job; its id. In the caller's transaction. Raises
    NotFound, Invalid with the faults by field, and with those of a draft that cannot run."""
    found = read_settings(raw)
    sources = {"a": source_of(session, program_id, found.version)}
    if found.against:
        sources["b"] = source_of(session, program_id, found.against)
    for side in sources.values():
        program_in(side)
    if (
        found.people == BASE
        and found.segment
        and found.segment not in {one.key for one in segments.every(session)}
    ):
        sentence = _('There is no segment "{key}".').format(key=found.segment)
        raise Invalid(sentence, {"segment": [sentence]})
    number = simulations.add(session, program_id, found.plain(), sources, now=now, by=by)
    detail = {"leads": found.leads, "days": found.days}
    audit(session, by, "program.simulated", f"program:{program_id}", now=now, detail=detail)
    return number, found


def source_of(session: Session, program_id: int, version: str) -> Mapping[str, Any]:
    """The files of a version, with its name: {"name", "files"}."""
    row = session.get(ProgramRow, program_id)
    if row is None:
        raise NotFound(_("There is no such program."))
    if version == LIVE:
        if row.live_version_id is None:
            raise Conflict(_("The program is not published."))
        live = programs.version(session, row.live_version_id)
        return {"kind": LIVE, "no": live.no, "files": dict(live.source)}
    draft = draft_of(session, program_id)
    kind = "draft" if draft.revision else "version"
    return {"kind": kind, "no": draft.base_no, "files": dict(draft.source)}


def folder_of(source: Mapping[str, Any]) -> Folder:
    """What such files say, every fault of program and mails in it."""
    folder = read_sources(source["files"])
    checked(folder, None)
    return folder


def program_in(source: Mapping[str, Any]) -> Program:
    """The program of such files. Raises Invalid with every fault where they cannot run."""
    folder = folder_of(source)
    if folder.program is None or folder.faults.faults:
        raise Invalid(" ".join(folder.fault_lines()), {"version": folder.fault_lines()})
    return folder.program
