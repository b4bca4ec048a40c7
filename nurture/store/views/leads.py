"""The list of leads as the page shows it: filters, one page by keyset, and a bounded count."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Text, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from nurture.rules.folding import fold
from nurture.store.companies import Company
from nurture.store.leads import Lead
from nurture.store.sources import Source
from nurture.store.users import User
from nurture.store.views.counts import Bounded, bounded

PAGE = 50


@dataclass(frozen=True)
class LeadFilter:
    """What the address of the page asks for; empty means all. `after` is the last id already seen."""

    q: str = ""
    temperature: str = ""
    grade: str = ""
    stage: str = ""
    source: str = ""
    tag: str = ""
    held: bool = False
    after: int | None = None

    @property
    def narrow(self) -> bool:
        """Whether anything is asked for at all: "nothing found" differs from "nothing yet"."""
        return any((self.q, self.temperature, self.grade, self.stage, self.source, self.tag, self.held))


@dataclass(frozen=True)
class LeadRow:
    """One line of the list."""

    id: int
    name: str
    email: str | None
    phone: str | None
    company: str | None
    stage: str
    temperature: str
    heat_log2: float | None
    grade: str | None
    readiness: float
    source: str | None
    owner: str | None
    tags: list[str]
    last_signal_at: datetime | None
    held: bool


@dataclass(frozen=True)
class LeadPage:
    """One page and where the next begins."""

    rows: list[LeadRow]
    count: Bounded
    next_after: int | None


def page(session: Session, wanted: LeadFilter, *, limit: int = PAGE) -> LeadPage:
    """Two statements, newest leads first."""
    query = _matching(wanted)
    found = query.with_only_columns(*_COLUMNS).order_by(Lead.id.desc()).limit(limit + 1)
    if wanted.after is not None:
        found = found.where(Lead.id < wanted.after)
    rows = [LeadRow(*row) for row in session.execute(found)]
    more = len(rows) > limit
    return LeadPage(rows[:limit], bounded(session, query), rows[limit - 1].id if more else None)


def ids(session: Session, wanted: LeadFilter, *, limit: int) -> list[int]:
    """Everybody who matches, whatever the page, newest first; one statement."""
    return list(session.scalars(_matching(wanted).order_by(Lead.id.desc()).limit(limit)))


def owners(session: Session) -> list[tuple[int, str]]:
    """Who may own a lead: everybody who can sign in."""
    living = select(User.id, User.name).where(User.disabled_at.is_(None)).order_by(User.name).limit(200)
    return [(number, name) for number, name in session.execute(living)]


def sources(session: Session) -> list[str]:
    """The names to filter by."""
    return list(session.scalars(select(Source.name).order_by(Source.name).limit(200)))


_NAME = func.coalesce(
    func.nullif(func.trim(func.concat_ws(" ", Lead.first_name, Lead.last_name)), ""),
    Lead.email,
    Lead.phone,
    "",
)
_COLUMNS = (
    Lead.id,
    _NAME,
    Lead.email,
    Lead.phone,
    Company.name,
    Lead.stage,
    Lead.temperature,
    Lead.heat_log2,
    func.coalesce(Lead.grade_override, Lead.grade),
    Lead.readiness,
    Source.name,
    User.name,
    Lead.tags,
    Lead.last_signal_at,
    Lead.held_at.is_not(None),
)


def _matching(wanted: LeadFilter) -> Select[Any]:
    query = (
        select(Lead.id)
        .outerjoin(Company, Company.id == Lead.company_id)
        .outerjoin(Source, Source.id == Lead.source_id)
        .outerjoin(User, User.id == Lead.owner_id)
        .where(Lead.erased_at.is_(None))
    )
    for word in fold(wanted.q).split()[:5]:
        query = query.where(Lead.search.contains(word, autoescape=True))
    if wanted.temperature:
        query = query.where(Lead.temperature == wanted.temperature)
    if wanted.grade:
        query = query.where(func.coalesce(Lead.grade_override, Lead.grade) == wanted.grade)
    if wanted.stage:
        query = query.where(Lead.stage == wanted.stage)
    if wanted.source:
        query = query.where(Source.name == wanted.source)
    if wanted.held:
        query = query.where(Lead.held_at.is_not(None))
    if wanted.tag:
        query = query.where(Lead.tags.op("@>")(cast([wanted.tag], ARRAY(Text))))
    return query
