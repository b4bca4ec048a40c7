"""Visitors whom a person of ours has judged once and for all: a range of addresses, or a program's name."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from nurture.errors import Invalid
from nurture.rules.hits import Hit
from nurture.rules.words import _

ADDRESSES = "ip"
PROGRAM = "user_agent"
FIELDS = (ADDRESSES, PROGRAM)
# Shorter ones would meet nearly everybody.
_SHORTEST_NAME = 4
_WIDEST = {4: 8, 6: 16}


@dataclass(frozen=True, slots=True)
class Pattern:
    """Hits from these addresses (`ip`, a network such as 198.51.100.0/24), or by a program that has this in
    its User-Agent (upper and lower case alike), are judged so."""

    id: int
    field: str
    pattern: str
    verdict: str

    def meets(self, hit: Hit) -> bool:
        """Whether the hit is one of these."""
        if self.field == PROGRAM:
            return self.pattern.lower() in hit.ua.lower()
        return hit.ip is not None and ip_address(hit.ip) in ip_network(self.pattern)


def checked(field: str, text: str) -> str:
    """The pattern as it is kept. Raises Invalid for one that cannot be read or would meet everybody."""
    if field == PROGRAM:
        name = text.strip()
        if len(name) < _SHORTEST_NAME:
            raise _fault(_("Write at least {number} characters.").format(number=_SHORTEST_NAME))
        return name
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise _fault(_("Write an address or a network, such as 198.51.100.0/24.")) from error
    if network.prefixlen < _WIDEST[network.version]:
        raise _fault(_("This network is too wide."))
    return str(network)


def first_met(patterns: Sequence[Pattern], hit: Hit) -> Pattern | None:
    """The newest pattern that meets the hit; `patterns` are newest first."""
    return next((one for one in patterns if one.meets(hit)), None)


def _fault(sentence: str) -> Invalid:
    return Invalid(sentence, {"pattern": [sentence]})
