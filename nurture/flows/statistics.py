"""Statistics of a chain or a program: in, out, why, how long, who met the goal, and whether it helped."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from nurture.errors import NotFound
from nurture.rules import program as rules
from nurture.rules.program import Branch, Chain, HoldOut, Program, Split, WaitFor, WaitUntilDate
from nurture.rules.statistics import figures
from nurture.rules.statistics.comparing import Comparison, Group, compare
from nurture.rules.statistics.figures import Arm, Counts, Goals, MailFigures, Passage
from nurture.rules.words import _
from nurture.store import programs
from nurture.store.statistics import day_of
from nurture.store.statistics.arms import AGAIN, HELD_OUT, IN, OVER, PROGRAM, TREATED
from nurture.store.views import statistics as view
from nurture.store.views.statistics import ArmSum, ChainOf

_CHAIN = ""
_Arms = Mapping[tuple[int, str], Mapping[str, Group]]


@dataclass(frozen=True)
class Asked:
    """Which part of the time (the last `days`, today among them; None: all of it) and which version, by its
    number (None: all)."""

    days: int | None = None
    version: int | None = None


@dataclass(frozen=True)
class StepFigures:
    """One step. `ways` are the arms of a step that chooses, each lead counted the first time; `by_chance`:
    it is split by chance alone, so they are compared. `gone`: the version shown has it no more."""

    key: str
    passage: Passage
    mails: MailFigures
    ways: list[Arm]
    by_chance: bool
    gone: bool


@dataclass(frozen=True)
class ChainStatistics:
    """One chain. `converted`: leads that came in, each once, and those who met the goal `within` so long.
    `held_out` of whom are compared with those treated from the same first entry in `lift` (None: nobody
    was held out)."""

    chain: ChainOf
    program: Program
    since: dt.date | None
    passage: Passage
    converted: Arm
    held_out: Group
    lift: Comparison | None
    goals: Goals
    within: timedelta
    steps: list[StepFigures]

    @property
    def shape(self) -> Chain:
        return self.program.chains.get(self.chain.temperature) or Chain(self.chain.temperature, ())

    @property
    def tests(self) -> list[StepFigures]:
        """The steps whose ways are compared."""
        return [step for step in self.steps if step.by_chance and step.ways]


@dataclass(frozen=True)
class ProgramStatistics:
    """A program: its chains, and all of them together. A lead counts once, by its first way in."""

    program_id: int
    program: Program
    since: dt.date | None
    converted: Arm
    held_out: Group
    lift: Comparison | None
    goals: Goals
    within: timedelta
    chains: list[ChainStatistics]


def of_chain(session: Session, chain_id: int, asked: Asked, *, now: datetime) -> ChainStatistics:
    """Four statements. Raises NotFound for a chain, or a version of its program, that does not exist."""
    chain = view.chain(session, chain_id)
    if chain is None:
        raise NotFound(_("There is no such chain."))
    program, version_id = _program(session, chain.program_id, chain.live_id, asked)
    since = _since(asked, now)
    counts = _counts(session, [chain], since, version_id)
    arms = _arms(view.arms(session, chain.program_id, since=since, version_id=version_id))
    return _chain(chain, program, since, counts[chain.id], arms, of_version=version_id is not None)


def of_program(session: Session, program_id: int, asked: Asked, *, now: datetime) -> ProgramStatistics:
    """Four statements. Raises NotFound."""
    chains = view.chains(session, program_id)
    if not chains:
        raise NotFound(_("There is no such program."))
    program, version_id = _program(session, program_id, chains[0].live_id, asked)
    since = _since(asked, now)
    counts = _counts(session, chains, since, version_id)
    arms = _arms(view.arms(session, program_id, since=since, version_id=version_id))
    found = {
        one.temperature: _chain(one, program, since, counts[one.id], arms, of_version=version_id is not None)
        for one in chains
    }
    treated, held_out, lift = _split(arms.get((PROGRAM, _CHAIN), {}), [TREATED])
    return ProgramStatistics(
        program_id=program_id,
        program=program,
        since=since,
        converted=_arm(treated),
        held_out=held_out,
        lift=lift,
        goals=figures.goals(counts[one.id].get(_CHAIN, figures.NONE) for one in chains),
        within=program.goal_within,
        chains=[found[name] for name in rules.TEMPERATURES if name in found],
    )


def _program(
    session: Session, program_id: int, live_id: int | None, asked: Asked
) -> tuple[Program, int | None]:
    """The program as it is live, or by the version that was asked for, and the id of that."""
    if asked.version is None:
        if live_id is None:
            raise NotFound(_("There is no such version."))
        return rules.read(programs.version(session, live_id).spec), None
    found = view.version(session, program_id, asked.version)
    if found is None:
        raise NotFound(_("There is no such version."))
    return rules.read(found.spec), found.id


def _since(asked: Asked, now: datetime) -> dt.date | None:
    return day_of(now) - timedelta(days=asked.days - 1) if asked.days is not None else None


def _counts(
    session: Session, chains: Sequence[ChainOf], since: dt.date | None, version_id: int | None
) -> dict[int, dict[str, Counts]]:
    """By chain and step."""
    found: dict[int, dict[str, dict[str, tuple[int, Decimal]]]] = {one.id: {} for one in chains}
    for one in view.counted(session, list(found), since=since, version_id=version_id):
        found[one.chain_id].setdefault(one.step_key, {})[one.what] = (one.n, one.total)
    return {chain_id: dict(steps) for chain_id, steps in found.items()}


def _arms(sums: Sequence[ArmSum]) -> _Arms:
    found: dict[tuple[int, str], dict[str, Group]] = {}
    for one in sums:
        found.setdefault((one.chain_id, one.step_key), {})[one.way] = Group(one.leads, one.met)
    return found


def _chain(
    chain: ChainOf,
    program: Program,
    since: dt.date | None,
    counts: Mapping[str, Counts],
    arms: _Arms,
    *,
    of_version: bool,
) -> ChainStatistics:
    shape = program.chains.get(chain.temperature) or Chain(chain.temperature, ())
    mine = {key: ways for (chain_id, key), ways in arms.items() if chain_id == chain.id}
    whole = mine.get(_CHAIN, {})
    _treated, held_out, lift = _split(whole, [IN])
    # Steps of older versions stand behind those there are.
    gone = sorted((set(counts) | set(mine)) - {_CHAIN, *shape.by_key})
    return ChainStatistics(
        chain=chain,
        program=program,
        since=since,
        passage=figures.passage(counts.get(_CHAIN, figures.NONE), of_version=of_version),
        converted=_arm(figures.together(whole[way] for way in (IN, AGAIN, OVER) if way in whole)),
        held_out=held_out,
        lift=lift,
        goals=figures.goals([counts.get(_CHAIN, figures.NONE)]),
        within=program.goal_within,
        steps=[
            _step(key, shape, counts.get(key, figures.NONE), mine.get(key, {}), of_version=of_version)
            for key in (*shape.by_key, *gone)
        ],
    )


def _step(
    key: str, chain: Chain, counts: Counts, ways: Mapping[str, Group], *, of_version: bool
) -> StepFigures:
    step = chain.by_key.get(key)
    ordered, base = _ways_of(step, ways)
    return StepFigures(
        key=key,
        passage=figures.passage(counts, of_version=of_version),
        mails=figures.mails(counts),
        ways=figures.arms(ordered, base),
        by_chance=base is not None,
        gone=step is None,
    )


def _ways_of(step: object, ways: Mapping[str, Group]) -> tuple[dict[str, Group], str | None]:
    """The ways of a step in its order, ways of older versions behind them, and which one the others are
    compared with: the first of a split, those held out."""
    base = None
    match step:
        case Split(shares=shares):
            names = [share.name for share in shares]
            base = next((name for name in names if name in ways), None)
        case HoldOut():
            names, base = ["not_held_out", "held_out"], "held_out"
        case WaitFor():
            names = ["then", "else"]
        case WaitUntilDate():
            names = ["no_date", "date_past"]
        case Branch(arms=branch):
            names = ["else" if arm.when is None else str(no) for no, arm in enumerate(branch, 1)] + ["none"]
        case _:
            names = []
    order = [name for name in names if name in ways] + sorted(set(ways) - set(names))
    return {name: ways[name] for name in order}, base


def _split(whole: Mapping[str, Group], treated: Sequence[str]) -> tuple[Group, Group, Comparison | None]:
    """Those treated and those held out, from the same entries, and how they compare."""
    mine = figures.together(whole[way] for way in treated if way in whole)
    held_out = whole.get(HELD_OUT, Group(0, 0))
    return mine, held_out, compare(mine, held_out) if held_out.leads else None


def _arm(group: Group) -> Arm:
    return figures.arms({"": group})[0]
