"""Programs as the pages show them: the list, and the board of three chains with live counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from nurture.store.drafts import ProgramDraft
from nurture.store.mails import MailRow
from nurture.store.programs import ChainRow, ProgramRow, ProgramVersion
from nurture.store.steps import FlowCount, StepCount
from nurture.store.views.statistics import by_machines

# Counts of a step by what happened there: entered, left, sent, failed, skipped; opened and clicked by people,
# machine_opened and machine_clicked by machines.
Counts = dict[str, int]
_FLOW_OF = timedelta(days=7)


@dataclass(frozen=True)
class ProgramLine:
    """One program in the list; `inside` counts leads by the temperature of their chain."""

    id: int
    key: str
    name: str
    state: str
    live_no: int | None
    draft_no: int | None
    inside: dict[str, int]


@dataclass(frozen=True)
class Lane:
    """The chain of one temperature: its counters by step."""

    chain_id: int
    paused: bool
    steps: dict[str, Counts]

    @property
    def inside(self) -> int:
        return sum(max(0, one.get("entered", 0) - one.get("left", 0)) for one in self.steps.values())


@dataclass(frozen=True)
class Board:
    """A program with the version that is shown: the live one, or the draft before the first. `drafted` is
    when its draft was last changed."""

    program: ProgramRow
    no: int
    published_at: datetime | None
    draft_no: int | None
    drafted: datetime | None
    spec: dict[str, Any]
    lanes: dict[str, Lane]
    mails: dict[str, tuple[int, str]]
    flows: dict[tuple[str, str], int]

    @property
    def inside(self) -> int:
        return sum(lane.inside for lane in self.lanes.values())


def listing(session: Session) -> list[ProgramLine]:
    """Two statements; leads are counted by the counters of steps, not by reading runs."""
    live, draft = aliased(ProgramVersion), aliased(ProgramVersion)
    rows = session.execute(
        select(ProgramRow.id, ProgramRow.key, ProgramRow.name, ProgramRow.state, live.no, draft.no)
        .outerjoin(live, live.id == ProgramRow.live_version_id)
        .outerjoin(draft, draft.id == ProgramRow.draft_version_id)
        .order_by(ProgramRow.name, ProgramRow.id)
        .limit(200)
    ).all()
    counted = session.execute(
        select(ChainRow.program_id, ChainRow.temperature, StepCount.what, func.sum(StepCount.n))
        .join(StepCount, StepCount.chain_id == ChainRow.id)
        .where(StepCount.what.in_(("entered", "left")))
        .group_by(ChainRow.program_id, ChainRow.temperature, StepCount.what)
    )
    inside: dict[tuple[int, str], int] = {}
    for program_id, temperature, what, n in counted:
        place = (program_id, temperature)
        inside[place] = inside.get(place, 0) + int(n) * (1 if what == "entered" else -1)
    return [
        ProgramLine(*row, {name: max(0, inside.get((row.id, name), 0)) for name in ("cold", "warm", "hot")})
        for row in rows
    ]


def board(session: Session, program_id: int, *, now: datetime) -> Board | None:
    """Seven statements."""
    program = session.get(ProgramRow, program_id)
    if program is None:
        return None
    wanted = [number for number in (program.live_version_id, program.draft_version_id) if number]
    versions = {
        version.id: version
        for version in session.scalars(select(ProgramVersion).where(ProgramVersion.id.in_(wanted)))
    }
    shown = versions[wanted[0]] if wanted else None
    if shown is None:
        return None
    draft = versions.get(program.draft_version_id or 0)
    program_draft = session.get(ProgramDraft, program_id)
    return Board(
        program=program,
        no=shown.no,
        published_at=shown.published_at,
        draft_no=draft.no if draft and draft.id != program.live_version_id else None,
        drafted=program_draft.updated_at if program_draft is not None else None,
        spec=shown.spec,
        lanes=_lanes(session, program_id),
        mails=mail_names(session, [program_id])[program_id],
        flows=_flows(session, program_id, now - _FLOW_OF),
    )


def _lanes(session: Session, program_id: int) -> dict[str, Lane]:
    """Two statements. Counters of all versions together: steps are the same step by their key."""
    rows = session.execute(
        select(
            ChainRow.temperature,
            ChainRow.id,
            ChainRow.paused_at,
            StepCount.step_key,
            StepCount.what,
            func.sum(StepCount.n),
        )
        .outerjoin(StepCount, StepCount.chain_id == ChainRow.id)
        .where(ChainRow.program_id == program_id)
        .group_by(ChainRow.temperature, ChainRow.id, ChainRow.paused_at, StepCount.step_key, StepCount.what)
    )
    lanes: dict[str, Lane] = {}
    for temperature, chain_id, paused_at, step_key, what, n in rows:
        lane = lanes.setdefault(temperature, Lane(chain_id, paused_at is not None, {}))
        if step_key is not None:
            lane.steps.setdefault(step_key, {})[what] = int(n)
    machines = by_machines(session, [lane.chain_id for lane in lanes.values()])
    for lane in lanes.values():
        for step_key, counts in machines.get(lane.chain_id, {}).items():
            lane.steps.setdefault(step_key, {}).update(counts)
    return lanes


def mail_names(session: Session, program_ids: Sequence[int]) -> dict[int, dict[str, tuple[int, str]]]:
    """For each program its mails by key, as id and name; one statement."""
    found: dict[int, dict[str, tuple[int, str]]] = {number: {} for number in program_ids}
    rows = session.execute(
        select(MailRow.program_id, MailRow.key, MailRow.id, MailRow.name).where(MailRow.program_id.in_(found))
    )
    for program_id, key, number, name in rows:
        if program_id is not None:
            found[program_id][key] = (number, name)
    return found


def _flows(session: Session, program_id: int, since: datetime) -> dict[tuple[str, str], int]:
    rows = session.execute(
        select(FlowCount.old, FlowCount.new, func.sum(FlowCount.n))
        .where(FlowCount.program_id == program_id, FlowCount.day >= since)
        .group_by(FlowCount.old, FlowCount.new)
    )
    return {(old, new): int(n) for old, new, n in rows}
