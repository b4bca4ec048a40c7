"""What a choice of a salesperson is made from, read once for a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from nurture.rules.conditions import parse
from nurture.rules.response import ResponseRule, due_at
from nurture.rules.routing import Route, Routing, Seller
from nurture.rules.stages import WITH_SALES
from nurture.store import installation as installations
from nurture.store import releases, teams
from nurture.store.releases import TeamDay
from nurture.store.teams import Team


@dataclass(frozen=True)
class SalesFloor:
    """The people, the rules by which leads find them, and each team's promise."""

    routing: Routing
    rules: Mapping[int, ResponseRule]
    default_team: int

    def team_of(self, seller: Seller | None) -> int:
        """The team whose rule counts for what this person gets."""
        return self.default_team if seller is None or seller.team_id is None else seller.team_id

    def due_at(self, seller: Seller | None, now: datetime) -> datetime:
        """When somebody is to have spoken with a lead that this person gets now."""
        return due_at(self.rules[self.team_of(seller)], now)


def sales_floor(session: Session, owners: Sequence[int], *, now: datetime) -> SalesFloor:
    """The present state; `owners` are people who may take what is theirs whatever their role."""
    house = installations.get(session)
    all_teams = teams.teams(session)
    default = next(team.id for team in all_teams if team.is_default)
    days = [_day_of(team, house.timezone, now) for team in all_teams]
    sellers = releases.sellers(session, owners, WITH_SALES, days, default)
    routes = [Route(parse(row.condition), row.team_id, row.user_id) for row in teams.rules(session)]
    routing = Routing({one.id: one for one in sellers}, routes, default, owner_first=house.owner_first)
    return SalesFloor(routing, response_rules(session), default)


def response_rules(session: Session) -> dict[int, ResponseRule]:
    """The promise of each team."""
    zone = installations.get(session).timezone
    return {team.id: teams.rule_of(team, zone) for team in teams.teams(session)}


def response_rule(session: Session, team_id: int | None) -> ResponseRule:
    """The promise of this team, or of the default one."""
    rules = response_rules(session)
    return rules[team_id if team_id in rules else teams.default_team(session).id]


def _day_of(team: Team, house_zone: str, now: datetime) -> TeamDay:
    local = now.astimezone(teams.zone_of(team, house_zone))
    starts = local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    return TeamDay(team.id, starts, local.date())
