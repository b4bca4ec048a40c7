"""Teams of sales: their response rule and hours, who belongs to them with how much room, who is away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, CheckConstraint, Date, ForeignKey, Index, Integer, delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.response import ResponseRule
from nurture.rules.timing import Window, zone_for
from nurture.store.base import Base, Flag, Id, Instant, Json, Ref, Words


class Team(Base):
    """A team and its promise. `within_min`, `warn_min` and `reroute_min` (NULL: never) count in the team's
    hours: weekdays `days` (0 = Monday), `opens` to `closes` in minutes of the local day of `timezone` (NULL:
    the installation's), not on the holidays of `holidays`. `escalate_to` hears of what is late (NULL: the
    administrators). `ask_days` and `return_days` (NULL: never) are
    days of silence. One team is the default: it gets what no rule sends elsewhere."""

    __tablename__ = "sales_team"
    __table_args__ = (
        Index("uq_sales_team_default", "is_default", unique=True, postgresql_where=text("is_default")),
        CheckConstraint("within_min > 0 AND warn_min >= 0", name="minutes"),
        CheckConstraint("0 <= opens AND opens < closes AND closes <= 1440", name="hours"),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    is_default: Mapped[Flag]
    within_min: Mapped[int] = mapped_column(server_default=text("10"))
    warn_min: Mapped[int] = mapped_column(server_default=text("3"))
    reroute_min: Mapped[int | None]
    ask_days: Mapped[int | None] = mapped_column(server_default=text("3"))
    return_days: Mapped[int | None] = mapped_column(server_default=text("14"))
    days: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=text("'{0,1,2,3,4}'::integer[]"))
    opens: Mapped[int] = mapped_column(server_default=text("540"))
    closes: Mapped[int] = mapped_column(server_default=text("1080"))
    timezone: Mapped[str | None]
    holidays: Mapped[Words]
    escalate_to: Mapped[Ref | None] = mapped_column(ForeignKey("user_account.id"))


class TeamMember(Base):
    """A person's place in sales: the team and how many leads a day, and open at once, they handle well
    (NULL: no limit). Somebody of the role sales without a row is in the default team and has no limit."""

    __tablename__ = "sales_member"

    user_id: Mapped[Ref] = mapped_column(ForeignKey("user_account.id"), primary_key=True, autoincrement=False)
    team_id: Mapped[Ref] = mapped_column(ForeignKey("sales_team.id"))
    per_day: Mapped[int | None]
    open_most: Mapped[int | None]


class Absence(Base):
    """Days on which a person takes no leads, the last included."""

    __tablename__ = "sales_absence"
    __table_args__ = (
        Index("ix_sales_absence_user_id", "user_id", "until_day"),
        CheckConstraint("from_day <= until_day", name="days"),
    )

    id: Mapped[Id]
    user_id: Mapped[Ref] = mapped_column(ForeignKey("user_account.id"))
    from_day: Mapped[date] = mapped_column(Date)
    until_day: Mapped[date] = mapped_column(Date)


class RoutingRule(Base):
    """Leads that fit `condition` go to a team or a person; the first rule that fits counts."""

    __tablename__ = "routing_rule"
    __table_args__ = (
        CheckConstraint("(team_id IS NULL) <> (user_id IS NULL)", name="one_goal"),
        Index("ix_routing_rule_position", "position", "id"),
    )

    id: Mapped[Id]
    position: Mapped[int]
    name: Mapped[str]
    condition: Mapped[Json]
    team_id: Mapped[Ref | None] = mapped_column(ForeignKey("sales_team.id"))
    user_id: Mapped[Ref | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[Instant]


@dataclass(frozen=True)
class Person:
    """Somebody who takes leads, as the page of the team shows them."""

    id: int
    name: str
    role: str
    team_id: int
    per_day: int | None
    open_most: int | None
    holds: int
    away_until: date | None


def teams(session: Session) -> list[Team]:
    """Every team, the default one first."""
    return list(session.scalars(select(Team).order_by(Team.is_default.desc(), Team.name)))


def default_team(session: Session) -> Team:
    """The team that gets what no rule sends elsewhere."""
    return session.scalars(select(Team).where(Team.is_default)).one()


def rule_of(team: Team, house_zone: str) -> ResponseRule:
    """The response rule of a team as the rules reckon with it."""
    return ResponseRule(
        within=timedelta(minutes=team.within_min),
        warn_before=timedelta(minutes=team.warn_min),
        reroute_after=_minutes(team.reroute_min),
        ask_after=_days(team.ask_days),
        return_after=_days(team.return_days),
        hours=Window(frozenset(team.days), team.opens, team.closes, tuple(team.holidays)),
        zone=zone_for(team.timezone, house_zone),
    )


def _minutes(value: int | None) -> timedelta | None:
    return None if value is None else timedelta(minutes=value)


def _days(value: int | None) -> timedelta | None:
    return None if value is None else timedelta(days=value)


_PEOPLE = text("""
    SELECT u.id, u.name, u.role, coalesce(m.team_id, d.id) AS team_id, m.per_day, m.open_most,
        (SELECT count(*) FROM handoff h WHERE h.owner_id = u.id AND h.state = ANY(:states)) AS holds,
        (SELECT max(a.until_day) FROM sales_absence a
         WHERE a.user_id = u.id AND a.from_day <= :today AND a.until_day >= :today) AS away_until
    FROM user_account u
    JOIN sales_team d ON d.is_default
    LEFT JOIN sales_member m ON m.user_id = u.id
    WHERE u.disabled_at IS NULL AND (u.role = 'sales' OR m.user_id IS NOT NULL)
    ORDER BY u.name, u.id
