"""The agreement with sales: teams and their promise, who has how much room, and who gets which leads.

Each function works in the caller's transaction, raises Invalid with every fault, and writes the audit log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.rules.conditions import ConditionFault, parse
from nurture.rules.holidays_of import is_known
from nurture.rules.timing import zone_named
from nurture.rules.words import _
from nurture.store import installation as installations
from nurture.store import teams
from nurture.store.audit import audit
from nurture.store.teams import RoutingRule, Team
from nurture.store.users import User

_LONGEST_NAME = 100
_MOST_MINUTES = 7 * 24 * 60
_MOST_DAYS = 365
_MOST_LEADS = 10_000


@dataclass(frozen=True, slots=True)
class Promise:
    """How a team answers (store/teams.Team has the units). `opens` and `closes` are "HH:MM", the second up to
    24:00; `timezone` empty for the installation's; `holidays` places such as DE or DE-BY."""

    name: str
    within_min: int
    warn_min: int
    reroute_min: int | None
    ask_days: int | None
    return_days: int | None
    days: Sequence[int]
    opens: str
    closes: str
    timezone: str = ""
    holidays: Sequence[str] = ()
    escalate_to: int | None = None


def save_team(session: Session, team_id: int | None, promise: Promise, *, by: str, now: datetime) -> int:
    """Make a team, or change one: what is open already goes by the new rule from now on. Its id."""
    teams.lock_rules(session)
    _check(session, team_id, promise)
    team = session.get(Team, team_id) if team_id is not None else Team(is_default=False)
    if team is None:
        raise NotFound(_("There is no such team."))
    _write(team, promise)
    session.add(team)
    session.flush()
    teams.touch_clock(session, team.id, now=now)
    action = "team.changed" if team_id is not None else "team.created"
    audit(session, by, action, f"team:{team.id}", now=now, detail={"within_min": promise.within_min})
    return team.id


def remove_team(session: Session, team_id: int, *, by: str, now: datetime) -> None:
    """Take a team away that nobody belongs to and no rule names; the default team stays."""
    teams.lock_rules(session)
    team = session.get(Team, team_id)
    if team is None:
        raise NotFound(_("There is no such team."))
    if team.is_default:
        raise Conflict(_("This team gets what no rule sends elsewhere: it stays."))
    if uses := teams.uses_of_team(session, team_id):
        raise Conflict(_("The team is in use by {names}.").format(names=", ".join(uses)))
    teams.forget_team(session, team_id, teams.default_team(session).id)
    audit(session, by, "team.removed", f"team:{team_id}", now=now)


def save_member(
    session: Session,
    user_id: int,
    team_id: int,
    *,
    per_day: int | None,
    open_most: int | None,
    by: str,
    now: datetime,
) -> None:
    """Where a person belongs and how much they handle well (None: no limit)."""
    faults: dict[str, list[str]] = {}
    user = session.get(User, user_id)
    if user is None or user.disabled_at is not None:
        raise NotFound(_("There is no such user."))
    if session.get(Team, team_id) is None:
        faults["team"] = [_("There is no such team.")]
    for name, value in (("per_day", per_day), ("open_most", open_most)):
        if value is not None and not 0 <= value <= _MOST_LEADS:
            faults[name] = [_("A whole number from 0 to 10,000, or nothing.")]
    _raise(faults)
    teams.keep_member(session, user_id, team_id, per_day, open_most)
    detail = {"team": team_id, "per_day": per_day, "open_most": open_most}
    audit(session, by, "seller.changed", f"user:{user_id}", now=now, detail=detail)


