"""Leads by what they are, a page at a time by keyset."""

from dataclasses import dataclass

from sqlalchemy import Text, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from nurture.rules.folding import fold
from nurture.store.leads import Lead
from nurture.store.segments import members_of
from nurture.store.sources import Source

_MOST_WORDS = 5


@dataclass(frozen=True)
class LeadQuery:
    """What is looked for; empty means all. `q` is looked for in names, addresses, phones and companies."""

    q: str = ""
    temperature: str | None = None
    grade: str | None = None
    stage: str | None = None
    source: str | None = None
    tag: str | None = None
    segment: str | None = None


def page(session: Session, wanted: LeadQuery, *, before: int | None, limit: int) -> list[int]:
    """Ids, newest first, those before the last one seen."""
    query = select(Lead.id).where(Lead.erased_at.is_(None)).order_by(Lead.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Lead.id < before)
    for word in fold(wanted.q).split()[:_MOST_WORDS]:
        query = query.where(Lead.search.contains(word, autoescape=True))
    if wanted.temperature:
        query = query.where(Lead.temperature == wanted.temperature)
    if wanted.grade:
        query = query.where(func.coalesce(Lead.grade_override, Lead.grade) == wanted.grade)
    if wanted.stage:
        query = query.where(Lead.stage == wanted.stage)
    if wanted.source:
        query = query.where(
            Lead.source_id == select(Source.id).where(Source.name == wanted.source).scalar_subquery()
        )
    if wanted.tag:
        query = query.where(Lead.tags.contains(cast([wanted.tag], ARRAY(Text))))
    if wanted.segment:
        query = query.where(Lead.id.in_(members_of(wanted.segment)))
    return list(session.scalars(query))


def exists(session: Session, lead_id: int) -> bool:
    query = select(Lead.id).where(Lead.id == lead_id, Lead.erased_at.is_(None))
    return session.scalar(query) is not None
