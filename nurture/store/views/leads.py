"""The list of leads as the page shows it: the lines of one page, and what may be chosen above it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal_column, select, text
from sqlalchemy.orm import Session

from nurture.store.companies import Company
from nurture.store.lead_judgements import by_hand
from nurture.store.lead_list import LeadQuery, Order, Place, matching, page
from nurture.store.lead_names import CALLED
from nurture.store.leads import Lead
from nurture.store.sources import Source
from nurture.store.users import User
from nurture.store.views.counts import Bounded, bounded

PAGE = 50
_MOST = 200


@dataclass(frozen=True)
class LeadRow:
    """One line of the list."""

    id: int
    name: str
    email: str | None
    phone: str | None
    company: str | None
    role: str | None
    city: str | None
    country: str | None
    language: str | None
    stage: str
    temperature: str
    heat_log2: float | None
    grade: str | None
    grade_reason: str | None
    readiness: float
    source: str | None
    owner: str | None
    tags: list[str]
    fields: dict[str, Any]
    touches_in: int
    touches_out: int
    last_signal_at: datetime | None
    created_at: datetime
    held: bool


@dataclass(frozen=True)
class LeadPage:
    """One page and where the next begins."""

    rows: list[LeadRow]
    count: Bounded
    next: Place | None


@dataclass(frozen=True)
class Choices:
    """What the filters offer: names of sources, (id, name) of owners, (key, name) of segments, the fields of
    one's own, and whether a target score is in use."""

    sources: list[str]
    owners: list[tuple[int, str]]
    segments: list[tuple[str, str]]
    fields: list[tuple[str, str]]
    scored: bool


def load(
    session: Session, wanted: LeadQuery, order: Order, *, after: Place | None, limit: int = PAGE
) -> LeadPage:
    """Three statements: who stands on the page, their lines, and how many match; one more for each of them
    that looks for a named source or owner."""
    places = page(session, wanted, order, after=after, limit=limit + 1)
    rows = _rows(session, [place.lead_id for place in places[:limit]])
    more = places[limit - 1] if len(places) > limit else None
    return LeadPage(rows, bounded(session, matching(session, wanted)), more)


_CHOICES = text("""
    (SELECT 'source' AS what, name AS key, name FROM source ORDER BY name LIMIT :most)
    UNION ALL
    (SELECT 'owner', CAST(id AS text), name FROM user_account WHERE disabled_at IS NULL
     ORDER BY name LIMIT :most)
    UNION ALL (SELECT 'segment', key, name FROM segment ORDER BY name LIMIT :most)
    UNION ALL (SELECT 'field', key, label FROM custom_field ORDER BY label LIMIT :most)
    UNION ALL SELECT 'score', '', '' FROM target_score WHERE active
""")


def choices(session: Session) -> Choices:
    """One statement, whatever the base holds; each kind in the order of its names."""
    kinds = ("source", "owner", "segment", "field", "score")
    found: dict[str, list[tuple[str, str]]] = {kind: [] for kind in kinds}
    for what, key, name in session.execute(_CHOICES, {"most": _MOST}):
        found[what].append((key, name))
    return Choices(
        sources=[name for _key, name in found["source"]],
        owners=[(int(key), name) for key, name in found["owner"]],
        segments=found["segment"],
        fields=found["field"],
        scored=bool(found["score"]),
    )


_COLUMNS: tuple[Any, ...] = (
    Lead.id,
    CALLED,
    Lead.email,
    Lead.phone,
    Company.name,
    Lead.role,
    Lead.city,
    Lead.country,
    Lead.language,
    Lead.stage,
    Lead.temperature,
    Lead.heat_log2,
    func.coalesce(Lead.grade_override, Lead.grade),
    literal_column(by_hand("lead")),
    Lead.readiness,
    Source.name,
    User.name,
    Lead.tags,
    Lead.fields,
    Lead.touches_in,
    Lead.touches_out,
    Lead.last_signal_at,
    Lead.created_at,
    Lead.held_at.is_not(None),
)


def _rows(session: Session, lead_ids: Sequence[int]) -> list[LeadRow]:
    query = (
        select(*_COLUMNS)
        .outerjoin(Company, Company.id == Lead.company_id)
        .outerjoin(Source, Source.id == Lead.source_id)
        .outerjoin(User, User.id == Lead.owner_id)
        .where(Lead.id == func.any(lead_ids))
    )
    found = {row.id: row for row in (LeadRow(*row) for row in session.execute(query))}
    return [found[lead_id] for lead_id in lead_ids if lead_id in found]
