"""The published programs, ready to decide by: values from their specs, kept once read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.rules import program as program_rules
from nurture.rules.conditions import Condition, Look, looked_at, signals_asked
from nurture.rules.edits import Gone
from nurture.rules.entering import asked
from nurture.rules.program import Branch, Chain, Program, WaitFor, walk
from nurture.store import programs
from nurture.store.programs import LiveProgram

# Versions are immutable: what is kept never goes stale. Old ones make room for new ones.
_MOST_KEPT = 200
_Read = tuple[Program, Mapping[str, int], Gone]
_kept: dict[tuple[int, str], _Read] = {}


@dataclass(frozen=True)
class Published:
    """A program as it is live, or as a run stands on it. `mails` is mail key to version id; `chain_ids` by
    temperature; `gone` is what this version took from where it was."""

    row: LiveProgram
    program: Program
    mails: Mapping[str, int]
    chain_ids: Mapping[str, int]
    paused_chain_ids: tuple[int, ...]
    gone: Gone = field(default_factory=Gone)

    @property
    def id(self) -> int:
        return self.row.id

    @property
    def by_default_model(self) -> bool:
        """True where temperature and heat are those that leads carry themselves."""
        return self.row.model_id is None

    @property
    def at_the_door(self) -> tuple[Condition, ...]:
        """Every condition that decides who enters and who has reached the goal."""
        entries = (chain.enter.when for chain in self.program.chains.values() if chain.enter is not None)
        goal = self.program.goal
        return tuple(one for one in (*entries, goal.when if goal is not None else None) if one is not None)

    @property
    def lets_in_by_occasion(self) -> bool:
        """Whether a signal, a form or a date lets leads into one of its chains."""
        return any(
            chain.enter is not None and chain.enter.by_occasion for chain in self.program.chains.values()
        )

    def asked_at_the_door(self, now: datetime) -> dict[str, Look]:
        """The signals that its entries and goal look at."""
        entries = [chain.enter for chain in self.program.chains.values() if chain.enter is not None]
        return looked_at((signals_asked(self.at_the_door, now), *(asked(entry, now) for entry in entries)))

    def asked_inside(self, now: datetime) -> dict[str, Look]:
        """The signals that its steps, entries and goal look at. A wait for a signal takes whatever came since
        its run began, or its mail was sent."""
        steps = [step for chain in self.program.chains.values() for step in walk(chain.steps)]
        arms = (arm.when for step in steps if isinstance(step, Branch) for arm in step.arms)
        conditions = (*self.at_the_door, *(when for when in arms if when is not None))
        waits = {kind: Look() for step in steps if isinstance(step, WaitFor) for kind in step.signals}
        return looked_at((signals_asked(conditions, now), waits))

    def chain_of(self, chain_id: int) -> Chain | None:
        """The chain by its id; None for one that the live version no longer has."""
        for temperature, known in self.chain_ids.items():
            if known == chain_id:
                return self.program.chains.get(temperature)
        return None


def published(
    session: Session, states: Sequence[str] = ("live",), *, held: bool = True
) -> dict[int, Published]:
    """The published programs by id, held against being published anew until the transaction ends; not
    `held` for a page that only looks."""
    rows = programs.published(session, states, held=held)
    known = _read(session, {row.version_id: row.fingerprint for row in rows})
    places = programs.chains(session, [row.id for row in rows])
    found = {}
    for row in rows:
        program, mails, gone = known[row.version_id]
        mine = [place for place in places if place.program_id == row.id]
        found[row.id] = Published(
            row=row,
            program=program,
            mails=mails,
            chain_ids={place.temperature: place.id for place in mine},
            paused_chain_ids=tuple(place.id for place in mine if place.paused),
            gone=gone,
        )
    return found


def as_standing(
    session: Session, live: Mapping[int, Published], places: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], Published]:
    """The programs as runs stand on them, by (program id, version id): those who finish on an older version
    are led by it. No statement while everybody stands on the live one."""
    found = {(one.id, one.row.version_id): one for one in live.values()}
    older = set(places) - set(found)
    if older:
        prints = programs.fingerprints(session, [version_id for _program, version_id in older])
        known = _read(session, prints)
        for program_id, version_id in older:
            one = live[program_id]
            row = replace(one.row, version_id=version_id, fingerprint=prints[version_id])
            program, mails, gone = known[version_id]
            found[program_id, version_id] = replace(one, row=row, program=program, mails=mails, gone=gone)
    return found


def _read(session: Session, prints: Mapping[int, str]) -> dict[int, _Read]:
    found = {key[0]: one for key in prints.items() if (one := _kept.get(key)) is not None}
    missing = [key for key in prints.items() if key[0] not in found]
    if missing:
        ids = [version_id for version_id, _print in missing]
        specs, gone = programs.specs(session, ids), programs.gone(session, ids)
        for key in missing:
            spec, mails = specs[key[0]]
            found[key[0]] = (program_rules.read(spec), mails, Gone.from_json(gone[key[0]]))
            # Keeping one may let go of another that is wanted as well.
            _keep(key, found[key[0]])
    return found


def _keep(key: tuple[int, str], value: _Read) -> None:
    while len(_kept) >= _MOST_KEPT:
        _kept.pop(next(iter(_kept)), None)
    _kept[key] = value
