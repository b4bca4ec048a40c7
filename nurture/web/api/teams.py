"""/teams, /sellers, /absences, /routing_rules, /handover: the agreement with sales."""

from datetime import datetime, timedelta
from typing import Any

from marshmallow import fields, validate

from nurture.flows import sales_teams
from nurture.flows.hot_message import Links
from nurture.flows.pass_on import pass_on
from nurture.flows.sales_teams import Promise
from nurture.rules.stages import WITH_SALES
from nurture.store import installation, teams
from nurture.store.teams import Team
from nurture.store.views import response
from nurture.web.api import door
from nurture.web.api.schemas import ListOf, Moment
from nurture.web.api.schemas.sales import (
    AbsenceIn,
    AbsenceOut,
    FloorIn,
    MoveIn,
    PassOnIn,
    ResponseRowOut,
    RuleIn,
    RuleOut,
    SellerIn,
    SellerOut,
    TeamIn,
    TeamOut,
)
from nurture.web.request import now, page_session, runtime

part = door.Part("teams", "The agreement with sales: teams, room, absences, routing and response times.")
_A_MONTH = timedelta(days=30)


class Period(door.PageQuery):
    """The hand-overs of a period (30 days unless said), by person, team or source."""

    class Meta:
        exclude = ("limit", "cursor")

    by = fields.String(load_default="person", validate=validate.OneOf(response.GROUPS))
    since = Moment(load_default=None, data_key="from", metadata={"format": "date-time"})
    until = Moment(load_default=None, data_key="to", metadata={"format": "date-time"})


@part.route("/teams", methods=["GET"])
@part.response(200, ListOf(TeamOut))
def list_teams() -> dict[str, Any]:
    """Every team, the default one first."""
    return _all([_team(team) for team in teams.teams(page_session())])


@part.route("/teams", methods=["POST"])
@part.arguments(TeamIn)
@part.response(201, TeamOut)
def create_team(said: dict[str, Any]) -> dict[str, Any]:
    """Make a team."""
    return _saved(said, None)


@part.route("/teams/<int:team_id>", methods=["PUT"])
@part.arguments(TeamIn)
@part.response(200, TeamOut)
def change_team(said: dict[str, Any], team_id: int) -> dict[str, Any]:
    """Change a team; what is open goes by the new promise from now on."""
    return _saved(said, team_id)


@part.route("/teams/<int:team_id>", methods=["DELETE"])
@part.response(204)
def remove_team(team_id: int) -> None:
    """Take a team away that is not in use; the default one stays."""
    with runtime().sessions.begin() as session:
        sales_teams.remove_team(session, team_id, by=door.actor(), now=now())


@part.route("/sellers", methods=["GET"])
@part.response(200, ListOf(SellerOut))
def list_sellers() -> dict[str, Any]:
    """Who takes leads, with their room."""
    people = teams.people(page_session(), states=WITH_SALES, today=now().date())
    return _all([{name: getattr(one, name) for name in SellerOut().fields} for one in people])


@part.route("/sellers/<int:user_id>", methods=["PUT"])
@part.arguments(SellerIn)
@part.response(204)
def change_seller(said: dict[str, Any], user_id: int) -> None:
    """Put a person into a team, with this much room."""
    with runtime().sessions.begin() as session:
        sales_teams.save_member(
            session,
            user_id,
            said["team_id"],
            per_day=said["per_day"],
            open_most=said["open_most"],
            by=door.actor(),
            now=now(),
        )


@part.route("/absences", methods=["GET"])
@part.response(200, ListOf(AbsenceOut))
def list_absences() -> dict[str, Any]:
    """Absences that are not over, the next first."""
    rows = teams.absences(page_session(), since=now().date())
    return _all([{name: getattr(one, name) for name in AbsenceOut().fields} for one in rows])


@part.route("/absences", methods=["POST"])
@part.arguments(AbsenceIn)
@part.response(201, AbsenceOut)
def add_absence(said: dict[str, Any]) -> dict[str, Any]:
    """Somebody will be away."""
    with runtime().sessions.begin() as session:
        absence_id = sales_teams.add_absence(session, **said, by=door.actor(), now=now())
    return {"id": absence_id, **said}


