"""Hand-offs that are not on the desk of sales: those that wait for room, and those that are closed."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from nurture.store.companies import Company
from nurture.store.handoffs import Handoff
from nurture.store.lead_names import CALLED
from nurture.store.leads import Lead
from nurture.store.sources import Source
from nurture.store.users import User

PAGE = 50
GROUPS = {
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
    owner: str | None
    source: str | None


@dataclass(frozen=True)
class HandoffPage:
    """One page of a group, and the id where the next begins."""

    rows: list[HandoffRow]
    next_after: int | None


def page(session: Session, group: str, *, after: int | None, limit: int = PAGE) -> HandoffPage:
    """The newest first. One statement."""
    query = _rows().where(Handoff.state.in_(GROUPS[group])).order_by(Handoff.id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(Handoff.id < after)
    rows = [HandoffRow(*row) for row in session.execute(query)]
    more = len(rows) > limit
    return HandoffPage(rows[:limit], rows[limit - 1].handoff.id if more else None)


def _rows() -> Select[Any]:
    columns: tuple[Any, ...] = (
        Handoff,
        CALLED,
        Company.name,
        Lead.role,
        Lead.city,
        Lead.email,
        Lead.phone,
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
