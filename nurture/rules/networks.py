"""What visits to the mails of others tell of a network: machines gave themselves away there, or people read;
and what that says of visits that say too little of themselves."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self
from uuid import UUID

from nurture.rules.crowds import Trace, grouped, is_told, network
from nurture.rules.evidence import LEAST_CAUGHT, Past, Visit, is_machine
from nurture.rules.signs import KNOWN_NETWORK, MANNERS, TELLING

# A click so soon after acceptance may have come from a gate.
SOON = timedelta(minutes=15)


@dataclass(slots=True)
class Tally:
    """Mails that were visited from a network: on which machines gave themselves away, which were opened and
    clicked, which clicked without having been opened; and the `companies` whose mails machines came to."""

    caught: set[int] = field(default_factory=set)
    read: set[int] = field(default_factory=set)
    quiet: set[int] = field(default_factory=set)
    companies: set[str] = field(default_factory=set)

    def add(self, delivery_id: int, *, caught: bool, read: bool, company: str | None) -> None:
        """A visit more."""
        (self.caught if caught else self.read if read else self.quiet).add(delivery_id)
        if caught and company is not None:
            self.companies.add(company)

    def with_(self, other: Self) -> Self:
        """Both together."""
        return type(self)(
            self.caught | other.caught,
            self.read | other.read,
            self.quiet | other.quiet,
            self.companies | other.companies,
        )

    def but(self, delivery_id: int) -> Past:
        """Without the visits to one mail, so that nobody is a witness for himself."""
        quiet = self.quiet - self.read
        return Past(
            len(self.caught) - (delivery_id in self.caught),
            len(self.read) - (delivery_id in self.read),
            len(quiet) - (delivery_id in quiet),
            frozenset(self.companies),
        )


@dataclass(frozen=True)
class Known:
    """What is known of networks from elsewhere, by name: their visits one by one, and from which of them
    machines came (of those whose visits are not told)."""

    visits: Mapping[str, Tally] = field(default_factory=dict)
    caught: Mapping[str, Past] = field(default_factory=dict)


def addresses_in(name: str, seen: Collection[str]) -> list[str]:
    """Addresses of a network worth to be asked about: all of it, or those `seen` of one of IPv6."""
    return sorted(seen) if ":" in name else [f"{name}.{last}" for last in range(256)]


class Neighbourhoods:
    """Clicks by the network they came from. `signs` are those of a hit by its company, `firm` those hits that
    no person can have made, whatever is known; `read` says of a click whether the mail had been opened."""

    def __init__(
        self,
        clicks: Iterable[Trace],
        signs: Mapping[UUID, Mapping[str, None]],
        firm: Collection[UUID],
        blind: Collection[UUID],
    ) -> None:
        self._signs, self._firm, self._blind = signs, firm, blind
        plain = (one for one in clicks if one.click and not one.robot and one.ip)
        self._clicks = grouped(plain, lambda trace: network(trace.ip))
        # Visits that come through one proxy tell nothing of each other.
        self._tallies = {
            name: self._tally(mine if is_told(name) else ()) for name, mine in self._clicks.items()
        }

    def doubted(self) -> dict[str, list[Trace]]:
        """Networks of those that were seen in a machine's manner only: worth to be asked about."""
        doubted = {name: mine for name, mine in self._clicks.items() if any(map(self._manners, mine))}
        return {name: mine for name, mine in doubted.items() if is_told(name)}

    def weigh(self, known: Known) -> dict[UUID, tuple[str, ...]]:
        """The signs of those hits of which their networks say something else than their company does."""
        nothing, unknown = Tally(), Past()
        gates = self._gates(known)
        found: dict[UUID, tuple[str, ...]] = {}
        for name, mine in self._clicks.items():
            tally = self._tallies[name].with_(known.visits.get(name, nothing))
            past = known.caught.get(name, unknown)
            told = max(len(tally.caught), past.caught) >= LEAST_CAUGHT
            for trace in self._open(mine, told):
                manners = self._manners(trace)
                visit = Visit(
                    past=tally.but(trace.delivery_id).or_more(past),
                    manners=manners,
                    soon=trace.within(SOON),
                    read=self._is_read(trace),
                    among_strangers=trace.strangers,
                    gate_elsewhere=bool(gates.get(trace.company, set()) - {name}),
                )
                if is_machine(visit) != bool(manners):
                    found[trace.id] = () if manners else (KNOWN_NETWORK,)
        return found

    def _open(self, clicks: Sequence[Trace], told: bool) -> list[Trace]:
        """Those of which their company says nothing, or nothing that is certain."""
        return [one for one in clicks if (self._manners(one) if self._signs.get(one.id) else told)]

    def _gates(self, known: Known) -> dict[str | None, set[str]]:
        """The networks from which machines come, by the companies to whose mails they came."""
        found: defaultdict[str | None, set[str]] = defaultdict(set)
        told: list[tuple[str, int, Collection[str]]] = [
            *((name, len(one.caught), one.companies) for name, one in self._tallies.items()),
            *((name, len(one.caught), one.companies) for name, one in known.visits.items()),
            *((name, one.caught, one.companies) for name, one in known.caught.items()),
        ]
        for name, caught, companies in told:
            if caught >= LEAST_CAUGHT:
                for company in companies:
                    found[company].add(name)
        return found

    def _tally(self, clicks: Iterable[Trace]) -> Tally:
        found = Tally()
        for one in clicks:
            signs = self._signs.get(one.id, {})
            caught = not TELLING.isdisjoint(signs)
            if caught or not signs:
                found.add(one.delivery_id, caught=caught, read=self._is_read(one), company=one.company)
        return found

    def _manners(self, trace: Trace) -> Collection[str]:
        """The signs of a click, where all of them are of its manner."""
        signs = self._signs.get(trace.id, {})
        return signs if MANNERS.issuperset(signs) and trace.id not in self._firm else ()

    def _is_read(self, trace: Trace) -> bool:
        return trace.read or trace.id not in self._blind
