"""A version of a program goes live: those inside are brought over by the keys of their steps, or finish on
the version they began with. All in the caller's transaction; nobody gets a mail twice or falls out by it."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from nurture.flows import segments_by_model
from nurture.rules import program as rules
from nurture.rules.chain import EDITED, REST, rest_ends
from nurture.rules.edits import Gone, changed_steps, gone_of, lands_at
from nurture.rules.program import Chain, Program, Send
from nurture.store import programs, statistics, steps
from nurture.store.audit import audit
from nurture.store.enrollments import moving
from nurture.store.programs import ChainPlace, ProgramRow, ProgramVersion
from nurture.store.statistics import CHAIN, DayTally
from nurture.store.steps import StepTally

Inside = Literal["move", "finish"]
_CHAIN_REMOVED = f"{REST}:chain_removed"
# What a mail may wait for that the program says of all its mails.
_OF_ALL = ("window", "frequency", "timezone", "while_with_sales")


def publish_version(
    session: Session,
    row: ProgramRow,
    version: ProgramVersion,
    model_id: int,
    *,
    inside: Inside = "move",
    now: datetime,
    by: str,
) -> int:
    """Make a version live; how many leads had to go on at another step. The program's row must be locked.
    With `inside` finish, active runs stay on their version until they end; resting ones never do."""
    if row.live_version_id == version.id:
        return 0
    program = rules.read(version.spec)
    programs.add_chains(session, row.id, list(program.chains))
    moved, before_no = 0, None
    if row.live_version_id is not None:
        live = programs.version(session, row.live_version_id)
        before_no = live.no
        version.gone = gone_of(rules.read(live.spec), program, Gone.from_json(live.gone), now).as_json()
        if inside == "move":
            moved = _bring_over(session, row, version, program, now)
        states = ("active", "resting") if inside == "move" else ("resting",)
        moving.take_version(session, row.id, version.id, states)
    row.live_version_id, row.draft_version_id = version.id, None
    row.name, row.purpose, row.model_id = program.name, program.purpose, model_id
    row.state = "live" if row.state == "draft" else row.state
    row.updated_at = version.published_at = now
    session.flush()
    segments_by_model.keep_wanted(session, now=now)
    detail = {"version": [before_no, version.no], "inside": inside}
    audit(session, by, "program.published", f"program:{row.id}", now=now, detail=detail)
    return moved


def _bring_over(
    session: Session, row: ProgramRow, version: ProgramVersion, program: Program, now: datetime
) -> int:
    """Runs keep their step by its key; those at a step that is gone go on to the next one that is left."""
    places = programs.chains(session, [row.id])
    tally: StepTally = Counter()
    days = DayTally()
    closed = [place.id for place in places if place.temperature not in program.chains]
    due_at = rest_ends(None, "chain_removed", now)
    for chain_id, version_id, key, n in moving.close(session, closed, due_at=due_at, now=now):
        days.add(chain_id, version_id, CHAIN, f"left:{_CHAIN_REMOVED}", n)
        if key is not None:
            tally[chain_id, version_id, key, "left"] += n
            days.add(chain_id, version_id, key, f"left:{_CHAIN_REMOVED}", n)
    kept = {place.id: place.temperature for place in places if place.id not in closed}
    old: dict[int, Program] = {}
    moved = 0
    for chain_id, version_id, key in moving.standing(session, list(kept)):
        if version_id not in old:
            old[version_id] = rules.read(programs.version(session, version_id).spec)
        before = old[version_id].chains.get(kept[chain_id])
        if before is not None and key in before.by_key:
            after = program.chains[kept[chain_id]]
            came = _move(session, chain_id, version_id, version.id, key, before, after, now)
            moved += _counted(tally, days, came, chain_id, version_id, version.id, key)
    for chain_id, version_id, place, n in moving.about_to_take(session, row.id, version.id):
        _brought(days, chain_id, version_id, version.id, place, n)
    steps.count(session, tally)
    statistics.count(session, days, now=now)
    _look_again(session, kept, old, program, now)
    moving.take_words(session, version.id, _mail_versions(places, program, version.mails))
    return moved


def _move(
    session: Session,
    chain_id: int,
    version_id: int,
    new_version_id: int,
    key: str,
    before: Chain,
    after: Chain,
    now: datetime,
) -> Mapping[str | None, int]:
    """Who stands at `key` goes on; nobody moves while the step is still there."""
    step, same = before.by_key[key], after.by_key.get(key)
    if same is not None and type(step) is type(same):
        return {}
    return moving.move(
        session,
        chain_id,
        version_id,
        key,
        after=lands_at(before, after, key),
        after_mail=lands_at(before, after, key, mailed=True),
        mail=step.mail if isinstance(step, Send) else None,
        new_version_id=new_version_id,
        now=now,
    )


def _counted(
    tally: StepTally,
    days: DayTally,
    came: Mapping[str | None, int],
    chain_id: int,
    old_id: int,
    new_id: int,
    key: str,
) -> int:
    for to, n in came.items():
        tally[chain_id, old_id, key, "left"] += n
        days.add(chain_id, old_id, key, f"left:{EDITED}", n)
        _brought(days, chain_id, old_id, new_id, None, n)
        if to is not None:
            tally[chain_id, new_id, to, "entered"] += n
            days.add(chain_id, new_id, to, "entered", n)
    return sum(came.values())


def _brought(days: DayTally, chain_id: int, old_id: int, new_id: int, key: str | None, n: int) -> None:
    """So many, who stand at this step, go by another version of it from now on."""
    for place in (CHAIN, key):
        if place is not None:
            days.add(chain_id, old_id, place, "moved_out", n)
            days.add(chain_id, new_id, place, "moved_in", n)


def _look_again(
    session: Session,
    kept: Mapping[int, str],
    old: Mapping[int, Program],
    program: Program,
    now: datetime,
) -> None:
    """Steps that say something else decide anew; mails that were held back by what the program says of all
    its mails too."""
    for version_id, before in old.items():
        of_all = any(getattr(before, name) != getattr(program, name) for name in _OF_ALL)
        for chain_id, temperature in kept.items():
            if temperature not in before.chains:
                continue
            after = program.chains[temperature]
            changed = set(changed_steps(before.chains[temperature], after))
            if of_all:
                changed |= set(after.by_key)
            moving.look_again(session, chain_id, version_id, sorted(changed), now=now)


def _mail_versions(
    places: list[ChainPlace], program: Program, mails: Mapping[str, int]
) -> dict[tuple[int, str], int]:
    return {
        (place.id, step.key): mails[step.mail]
        for place in places
        if place.temperature in program.chains
        for step in program.chains[place.temperature].by_key.values()
        if isinstance(step, Send) and step.mail in mails
    }
