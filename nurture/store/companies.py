"""Companies: several leads may belong to one."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.conditions import seen
from nurture.store import unjudged
from nurture.store.base import Base, Flag, Id, Instant, Json


class Company(Base):
    """`folded` is the name as Python folds it (rules/folding.py); it finds the company again.
    `folded_fields` is what conditions compare (rules/conditions/seen.py). `heat_log2` is the net log of the
    sum of its contacts' heat under the default model, `due_at` when silence next changes `temperature`."""

    __tablename__ = "company"
    __table_args__ = (
        Index("ix_company_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_company_heat_log2_id", "heat_log2", "id"),
    )

    id: Mapped[Id]
    name: Mapped[str]
    folded: Mapped[str] = mapped_column(unique=True)
    size: Mapped[int | None]
    industry: Mapped[str | None]
    website: Mapped[str | None]
    country: Mapped[str | None]
    city: Mapped[str | None]
    fields: Mapped[Json]
    folded_fields: Mapped[Json]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    demo: Mapped[Flag]
    heat_log2: Mapped[float | None]
    temperature: Mapped[str] = mapped_column(server_default="cold")
    temperature_since: Mapped[Instant | None]
    due_at: Mapped[Instant | None]


_TAKE = text(
    """
    INSERT INTO company AS c (name, folded, size, industry, website, country, city, created_at, updated_at)
    VALUES (:name, :folded, :size, :industry, :website, :country, :city, :now, :now)
    ON CONFLICT (folded) DO UPDATE
    SET size = coalesce(excluded.size, c.size), industry = coalesce(excluded.industry, c.industry),
        website = coalesce(excluded.website, c.website), country = coalesce(excluded.country, c.country),
        city = coalesce(excluded.city, c.city), updated_at = :now
    RETURNING id
    """
)
_ABOUT = ("size", "industry", "website", "country", "city")


def take(session: Session, name: str, folded: str, about: Mapping[str, Any], *, now: datetime) -> int:
    """The id of the company of this name, made if there is none; `about` fills and corrects what is known."""
    given = {"name": name, "folded": folded, "now": now, **{column: about.get(column) for column in _ABOUT}}
    company_id = int(session.execute(_TAKE, given).scalar_one())
    judge_contacts(session, refold(session, [company_id]))
    return company_id


_KNOWN = text(
    f"SELECT id, {', '.join(seen.OF_COMPANY)}, fields FROM company WHERE id = ANY(:companies) ORDER BY id"
)
_REFOLD = text(
    """
    WITH changed AS MATERIALIZED (
        UPDATE company c SET folded_fields = CAST(g.fields AS jsonb)
        FROM unnest(CAST(:companies AS bigint[]), CAST(:fields AS text[])) AS g (id, fields)
        WHERE c.id = g.id AND c.folded_fields <> CAST(g.fields AS jsonb)
        RETURNING c.id
    ), dirty AS (
        INSERT INTO dirty_lead (lead_id)
        SELECT l.id FROM lead l JOIN changed ON l.company_id = changed.id
        WHERE EXISTS (SELECT FROM segment) ORDER BY l.id
        ON CONFLICT (lead_id) DO UPDATE SET lead_id = excluded.lead_id
    )
    SELECT id FROM changed
    """
)
_AT_ONCE = 5_000


def refold(session: Session, company_ids: Sequence[int]) -> list[int]:
    """Bring what conditions compare up to date; the companies of which they say something else now. Segments
    look at their contacts anew."""
    changed: list[int] = []
    for start in range(0, len(company_ids), _AT_ONCE):
        rows = session.execute(_KNOWN, {"companies": list(company_ids[start : start + _AT_ONCE])}).all()
        fields = [
            json.dumps(seen.folded(seen.of_company(row._asdict(), row.fields)), ensure_ascii=False)
            for row in rows
        ]
        changed += session.scalars(_REFOLD, {"companies": [row.id for row in rows], "fields": fields})
    return changed


def judge_contacts(session: Session, company_ids: Sequence[int]) -> None:
    """Something else is known of these: their contacts get new grades, readiness and target scores soon."""
    unjudged.note_contacts(session, company_ids)


def changed_at(session: Session, moment: datetime) -> list[int]:
    """Companies made or changed at this very moment."""
    query = text("SELECT id FROM company WHERE updated_at = :at ORDER BY id")
    return list(session.execute(query, {"at": moment}).scalars())


def named(session: Session, folded: str) -> int | None:
    """The id of the company of this folded name."""
    query = text("SELECT id FROM company WHERE folded = :folded")
    found: int | None = session.scalar(query, {"folded": folded})
    return found
