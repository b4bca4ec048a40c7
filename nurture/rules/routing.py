"""Who of sales takes a ripe lead: its owner, then whoever the rules name; of these the one who has a
colleague of the lead already, so that one voice speaks with a company, else the least loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from nurture.rules.conditions import Condition, holds
from nurture.rules.facts import Facts


@dataclass(slots=True)
class Seller:
    """A person who takes leads, and how much they have. `holds` counts open hand-offs, `today` those released
    to them since their day began; `per_day` and `open_most` limit both (None: no limit). `sales`: takes
    leads by role; an owner of another role takes only their own."""

    id: int
    name: str
    email: str
    sales: bool
    holds: int
    today: int = 0
    team_id: int | None = None
    per_day: int | None = None
    open_most: int | None = None
    away: bool = False

    @property
    def free(self) -> bool:
        """Whether one more lead would be handled well today."""
        return (
            not self.away
            and (self.per_day is None or self.today < self.per_day)
            and (self.open_most is None or self.holds < self.open_most)
        )

    def take(self) -> None:
        """One more, which the next choice counts."""
        self.holds += 1
        self.today += 1


@dataclass(frozen=True, slots=True)
class Route:
    """A rule: leads for whom `condition` holds go to a team or to one person."""

    condition: Condition
    team_id: int | None = None
    seller_id: int | None = None


@dataclass(frozen=True, slots=True)
class Routing:
    """Everything a choice is made from. `routes` in their order, the first that fits counts; leads that none
    fits go to `default_team`."""

    sellers: Mapping[int, Seller]
    routes: Sequence[Route]
    default_team: int | None
    owner_first: bool = True

    def with_room(self) -> bool:
        """Whether anybody can take one more; true while nobody is set up to take any."""
        team = [seller for seller in self.sellers.values() if seller.sales]
        return not team or any(seller.free for seller in self.sellers.values())

    def limited(self) -> bool:
        """Whether room is short for anybody, so that the order in which leads are given matters."""
        return any(
            seller.away or seller.per_day is not None or seller.open_most is not None
            for seller in self.sellers.values()
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """`waits`: those who would take the lead have no room; without it and without a seller nobody takes
    leads here, and the lead is handed over to whoever listens to the webhook."""

    seller: Seller | None
    waits: bool = False


def choose(
    routing: Routing,
    facts: Facts,
    *,
    urgent: bool,
    now: datetime,
    without: int | None = None,
    speaks_there: int | None = None,
) -> Choice:
    """Who takes this lead. One that is `urgent` (asked to be contacted) does not wait for room, but still
    goes to whoever is there. `without` leaves out the person it is taken from; `speaks_there` has colleagues
    of the lead."""
    others = {one.id: one for one in routing.sellers.values() if one.id != without}
    owner = others.get(facts.owner) if routing.owner_first and facts.owner is not None else None
    if owner is not None and (owner.free or (urgent and not owner.away)):
        return Choice(owner)
    team = _group(routing, others, facts, now)
    if not team:
        return Choice(None)
    room = [seller for seller in team if seller.free] or (_present(team) if urgent else [])
    if not room:
        return Choice(None, waits=True)
    return Choice(next((one for one in room if one.id == speaks_there), None) or min(room, key=_load))


def _group(routing: Routing, others: Mapping[int, Seller], facts: Facts, now: datetime) -> list[Seller]:
    """Those to whom the lead belongs; everybody of sales when its own group is empty."""
    everybody = [seller for seller in others.values() if seller.sales]
    route = next((one for one in routing.routes if holds(one.condition, facts, now)), None)
    if route is not None and route.seller_id is not None:
        named = others.get(route.seller_id)
        if named is not None:
            return [named]
    team_id = route.team_id if route is not None and route.team_id is not None else routing.default_team
    return [seller for seller in everybody if seller.team_id == team_id] or everybody


def _present(team: Sequence[Seller]) -> list[Seller]:
    return [seller for seller in team if not seller.away] or list(team)


def _load(seller: Seller) -> tuple[float, int, int, int]:
    """The share of their room that is taken, where there is a limit, then what they have."""
    taken = seller.holds / seller.open_most if seller.open_most else 0.0
    return (taken, seller.holds, seller.today, seller.id)
