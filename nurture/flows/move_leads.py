"""Leads change chains when their temperature changes, with what they have on the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.flows.begin import Start, begin
from nurture.flows.leave import end
from nurture.flows.published import Published, published
from nurture.rules import entering
from nurture.rules.chain import OVER
from nurture.store.enrollments import runs
from nurture.store.enrollments.runs import OpenRun

_GOES_ALONG = ("sent", "rounds", "had")


@dataclass(frozen=True, slots=True)
class Move:
    """A lead's temperature under a model changed from `old` to `new`."""

    lead_id: int
    model_id: int
    old: str
    new: str


def move_leads(session: Session, moves: Sequence[Move], *, now: datetime) -> int:
    """Move leads whose temperature changed from the chain they stand in to that of the new temperature;
    mails not yet being sent are cancelled. Returns how many moved."""
    if not moves:
        return 0
    programs = published(session, ("live", "paused"))
    by_lead = {(move.lead_id, move.model_id): move for move in moves}
    reasons: dict[int, str] = {}
    starts: list[Start] = []
    ended: list[OpenRun] = []
    for run in runs.open_runs(session, sorted({move.lead_id for move in moves})):
        one = programs.get(run.program_id)
        move = by_lead.get((run.lead_id, one.row.heat_model_id)) if one is not None else None
        if one is None or move is None or not _has_to_move(one, run, move):
            continue
        reasons[run.id], how = entering.way_over(one.program, run.temperature, move.new)
        data = {name: run.data[name] for name in _GOES_ALONG if name in run.data}
        starts.append(Start(run.lead_id, one, move.new, how, None, data, run.temperature, reasons[run.id]))
        ended.append(run)
    over = {run.id: f"{OVER}:{start.temperature}" for run, start in zip(ended, starts, strict=True)}
    end(session, ended, reasons, now=now, over=over)
    begin(session, starts, now=now)
    return len(starts)


def _has_to_move(one: Published, run: OpenRun, move: Move) -> bool:
    """A run beside another one belongs to its occasion: it stays in its chain."""
    return not run.parallel and entering.has_to_move(
        one.program, run.temperature, run.resting_reason, move.new
    )
