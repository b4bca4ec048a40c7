"""The sales inbox: hand-offs with the person behind each."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from nurture.store.companies import Company
from nurture.store.handoffs import Handoff, HandoffOutcome
from nurture.store.leads import Lead
from nurture.store.sources import Source
from nurture.store.users import User

PAGE = 50
GROUPS = {
    "open": ("released",),
    "taken": ("accepted", "contacted", "meeting"),
    "waiting": ("waiting",),
    "closed": ("rejected", "later", "won", "lost", "withdrawn"),
}


@dataclass(frozen=True)
class HandoffRow:
    """A hand-off and whom it is about. Scores are as they stood when the lead ripened."""

    handoff: Handoff
    name: str
    company: str | None
    role: str | None
    city: str | None
    email: str | None
    phone: str | None
    lead_timezone: str | None
    owner: str | None
    source: str | None


@dataclass(frozen=True)
class HandoffPage:
    """One page of a group, and the id where the next begins."""

    rows: list[HandoffRow]
    next_after: int | None


def page(session: Session, group: str, *, after: int | None, limit: int = PAGE) -> HandoffPage:
    """One statement. Open ones stand ripest first; they are few. The others newest first."""
    query = _rows().where(Handoff.state.in_(GROUPS[group]))
    if group == "open":
        query = query.order_by(Handoff.priority.desc(), Handoff.score.desc(), Handoff.id).limit(limit + 1)
    else:
        query = query.order_by(Handoff.id.desc()).limit(limit + 1)
    if after is not None and group != "open":
        query = query.where(Handoff.id < after)
    rows = [HandoffRow(*row) for row in session.execute(query)]
    more = len(rows) > limit and group != "open"
    return HandoffPage(rows[:limit], rows[limit - 1].handoff.id if more else None)


def one(session: Session, handoff_id: int) -> HandoffRow | None:
    row = session.execute(_rows().where(Handoff.id == handoff_id)).one_or_none()
    return HandoffRow(*row) if row else None


def answers(session: Session, handoff_id: int) -> list[HandoffOutcome]:
    """What sales answered, newest first."""
    found = select(HandoffOutcome).where(HandoffOutcome.handoff_id == handoff_id)
    return list(session.scalars(found.order_by(HandoffOutcome.id.desc())))


def counts(session: Session) -> dict[str, int]:
    """How many in each open group, up to 100: one statement."""
    limited = {
        group: select(func.count())
        .select_from(select(Handoff.id).where(Handoff.state.in_(states)).limit(100).subquery())
        .scalar_subquery()
        for group, states in GROUPS.items()
        if group != "closed"
    }
    return dict(zip(limited, session.execute(select(*limited.values())).one(), strict=True))


def _rows() -> Select[Any]:
    name = func.coalesce(
        func.nullif(func.trim(func.concat_ws(" ", Lead.first_name, Lead.last_name)), ""),
        Lead.email,
        Lead.phone,
        "",
    )
    columns: tuple[Any, ...] = (
        Handoff,
        name,
        Company.name,
        Lead.role,
        Lead.city,
        Lead.email,
        Lead.phone,
        Lead.timezone,
        User.name,
        Source.name,
    )
    return (
        select(*columns)
        .join(Lead, Lead.id == Handoff.lead_id)
        .outerjoin(Company, Company.id == Lead.company_id)
        .outerjoin(Source, Source.id == Lead.source_id)
        .outerjoin(User, User.id == Handoff.owner_id)
    )
