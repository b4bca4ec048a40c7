"""Who enters a program and by what, where a run begins, and who has to change chains."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from nurture.rules.chain import rest_ends
from nurture.rules.conditions import Look, holds
from nurture.rules.facts import Facts, SignalFact
from nurture.rules.moments import moment_of
from nurture.rules.program import Chain, Entry, Program
from nurture.rules.timing import zone_for

_WARMTH = {"cold": 0, "warm": 1, "hot": 2}
# Why a run ends that goes on in another chain of its program.
MOVED_ON = ("warmed", "cooled")
# A signal lets a lead in when it is taken in within a day; what is older is history.
FRESH = timedelta(days=1)
FORM = "form_submitted"
# Whoever is asked by mail if it was they is let in by their yes.
CONFIRMED = "subscribed"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)

ENTRY, BY_SIGNAL, BY_FORM, BY_DATE = "entry", "by_signal", "by_form", "by_date"
# Rests from which an occasion brings a lead back: it has come to the end.
_AT_THE_END = ("newsletter_only", "repeat")


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a run begins: at `step_key` (None: before the first step), due at `due_at`, or `resting`."""

    step_key: str | None
    resting: str | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Before:
    """The lead's last run in this chain: when it came in, when it left or came to rest (None: it is under
    way), and the reason of its rest."""

    entered_at: datetime
    left_at: datetime | None
    resting: str | None = None


@dataclass(frozen=True, slots=True)
class Entrance:
    """The lead comes in, by `how`. `occasion` names what may let it in only once. `parallel`: beside the run
    that is under way; `instead` of the one that rests."""

    how: str
    occasion: str | None = None
    parallel: bool = False
    instead: bool = False


def entrance(
    program: Program,
    chain: Chain,
    lead: Facts,
    before: Before | None,
    now: datetime,
    *,
    dates_since: datetime | None = None,
) -> Entrance | None:
    """How the lead comes in now; None if it does not. Dates are looked at from `dates_since` on (None: not
    at all). Facts must hold the signals that `asked` names."""
    entry = chain.enter
    if entry is None or not _again(chain, before, now):
        return None
    found = _occasion(program, entry, lead, before, now, dates_since)
    if found is None or (entry.when is not None and not holds(entry.when, lead, now)):
        return None
    if program.goal is not None and holds(program.goal.when, lead, now):
        return None
    if before is not None and before.left_at is None:
        return Entrance(found.how, found.occasion, parallel=True)
    return Entrance(found.how, found.occasion, instead=before is not None and before.resting is not None)


def asked(entry: Entry, now: datetime) -> dict[str, Look]:
    """The kinds of signals that are occasions to come in, each with how far one counts."""
    kinds = (*entry.signals, *((FORM, CONFIRMED) if entry.forms else ()))
    return dict.fromkeys(kinds, Look(now - FRESH))


def _again(chain: Chain, before: Before | None, now: datetime) -> bool:
    """Whether a lead that was here before may come again."""
    if before is None:
        return True
    entry, reentry = chain.enter, chain.reentry
    if entry is None or reentry is None or not reentry.multiple:
        return False
    if before.left_at is None:
        return reentry.concurrent and _long_ago(chain, before.entered_at, now)
    if before.resting is not None and not (entry.by_occasion and before.resting in _AT_THE_END):
        return False
    return _long_ago(chain, before.left_at, now)


def _long_ago(chain: Chain, at: datetime, now: datetime) -> bool:
    after = chain.reentry.after if chain.reentry is not None else None
    return after is None or at + after.elapsed <= now


def _occasion(
    program: Program,
    entry: Entry,
    lead: Facts,
    before: Before | None,
    now: datetime,
    dates_since: datetime | None,
) -> Entrance | None:
    if not entry.by_occasion:
        return Entrance(ENTRY)
    since = max(now - FRESH, before.entered_at) if before is not None else now - FRESH
    for signal in reversed(lead.signals):
        if since < signal.occurred_at <= now and (how := _by(entry, signal)):
            return Entrance(how, f"{signal.kind}:{signal.occurred_at.isoformat()}")
    if entry.date is None or dates_since is None:
        return None
    zone = zone_for(lead.timezone, program.timezone)
    met = moment_of(entry.date, lead.fields, zone, since=dates_since)
    if met is None or not dates_since <= met < now:
        return None
    return Entrance(BY_DATE, f"date:{met.isoformat()}")


def _by(entry: Entry, signal: SignalFact) -> str | None:
    if signal.kind in entry.signals:
        return BY_SIGNAL
    said = signal.kind == CONFIRMED or (signal.kind == FORM and not signal.data.get("waiting"))
    if said and signal.data.get("form") in entry.forms:
        return BY_FORM
    return None


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
        return MOVED_ON[0], program.on_warm
    return MOVED_ON[1], program.on_cool


def begins(
    chain: Chain,
    how: str,
    step: str | None,
    last_sent: str | None,
    now: datetime,
    gone: Mapping[str, str | None] = MappingProxyType({}),
) -> Beginning:
    """The place of a new run: at `step` if named, else as `how` says (resume after `last_sent`, the step
    whose mail was the last sent there; restart; rest, holdout). `gone` tells where those go on who stood at
    steps that were taken out."""
    key, resting = step, None
    if how in ("rest", "holdout"):
        resting = how
    elif key is None and how == "resume" and last_sent in {**gone, **chain.after}:
        key = {**gone, **chain.after}[last_sent or ""]
        resting = "newsletter_only" if key is None else None
    return Beginning(key, resting, now if resting is None else rest_ends(chain, resting, now))
