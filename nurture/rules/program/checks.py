"""What can be seen wrong in a program that reads well: doubled keys, targets that do not exist, circles
without a wait, steps that nobody reaches."""

from collections.abc import Iterator, Mapping

from nurture.rules.conditions import Condition, Fault, Signalled, parts_of
from nurture.rules.conditions.faults import Path
from nurture.rules.program.steps import (
    Branch,
    Exit,
    Goto,
    Send,
    Split,
    Step,
    Wait,
    WaitFor,
    WaitUntil,
    WaitUntilDate,
    blocks,
    walk,
)
from nurture.rules.program.values import Chain, Program
from nurture.rules.words import _

Place = tuple[str, str]  # temperature, step key


def look_over(program: Program, keys: Mapping[Path, str]) -> tuple[tuple[Fault, ...], tuple[Fault, ...]]:
    """Faults and warnings. `keys` is the key of every step by its path."""
    places = {(str(path[1]), key): path for path, key in reversed(list(keys.items()))}
    faults = [*_doubles(keys), *_targets(program, places), *_circles(program, places)]
    warnings = [
        fault for chain in program.chains.values() for fault in _doubtful(chain, chain.steps, False, places)
    ]
    return tuple(faults), tuple(warnings)


def mails_sent(program: Program) -> Iterator[tuple[Place, str]]:
    """Where each mail is sent."""
    for chain in program.chains.values():
        for step in walk(chain.steps):
            if isinstance(step, Send):
                yield (chain.temperature, step.key), step.mail


def mails_asked_about(program: Program) -> Iterator[tuple[Place, str]]:
    """Where a wait or a condition asks for a signal of a mail."""
    for chain in program.chains.values():
        for step in walk(chain.steps):
            place = (chain.temperature, step.key)
            if isinstance(step, WaitFor) and step.mail is not None:
                yield place, step.mail
            if isinstance(step, Branch):
                for arm in step.arms:
                    yield from ((place, mail) for mail in _mails_in(arm.when))


def _mails_in(condition: Condition | None) -> Iterator[str]:
    for part in parts_of(condition) if condition is not None else ():
        if isinstance(part, Signalled) and part.mail is not None:
            yield part.mail


def _doubles(keys: Mapping[Path, str]) -> Iterator[Fault]:
    seen: set[Place] = set()
    for path, key in keys.items():
        place = (str(path[1]), key)
        if place in seen:
            sentence = _(
                'Two steps of the {chain} chain have the key "{key}"; give one of them a key of its own.'
            )
            yield Fault(path, sentence.format(chain=path[1], key=key))
        seen.add(place)


def _targets(program: Program, places: Mapping[Place, Path]) -> Iterator[Fault]:
    for chain in program.chains.values():
        for step in walk(chain.steps):
            if isinstance(step, Goto):
                path = (*places[chain.temperature, step.key], "goto")
                yield from _target(program, chain, step, path)


def _target(program: Program, chain: Chain, step: Goto, path: Path) -> Iterator[Fault]:
    target = program.chains.get(step.chain or chain.temperature)
    if target is None:
        yield Fault(path, _("There is no {chain} chain to go to.").format(chain=step.chain))
    elif step.step is not None and step.step not in target.by_key:
        sentence = _('The {chain} chain has no step "{step}".')
        yield Fault(path, sentence.format(chain=target.temperature, step=step.step))
    elif step.step is None and target is chain:
        yield Fault(path, _("A chain cannot go to itself; name the step to go to."))


def _circles(program: Program, places: Mapping[Place, Path]) -> Iterator[Fault]:
    """Every goto that leads back to itself without a wait on the way: it would send without end."""
    for chain in program.chains.values():
        for step in walk(chain.steps):
            if isinstance(step, Goto) and _comes_back(program, (chain.temperature, step.key)):
                sentence = _("This goto leads back to itself without any wait on the way.")
                yield Fault((*places[chain.temperature, step.key], "goto"), sentence)


def _comes_back(program: Program, start: Place) -> bool:
    seen: set[Place] = set()
    open_places = list(_at_once(program, start))
    while open_places:
        place = open_places.pop()
        if place == start:
            return True
        if place not in seen:
            seen.add(place)
            open_places.extend(_at_once(program, place))
    return False


def _at_once(program: Program, place: Place) -> list[Place]:
    """The steps that may follow without any time passing. A mail is no wait, and neither is asking for a
    click that may have happened already."""
    chain = program.chains[place[0]]
    step = chain.by_key.get(place[1])
    if step is None:
        return []
    if isinstance(step, Goto):
        return _goto_target(program, chain, step)
    return [(chain.temperature, key) for key in _followers(chain, step) if key is not None]


def _followers(chain: Chain, step: Step) -> list[str | None]:
    if isinstance(step, Wait | WaitUntil | Exit):
        return []
    if isinstance(step, WaitFor):
        return [chain.into(step, step.then)] if step.mail is not None else []
    if isinstance(step, WaitUntilDate):  # where the date is missing or past
        return [chain.into(step, step.otherwise)]
    if isinstance(step, Split):
        return [chain.into(step, share.steps) for share in step.shares]
    if isinstance(step, Branch):
        past = [] if step.arms and step.arms[-1].when is None else [chain.after[step.key]]
        return [*(chain.into(step, arm.steps) for arm in step.arms), *past]
    return [chain.after[step.key]]


def _goto_target(program: Program, chain: Chain, step: Goto) -> list[Place]:
    target = program.chains.get(step.chain or chain.temperature)
    key = None if target is None else step.step or target.first
    return [(target.temperature, key)] if target is not None and key is not None else []


def _doubtful(
    chain: Chain, steps: tuple[Step, ...], mailed: bool, places: Mapping[Place, Path]
) -> Iterator[Fault]:
    over = False
    for step in steps:
        path = places[chain.temperature, step.key]
        if over:
            yield Fault(path, _("Nobody reaches this step: the one above always leaves."))
        if isinstance(step, Send):
            if step.immediate and mailed:
                yield Fault(
                    path, _("immediate counts only for the first mail of a run; this is a later one.")
                )
            mailed = True
        for block in blocks(step):
            yield from _doubtful(chain, block, mailed, places)
        over = _always_leaves(step)


def _always_leaves(step: Step) -> bool:
    if isinstance(step, Goto | Exit):
        return True
    inside = blocks(step)
    if not inside or isinstance(step, WaitUntilDate):
        return False
    if isinstance(step, Branch) and step.arms[-1].when is not None:
        return False
    return all(block and _always_leaves(block[-1]) for block in inside)
