"""Who enters a program, where a run begins, and who has to change chains."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from nurture.rules.chain import rest_ends
from nurture.rules.conditions import holds
from nurture.rules.facts import Facts
from nurture.rules.program import Chain, Program

_WARMTH = {"cold": 0, "warm": 1, "hot": 2}


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a run begins: at `step_key` (None: before the first step), due at `due_at`, or `resting`."""

    step_key: str | None
    resting: str | None
    due_at: datetime


def may_enter(program: Program, lead: Facts, ended: Mapping[str, datetime], now: datetime) -> bool:
    """Whether a lead that stands nowhere in the program enters it. `ended` tells when its last run in the
    chain of each temperature ended."""
    chain = program.chains.get(lead.temperature)
    if chain is None or chain.enter is None or not holds(chain.enter, lead, now):
        return False
    if program.goal is not None and holds(program.goal, lead, now):
        return False
    last = ended.get(lead.temperature)
    return last is None or (chain.reentry is not None and last + chain.reentry.elapsed <= now)


def held_out(program: Program, lead_id: int) -> bool:
    """The same leads for the life of the program, spread evenly: CRC-32 of program and lead."""
    if not program.holdout:
        return False
    return zlib.crc32(f"{program.key}:{lead_id}".encode()) % 10_000 < program.holdout * 100


def has_to_move(program: Program, standing_in: str, resting: str | None, new: str) -> bool:
    """Whether a run in the chain of one temperature ends because its lead has another by now."""
    return new in program.chains and standing_in != new and resting != "holdout"


def way_over(program: Program, standing_in: str, new: str) -> tuple[str, str]:
    """Why a run moves to the chain of another temperature (warmed, cooled), and where it goes on there
    (resume, restart, rest)."""
    if _WARMTH[new] > _WARMTH[standing_in]:
        return "warmed", program.on_warm
    return "cooled", program.on_cool


def begins(chain: Chain, how: str, step: str | None, last_sent: str | None, now: datetime) -> Beginning:
    """The place of a new run: at `step` if named, else as `how` says (resume after `last_sent`, the step
    whose mail was the last sent there; restart; rest, holdout)."""
    key, resting = step, None
    if how in ("rest", "holdout"):
        resting = how
    elif key is None and how == "resume" and last_sent is not None and last_sent in chain.after:
        key = chain.after[last_sent]
        resting = "newsletter_only" if key is None else None
    return Beginning(key, resting, now if resting is None else rest_ends(chain, resting, now))