@part.route("/absences/<int:absence_id>", methods=["DELETE"])
@part.response(204)
def remove_absence(absence_id: int) -> None:
    """The person is there after all."""
    with runtime().sessions.begin() as session:
        sales_teams.remove_absence(session, absence_id, by=door.actor(), now=now())


@part.route("/routing_rules", methods=["GET"])
@part.response(200, ListOf(RuleOut))
def list_rules() -> dict[str, Any]:
    """The rules in their order."""
    rows = teams.rules(page_session())
    return _all([{name: getattr(one, name) for name in RuleOut().fields} for one in rows])


@part.route("/routing_rules", methods=["POST"])
@part.arguments(RuleIn)
@part.response(201, RuleOut)
def add_rule(said: dict[str, Any]) -> dict[str, Any]:
    """One more rule, the last in order."""
    with runtime().sessions.begin() as session:
        rule_id = sales_teams.add_rule(session, **said, by=door.actor(), now=now())
        rule = next(one for one in teams.rules(session) if one.id == rule_id)
        return {name: getattr(rule, name) for name in RuleOut().fields}


@part.route("/routing_rules/<int:rule_id>/move", methods=["POST"])
@part.arguments(MoveIn)
@part.response(204)
def move_rule(said: dict[str, Any], rule_id: int) -> None:
    """One place up or down."""
    with runtime().sessions.begin() as session:
        sales_teams.move_rule(session, rule_id, up=said["up"], by=door.actor(), now=now())


@part.route("/routing_rules/<int:rule_id>", methods=["DELETE"])
@part.response(204)
def remove_rule(rule_id: int) -> None:
    """Take a rule away."""
    with runtime().sessions.begin() as session:
        sales_teams.remove_rule(session, rule_id, by=door.actor(), now=now())


@part.route("/handover", methods=["GET"])
@part.response(200, FloorIn)
def floor() -> dict[str, Any]:
    """What holds for all teams."""
    house = installation.get(page_session())
    return {
        "per_day": house.handover_capacity_per_day,
        "owner_first": house.owner_first,
        "recycle_lost_days": house.recycle_lost_days,
    }


@part.route("/handover", methods=["PUT"])
@part.arguments(FloorIn)
@part.response(200, FloorIn)
def save_floor(said: dict[str, Any]) -> dict[str, Any]:
    """Say what holds for all teams."""
    with runtime().sessions.begin() as session:
        sales_teams.save_floor(session, **said, by=door.actor(), now=now())
    return said


@part.route("/handoffs/<int:handoff_id>/pass_on", methods=["POST"])
@part.arguments(PassOnIn)
@part.response(204)
def pass_handoff_on(said: dict[str, Any], handoff_id: int) -> None:
    """Give a hand-off to a colleague, whose clock begins now."""
    links = Links(runtime().ring, runtime().settings.base_url)
    with runtime().sessions.begin() as session:
        pass_on(session, handoff_id, said["to"], links, note=said["note"], by=door.actor(), now=now())


@part.route("/reports/response_time", methods=["GET"])
@part.arguments(Period, location="query")
@part.response(200, ListOf(ResponseRowOut))
def response_time(asked: dict[str, Any]) -> dict[str, Any]:
    """How soon sales calls the leads it gets."""
    until: datetime = asked["until"] or now()
    since: datetime = asked["since"] or until - _A_MONTH
    rows = response.grouped(page_session(), asked["by"], since=since, until=until)
    return _all([{name: getattr(row, name) for name in ResponseRowOut().fields} for row in rows])


def _saved(said: dict[str, Any], team_id: int | None) -> dict[str, Any]:
    promise = Promise(**{**said, "timezone": said["timezone"] or ""})
    with runtime().sessions.begin() as session:
        saved = sales_teams.save_team(session, team_id, promise, by=door.actor(), now=now())
        return _team(next(team for team in teams.teams(session) if team.id == saved))


def _team(team: Team) -> dict[str, Any]:
    plain = {name: getattr(team, name) for name in TeamOut().fields if name not in ("opens", "closes")}
    return {**plain, "opens": sales_teams.clock(team.opens), "closes": sales_teams.clock(team.closes)}


def _all(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"data": rows, "next_cursor": None}
