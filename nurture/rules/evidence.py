"""Whether a visit that says too little of itself was a machine's, by all that is known of it together.

Each piece of evidence multiplies the odds of a machine against a person by how much likelier the one is than
the other to bring it (naive Bayes; the ratios are round, and say how far one would go by that piece alone).
None is a verdict of these odds itself, so that no verdict feeds on what it has said.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

# Nothing but a click by a browser: soon after acceptance, or later.
_A_CLICK_SOON, _A_CLICK_LATER = 1 / 3, 1 / 8
# What people do as well, once in a while; several such manners say little more than one.
_A_MANNER = 10.0
# The same program had opened the mail: most scanners load no pictures, many people's programs neither.
_READ_CLICK, _READ_MANNER = 1 / 10, 1 / 3
# Gates stand before companies, hardly before the mailboxes of private people.
_AMONG_STRANGERS = 1 / 20
# The gate of the company is known, and it is not here: what it did is no riddle any more.
_GATE_ELSEWHERE = 1 / 6
# Gates look when a mail comes; that one looks for the first time much later is rare.
_LATER_MANNER = 1 / 4
# Whoever follows a link without having loaded a picture may be either; most of them are people somewhere.
_QUIET_WORTH = 0.2
_NOT_YET = 0.5
# Fewer mails on which machines gave themselves away do not accuse whoever behaves.
LEAST_CAUGHT = 3
# Nor do machines at few companies accuse whoever comes later: a scanner that stands in a house leaves it by
# the same address as its people.
_LEAST_COMPANIES = 3


@dataclass(frozen=True, slots=True)
class Past:
    """How many mails were visited from a network where machines gave themselves away, how many were opened
    and clicked, how many clicked without having been opened; the `companies` whose mails machines came to."""

    caught: int = 0
    read: int = 0
    quiet: int = 0
    companies: frozenset[str] = frozenset()

    def or_more(self, other: Self) -> Self:
        """What two looks at the same visits have seen at least."""
        return type(self)(
            max(self.caught, other.caught),
            max(self.read, other.read),
            max(self.quiet, other.quiet),
            self.companies | other.companies,
        )


@dataclass(frozen=True, slots=True)
class Visit:
    """What is known: `manners` it was seen in, `soon` after acceptance, `read`: the mail had been opened by
    the same program, `among_strangers`: to a mailbox at a public provider, `gate_elsewhere`: the machines at
    this company come from another network; and the past of its network without this mail."""

    past: Past
    manners: Collection[str] = ()
    soon: bool = False
    read: bool = False
    among_strangers: bool = False
    gate_elsewhere: bool = False


def is_machine(visit: Visit) -> bool:
    """Whether a machine is likelier than a person."""
    return _odds(visit) > 1 if visit.manners else _is_at_home_among_machines(visit)


def _odds(visit: Visit) -> float:
    found = _A_MANNER * _of_the_network(visit.past)
    if visit.read:
        found *= _READ_MANNER
    if visit.among_strangers:
        found *= _AMONG_STRANGERS
    if visit.gate_elsewhere and not visit.past.caught:
        found *= _GATE_ELSEWHERE
    if not visit.soon:
        found *= _LATER_MANNER
    return found


def _is_at_home_among_machines(visit: Visit) -> bool:
    past = visit.past
    if past.caught < LEAST_CAUGHT or not (visit.soon or len(past.companies) >= _LEAST_COMPANIES):
        return False
    odds = (_A_CLICK_SOON if visit.soon else _A_CLICK_LATER) * (_READ_CLICK if visit.read else 1)
    return odds * _of_the_network(past) > 1


def _of_the_network(past: Past) -> float:
    return (past.caught + _NOT_YET) / (past.read + _QUIET_WORTH * past.quiet + _NOT_YET)
