"""Who made the clicks on one mail: those that share a network, or a program, are one visitor's."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

from nurture.rules import crowds
from nurture.rules.crowds import VISIT, Trace

# No reader follows that many; who made them is compared two by two.
_MOST_TOLD_APART = 60
# Of mails with fewer links, to follow all of them is nothing special.
_MANY_LINKS = 3
# How near to a click on a link that nobody can see others are part of the same: those of whom nothing else
# is known, and those that share something with it.
_TRAPPED, _SAME_WALK = timedelta(seconds=10), timedelta(minutes=3)


def walks(traces: Sequence[Trace], links: int) -> list[Sequence[Trace]]:
    """The clicks of a mail, apart by who may have made them together, each in the order of time. Checks at
    click time are explained by the reader they are for, and whoever was at every one of the `links` in one
    visit needs nobody else to explain that."""
    clicks = [trace for trace in traces if trace.click]
    checks = {trace.id for trace in (*crowds.checked_first(traces), *crowds.looked_again(clicks))}
    rest: Sequence[Trace] = [trace for trace in clicks if trace.id not in checks]
    if len(rest) > _MOST_TOLD_APART:
        return [rest]
    whole: list[list[Trace]] = []
    if links >= _MANY_LINKS:
        for shared in (_by_network, _by_network_or_program):
            found = [party for party in _parties(rest, shared) if _is_whole(party, links)]
            gone = {trace.id for party in found for trace in party}
            rest = [trace for trace in rest if trace.id not in gone]
            whole += found
    return [*whole, _without_the_stranger(rest)]


def trapped(traces: Sequence[Trace]) -> list[Trace]:
    """Whoever follows a link that nobody can see is a machine, and so is whoever comes with it: by network or
    by program, or at the same moment to a mail that he had not opened."""
    traps = [trace for trace in traces if trace.trap]
    blind = {trace.id for trace in crowds.unread(traces)} if traps else set()
    found: dict[UUID, Trace] = {}
    for trap in traps:
        for trace in traces:
            away = abs(trap.at - trace.at)
            if (away <= VISIT and _by_network(trap, trace)) or (away <= _TRAPPED and trace.id in blind):
                found[trace.id] = trace
        beside = [trace for trace in traces if abs(trap.at - trace.at) <= _SAME_WALK]
        if len(beside) <= _MOST_TOLD_APART:
            for party in _parties(beside, _by_network_or_program):
                if trap in party:
                    found |= {trace.id: trace for trace in party}
    return list(found.values())


def _is_whole(party: Sequence[Trace], links: int) -> bool:
    seen = [trace for trace in party if not trace.trap]
    return any(True for _trace in crowds.crowded(seen, crowds.link, links, VISIT))


def _without_the_stranger(clicks: Sequence[Trace]) -> Sequence[Trace]:
    """The clicks of a mail but for those of the one visitor who follows a single link, from a network (or
    from a network and by a program) that nobody else uses, beside one other visitor who follows several: a
    reader who was there while a scanner was. Several such strangers are a scanner that changes addresses."""
    if len(clicks) > _MOST_TOLD_APART:
        return clicks
    for shared in (_by_network, _by_network_or_program):
        parties = _parties(clicks, shared)
        alone = [party for party in parties if len({trace.link_id for trace in party}) == 1]
        if len(parties) == 2 and len(alone) == 1:
            return next(party for party in parties if party is not alone[0])
    return clicks


def _by_network(one: Trace, other: Trace) -> bool:
    return crowds.network(one.ip) == crowds.network(other.ip)


def _by_network_or_program(one: Trace, other: Trace) -> bool:
    return one.ua == other.ua or _by_network(one, other)


def _parties(clicks: Sequence[Trace], shared: Callable[[Trace, Trace], bool]) -> list[list[Trace]]:
    """Clicks by visitor, each party in the order of time: those that share something belong together."""
    parties: list[list[Trace]] = []
    for trace in clicks:
        mine = [party for party in parties if any(shared(one, trace) for one in party)]
        parties = [party for party in parties if not any(party is one for one in mine)]
        parties.append([*(one for party in mine for one in party), trace])
    return [sorted(party, key=lambda trace: trace.at) for party in parties]
