"""A team of sales with its rule, its people and their room, for the tests of the hand-over."""

from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from nurture.store import teams
from nurture.store.leads import Lead
from nurture.store.teams import RoutingRule, Team
from tests.conftest import TUESDAY


def the_team(db: Session, **rule: Any) -> int:
    """The default team, with this rule; its id."""
    team = teams.default_team(db)
    for name, value in rule.items():
        setattr(team, name, value)
    db.commit()
    return team.id


def a_team(db: Session, name: str, **rule: Any) -> int:
    team = Team(name=name, is_default=False, **rule)
    db.add(team)
    db.commit()
    return team.id


def with_room(db: Session, user_id: int, *, team: int | None = None, per_day=None, open_most=None) -> None:
    teams.keep_member(db, user_id, team or teams.default_team(db).id, per_day, open_most)
    db.commit()


def a_rule(db: Session, condition: dict, *, team: int | None = None, user: int | None = None) -> None:
    db.add(
        RoutingRule(
            position=1, name="rule", condition=condition, team_id=team, user_id=user, created_at=TUESDAY
        )
    )
    db.commit()


def country(db: Session, lead_id: int, code: str) -> None:
    db.execute(update(Lead).where(Lead.id == lead_id).values(country=code))
    db.commit()