""")


def people(session: Session, *, states: Sequence[str], today: date) -> list[Person]:
    """Everybody who takes leads; `holds` counts hand-offs in `states`, `away_until` is the end of an absence
    that covers `today`."""
    rows = session.execute(_PEOPLE, {"states": list(states), "today": today})
    return [Person(**row._mapping) for row in rows]


def keep_member(
    session: Session, user_id: int, team_id: int, per_day: int | None, open_most: int | None
) -> None:
    """Put a person into a team, with this much room."""
    given: dict[str, Any] = {"team_id": team_id, "per_day": per_day, "open_most": open_most}
    statement = insert(TeamMember).values(user_id=user_id, **given)
    session.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=given))


def absences(session: Session, *, since: date) -> list[Absence]:
    """Absences that are not over on `since`, the next first."""
    query = select(Absence).where(Absence.until_day >= since)
    return list(session.scalars(query.order_by(Absence.from_day, Absence.id)))


def add_absence(session: Session, user_id: int, from_day: date, until_day: date) -> int:
    """One more absence; its id."""
    row = Absence(user_id=user_id, from_day=from_day, until_day=until_day)
    session.add(row)
    session.flush()
    return row.id


def remove_absence(session: Session, absence_id: int) -> bool:
    """Whether there was such an absence."""
    gone = session.execute(delete(Absence).where(Absence.id == absence_id).returning(Absence.id))
    return gone.scalar_one_or_none() is not None


def rules(session: Session) -> list[RoutingRule]:
    """The rules in their order."""
    return list(session.scalars(select(RoutingRule).order_by(RoutingRule.position, RoutingRule.id)))


def zone_of(team: Team, house_zone: str) -> ZoneInfo:
    """The zone in which the day of this team begins."""
    return zone_for(team.timezone, house_zone)


def uses_of_team(session: Session, team_id: int) -> list[str]:
    """Names of the people and rules that a team cannot go without."""
    found = session.execute(
        text("""
            SELECT u.name FROM sales_member m JOIN user_account u ON u.id = m.user_id
            WHERE m.team_id = :id AND u.disabled_at IS NULL
            UNION ALL SELECT r.name FROM routing_rule r WHERE r.team_id = :id
        """),
        {"id": team_id},
    )
    return [str(name) for (name,) in found]


def forget_team(session: Session, team_id: int, heir_id: int) -> None:
    """Take a team away; what it handed out before counts for the heir."""
    session.execute(
        text("UPDATE handoff SET team_id = :heir WHERE team_id = :id"), {"id": team_id, "heir": heir_id}
    )
    session.execute(
        text("UPDATE sales_member SET team_id = :heir WHERE team_id = :id"), {"id": team_id, "heir": heir_id}
    )
    session.execute(delete(Team).where(Team.id == team_id))


def lock_rules(session: Session) -> None:
    """One person at a time changes the rules and teams."""
    session.execute(text("SELECT pg_advisory_xact_lock(7268541011)"))


def touch_clock(session: Session, team_id: int, *, now: datetime) -> None:
    """The rule of a team has changed: its open hand-offs are looked at again at once."""
    session.execute(
        text("""
            UPDATE handoff SET watch_at = :now
            WHERE team_id = :id AND watch_at IS NOT NULL AND watch_at > :now
        """),
        {"id": team_id, "now": now},
    )