def add_absence(
    session: Session, user_id: int, from_day: date | None, until_day: date | None, *, by: str, now: datetime
) -> int:
    """Days on which a person gets no leads, the last included; the id."""
    faults: dict[str, list[str]] = {}
    if session.get(User, user_id) is None:
        raise NotFound(_("There is no such user."))
    if from_day is None or until_day is None:
        faults["until"] = [_("Say from which day to which.")]
    elif until_day < from_day:
        faults["until"] = [_("The last day lies before the first.")]
    _raise(faults)
    assert from_day is not None and until_day is not None, "checked above"
    absence_id = teams.add_absence(session, user_id, from_day, until_day)
    audit(session, by, "absence.added", f"user:{user_id}", now=now)
    return absence_id


def remove_absence(session: Session, absence_id: int, *, by: str, now: datetime) -> None:
    """The person is there after all."""
    if not teams.remove_absence(session, absence_id):
        raise NotFound(_("There is no such absence."))
    audit(session, by, "absence.removed", f"absence:{absence_id}", now=now)


def add_rule(
    session: Session,
    name: str,
    condition: Mapping[str, Any],
    *,
    team_id: int | None,
    user_id: int | None,
    by: str,
    now: datetime,
) -> int:
    """One more rule, the last in order: leads that fit go to this team or this person. Its id."""
    teams.lock_rules(session)
    faults: dict[str, list[str]] = {}
    if not name.strip() or len(name) > _LONGEST_NAME:
        faults["name"] = [_("Give the rule a name of at most 100 characters.")]
    try:
        parse(condition)
    except ConditionFault as fault:
        faults["condition"] = [str(fault)]
    if not _one_goal(session, team_id, user_id):
        faults["to"] = [_("Choose a team or a person.")]
    _raise(faults)
    rules = teams.rules(session)
    rule = RoutingRule(
        position=max((one.position for one in rules), default=0) + 1,
        name=name.strip(),
        condition=dict(condition),
        team_id=team_id,
        user_id=user_id,
        created_at=now,
    )
    session.add(rule)
    session.flush()
    audit(session, by, "routing_rule.added", f"routing_rule:{rule.id}", now=now)
    return rule.id


def _one_goal(session: Session, team_id: int | None, user_id: int | None) -> bool:
    if team_id is not None:
        return user_id is None and session.get(Team, team_id) is not None
    return user_id is not None and session.get(User, user_id) is not None


def move_rule(session: Session, rule_id: int, *, up: bool, by: str, now: datetime) -> None:
    """One place up or down; the first rule that fits a lead counts."""
    teams.lock_rules(session)
    rules = teams.rules(session)
    at = next((place for place, one in enumerate(rules) if one.id == rule_id), None)
    if at is None:
        raise NotFound(_("There is no such rule."))
    other = at - 1 if up else at + 1
    if 0 <= other < len(rules):
        rules[at], rules[other] = rules[other], rules[at]
        for place, one in enumerate(rules, 1):
            one.position = place
    audit(session, by, "routing_rule.moved", f"routing_rule:{rule_id}", now=now)


def remove_rule(session: Session, rule_id: int, *, by: str, now: datetime) -> None:
    """Leads that it sent somewhere go by the rules that are left."""
    teams.lock_rules(session)
    rule = session.get(RoutingRule, rule_id)
    if rule is None:
        raise NotFound(_("There is no such rule."))
    session.delete(rule)
    audit(session, by, "routing_rule.removed", f"routing_rule:{rule_id}", now=now)


def save_floor(
    session: Session,
    *,
    per_day: int | None,
    owner_first: bool,
    recycle_lost_days: int | None,
    by: str,
    now: datetime,
) -> None:
    """What holds for all teams: how many leads a day at most (None: no limit), whether a lead's owner is
    asked first, and after how many days a lost lead is nurtured again (None: never)."""
    faults: dict[str, list[str]] = {}
    if per_day is not None and not 0 <= per_day <= _MOST_LEADS:
        faults["per_day"] = [_("A whole number from 0 to 10,000, or nothing.")]
    if recycle_lost_days is not None and not 1 <= recycle_lost_days <= 3650:
        faults["recycle_lost_days"] = [_("A whole number of days from 1 to 3,650, or nothing.")]
    _raise(faults)
    house = installations.lock(session)
    house.handover_capacity_per_day = per_day
    house.owner_first = owner_first
    house.recycle_lost_days = recycle_lost_days
    audit(session, by, "handover.changed", "installation", now=now, detail={"per_day": per_day})


