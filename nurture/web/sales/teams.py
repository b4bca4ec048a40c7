"""Settings: the agreement with sales. Teams and their promise, room, absences, and which lead goes where."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid
from nurture.flows import sales_teams
from nurture.flows.sales_teams import Promise
from nurture.rules.conditions import describe, parse
from nurture.rules.stages import WITH_SALES
from nurture.rules.timing import zone_named
from nurture.rules.whole import whole
from nurture.rules.words import _
from nurture.store import installation, teams
from nurture.store.teams import Team
from nurture.store.views import queue, response
from nurture.web.request import close_session, now, page_session, runtime, signed_in

pages = Blueprint("teams", __name__, url_prefix="/settings/sales")

# What a rule asks of a lead, and how its one value becomes a condition.
ASKS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "country": lambda value: {"field": "country", "in": _list(value.upper())},
    "language": lambda value: {"field": "language", "in": _list(value)},
    "company.size": lambda value: {
        "field": "company.size",
        "gte": value if (size := whole(value)) is None else size,
    },
    "source": lambda value: {"source": value.strip()},
    "tag": lambda value: {"tag": value.strip()},
    "segment": lambda value: {"segment": value.strip()},
}


@pages.get("")
def index() -> ResponseReturnValue:
    return _page({}, {})


@pages.post("/floor")
def save_floor() -> ResponseReturnValue:
    form = request.form

    def save(session: Any) -> None:
        sales_teams.save_floor(
            session,
            per_day=_whole(form.get("per_day", "")),
            owner_first=form.get("owner_first") == "1",
            recycle_lost_days=_whole(form.get("recycle_lost_days", "")),
            by=signed_in().actor,
            now=now(),
        )

    return _saved("floor", save)


@pages.post("/teams")
def create() -> ResponseReturnValue:
    return _saved("team-new", lambda session: _save_team(session, None))


@pages.post("/teams/<int:team_id>")
def change(team_id: int) -> ResponseReturnValue:
    return _saved(f"team-{team_id}", lambda session: _save_team(session, team_id))


@pages.post("/teams/<int:team_id>/remove")
def remove(team_id: int) -> ResponseReturnValue:
    def save(session: Any) -> None:
        sales_teams.remove_team(session, team_id, by=signed_in().actor, now=now())

    return _saved(f"team-{team_id}", save)


@pages.post("/people/<int:user_id>")
def member(user_id: int) -> ResponseReturnValue:
    form = request.form

    def save(session: Any) -> None:
        sales_teams.save_member(
            session,
            user_id,
            _whole(form.get("team", "")) or 0,
            per_day=_whole(form.get("per_day", "")),
            open_most=_whole(form.get("open_most", "")),
            by=signed_in().actor,
            now=now(),
        )

    return _saved(f"person-{user_id}", save)


@pages.post("/people/<int:user_id>/absences")
def be_away(user_id: int) -> ResponseReturnValue:
    first, last = _day(request.form.get("from", "")), _day(request.form.get("until", ""))

    def save(session: Any) -> None:
        sales_teams.add_absence(session, user_id, first, last, by=signed_in().actor, now=now())

    return _saved(f"away-{user_id}", save)


@pages.post("/absences/<int:absence_id>/remove")
def be_back(absence_id: int) -> ResponseReturnValue:
    def save(session: Any) -> None:
        sales_teams.remove_absence(session, absence_id, by=signed_in().actor, now=now())

    return _saved("absences", save)


@pages.post("/rules")
def add_rule() -> ResponseReturnValue:
    form = request.form
    kind, _dash, goal = form.get("to", "").partition("-")

    def save(session: Any) -> None:
        ask = ASKS.get(form.get("ask", ""))
        sales_teams.add_rule(
            session,
            form.get("name", ""),
            ask(form.get("value", "")) if ask else {},
            team_id=_whole(goal) if kind == "team" else None,
            user_id=_whole(goal) if kind == "user" else None,
            by=signed_in().actor,
            now=now(),
        )

    return _saved("rule", save)


@pages.post("/rules/<int:rule_id>/move")
def move_rule(rule_id: int) -> ResponseReturnValue:
    up = request.form.get("up") == "1"

    def save(session: Any) -> None:
        sales_teams.move_rule(session, rule_id, up=up, by=signed_in().actor, now=now())

    return _saved("rules", save)


@pages.post("/rules/<int:rule_id>/remove")
def remove_rule(rule_id: int) -> ResponseReturnValue:
    def save(session: Any) -> None:
        sales_teams.remove_rule(session, rule_id, by=signed_in().actor, now=now())

    return _saved("rules", save)


def _save_team(session: Any, team_id: int | None) -> None:
    form = request.form
    promise = Promise(
        name=form.get("name", ""),
        within_min=_whole(form.get("within_min", "")) or 0,
        warn_min=_whole(form.get("warn_min", "")) or 0,
        reroute_min=_whole(form.get("reroute_min", "")),
        ask_days=_whole(form.get("ask_days", "")),
        return_days=_whole(form.get("return_days", "")),
        days=[int(day) for day in form.getlist("days") if day in "0123456"],
        opens=form.get("opens", ""),
        closes=form.get("closes", ""),
        timezone=form.get("timezone", ""),
        holidays=_list(form.get("holidays", "").upper()),
        escalate_to=_whole(form.get("escalate_to", "")),
    )
    sales_teams.save_team(session, team_id, promise, by=signed_in().actor, now=now())


def _saved(place: str, save: Callable[[Any], None]) -> ResponseReturnValue:
    """Let the flow write; a refusal comes back at its place with what was typed."""
    close_session()
    try:
        with runtime().sessions.begin() as session:
            save(session)
    except Invalid as refusal:
        return _page({place: request.form.to_dict()}, {place: refusal.errors}), 422
    except Conflict as refusal:
        return _page({}, {place: {"name": [str(refusal)]}}), 409
    flash(_("Saved. It holds for the next lead."))
    return redirect(url_for("teams.index"))


def _page(given: Mapping[str, Mapping[str, str]], errors: Mapping[str, Mapping[str, list[str]]]) -> str:
    session = page_session()
    house = installation.get(session)
    zone = zone_named(house.timezone)
    today = now().astimezone(zone).date()
    since = now().replace(day=1)
    rules = [(rule, describe(parse(rule.condition))) for rule in teams.rules(session)]
    return render_template(
        "sales/teams/index.html",
        house=house,
        queue=queue.queue(session, now=now()),
        pace_days=queue.PACE_DAYS,
        response={
            name: response.grouped(session, name, since=since, until=now()) for name in response.GROUPS
        },
        teams=[_shown(team) for team in teams.teams(session)],
        people=teams.people(session, states=WITH_SALES, today=today),
        absences=teams.absences(session, since=today),
        rules=rules,
        asks=tuple(ASKS),
        zones=sorted(available_timezones()),
        given=given,
        errors=errors,
    )


def _shown(team: Team) -> dict[str, Any]:
    """A team as its form shows it."""
    plain = ("id", "name", "is_default", "within_min", "warn_min", "days", "escalate_to")
    empty = ("reroute_min", "ask_days", "return_days", "timezone")
    return {
        **{name: getattr(team, name) for name in plain},
        **{name: "" if getattr(team, name) is None else getattr(team, name) for name in empty},
        "opens": sales_teams.clock(team.opens),
        "closes": sales_teams.clock(team.closes),
        "holidays": ", ".join(team.holidays),
    }


def _whole(text: str) -> int | None:
    """A whole number, nothing for nothing; what is no number is -1, which no field allows."""
    text = text.strip()
    if not text:
        return None
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _list(text: str) -> list[str]:
    return [part for part in (piece.strip() for piece in text.replace(";", ",").split(",")) if part]