def _write(team: Team, promise: Promise) -> None:
    team.name = promise.name.strip()
    team.within_min, team.warn_min, team.reroute_min = (
        promise.within_min,
        promise.warn_min,
        promise.reroute_min,
    )
    team.ask_days, team.return_days = promise.ask_days, promise.return_days
    team.days = sorted(set(promise.days))
    team.opens, team.closes = _minute(promise.opens) or 0, _minute(promise.closes) or 0
    team.timezone = promise.timezone or None
    team.holidays = list(dict.fromkeys(promise.holidays))
    team.escalate_to = promise.escalate_to


def _check(session: Session, team_id: int | None, promise: Promise) -> None:
    faults = _faults_of_hours(promise) | _faults_of_times(promise)
    if not promise.name.strip() or len(promise.name) > _LONGEST_NAME:
        faults["name"] = [_("Give the team a name of at most 100 characters.")]
    elif any(one.name == promise.name.strip() and one.id != team_id for one in teams.teams(session)):
        faults["name"] = [_("There is a team of this name already.")]
    if promise.escalate_to is not None and session.get(User, promise.escalate_to) is None:
        faults["escalate_to"] = [_("There is no such user.")]
    _raise(faults)


def _faults_of_times(promise: Promise) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    if not 1 <= promise.within_min <= _MOST_MINUTES:
        faults["within_min"] = [_("A whole number of minutes from 1 to 10,080.")]
    if not 0 <= promise.warn_min < max(promise.within_min, 1):
        faults["warn_min"] = [_("Less than the time of the promise; 0 for no reminder.")]
    if promise.reroute_min is not None and not 1 <= promise.reroute_min <= _MOST_MINUTES:
        faults["reroute_min"] = [_("A whole number of minutes from 1 to 10,080, or nothing.")]
    for name, value in (("ask_days", promise.ask_days), ("return_days", promise.return_days)):
        if value is not None and not 1 <= value <= _MOST_DAYS:
            faults[name] = [_("A whole number of days from 1 to 365, or nothing.")]
    if promise.ask_days and promise.return_days and promise.return_days <= promise.ask_days:
        faults["return_days"] = [_("Ask first: a lead is taken back later than that.")]
    return faults


def _faults_of_hours(promise: Promise) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    if not promise.days or not set(promise.days) <= set(range(7)):
        faults["days"] = [_("Choose at least one day.")]
    opens, closes = _minute(promise.opens), _minute(promise.closes)
    if opens is None or closes is None or opens >= closes:
        faults["closes"] = [_("Write the hours as 09:00 and 18:00, the second later than the first.")]
    if promise.timezone and zone_named(promise.timezone) is None:
        faults["timezone"] = [_("Choose a time zone, such as Europe/Berlin.")]
    if strange := [place for place in promise.holidays if not is_known(place)]:
        faults["holidays"] = [_("Holidays of {places} are not known.").format(places=", ".join(strange))]
    return faults


def clock(minute: int) -> str:
    """A minute of the day as it is written, "09:00"; 1440 is 24:00."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _minute(text: str) -> int | None:
    """Minutes of the day of "HH:MM", 24:00 being its end."""
    hours, colon, minutes = text.partition(":")
    if not (colon and hours.isdecimal() and minutes.isdecimal() and len(hours) <= 2 and len(minutes) == 2):
        return None
    total = int(hours) * 60 + int(minutes)
    return total if int(minutes) < 60 and total <= 1440 else None


def _raise(faults: dict[str, list[str]]) -> None:
    if faults:
        raise Invalid(" ".join(sentence for sentences in faults.values() for sentence in sentences), faults)
