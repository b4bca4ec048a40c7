"""Merges of companies: one that was found to be another is a part of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Id, Instant, Json, Ref


class CompanyMerge(Base):
    """The company `other_id` became a part of `company_id`: by a person, or (`by` is website) as a new name
    that came with the very website of companies that a person had made one. `kept` holds both rows as they
    were and the survivor's as the merge left it ({company, other, after}), and the parts that the other had
    ({parts}); `moved` the leads that went over."""

    __tablename__ = "company_merge"
    __table_args__ = (
        Index("ix_company_merge_company_id", "company_id"),
        Index("ix_company_merge_other_id", "other_id"),
    )

    id: Mapped[Id]
    company_id: Mapped[Ref] = mapped_column(ForeignKey("company.id"))
    other_id: Mapped[Ref] = mapped_column(ForeignKey("company.id"))
    at: Mapped[Instant]
    by: Mapped[str]
    kept: Mapped[Json]
    moved: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=text("'{}'::bigint[]"))
    undone_at: Mapped[Instant | None]


BY_WEBSITE = "website"


@dataclass(frozen=True, slots=True)
class Part:
    """A name that a company bore before it was found to be another; `who` made them one."""

    merge_id: int
    name: str
    website: str | None
    at: datetime
    who: str


@dataclass(frozen=True, slots=True)
class Weight:
    """What hangs on a company: contacts by grade, touches in both directions, the last activity."""

    contacts: int
    touches: int
    last_signal_at: datetime | None
    grades: Mapping[str, int]


_LOCK = text(
    "SELECT id, to_jsonb(c) AS was FROM company c WHERE id = ANY(:companies) ORDER BY id FOR NO KEY UPDATE"
)
_WRITE = text(
    """
    UPDATE company c SET (name, folded, size, industry, website, country, city, fields, updated_at) =
        (SELECT g.name, g.folded, g.size, g.industry, g.website, g.country, g.city, g.fields,
                CAST(:now AS timestamptz)
         FROM jsonb_populate_record(CAST(NULL AS company), CAST(:row AS jsonb)) g)
    WHERE c.id = :id
    """
)
_JOIN = text("UPDATE company SET part_of = :whole, updated_at = :now WHERE id = :part OR part_of = :part")
_PART = text(
    """
    UPDATE company SET part_of = CASE WHEN id = :part THEN NULL ELSE :part END, updated_at = :now
    WHERE id = :part OR (id = ANY(CAST(:parts AS bigint[])) AND part_of = :whole)
    """
)
_PARTS = text("SELECT id FROM company WHERE part_of = :id ORDER BY id")
_STILL = text(
    "SELECT id FROM lead WHERE id = ANY(CAST(:leads AS bigint[])) AND company_id = :company ORDER BY id"
)
_INTO = text(
    """
    SELECT m.id, coalesce(m.kept #>> '{other,name}', c.name), c.website, m.at, coalesce(u.name, m.by)
    FROM company c
    JOIN LATERAL (
        SELECT * FROM company_merge m WHERE m.other_id = c.id AND m.undone_at IS NULL
        ORDER BY m.id DESC LIMIT 1
    ) m ON true
    LEFT JOIN user_account u ON m.by = 'user:' || u.id
    WHERE c.part_of = :id ORDER BY m.id DESC LIMIT 50
    """
)
_WEIGHT = text(
    """
    SELECT count(*) AS contacts, coalesce(sum(touches_in + touches_out), 0) AS touches,
           max(last_signal_at) AS last_signal_at,
           count(*) FILTER (WHERE coalesce(grade_override, grade) = 'A') AS a,
           count(*) FILTER (WHERE coalesce(grade_override, grade) = 'B') AS b,
           count(*) FILTER (WHERE coalesce(grade_override, grade) = 'C') AS c
    FROM lead WHERE company_id = :id AND erased_at IS NULL
    """
)
_LIKE = text(
    """
    SELECT id, name, folded, website, web, city, country, temperature,
           (SELECT count(*) FROM lead l WHERE l.company_id = c.id AND l.erased_at IS NULL) AS leads
    FROM company c
    WHERE c.part_of IS NULL AND c.id <> :id AND c.demo = :demo
      AND ((:q <> '' AND strpos(c.folded, :q) > 0) OR (CAST(:web AS text) IS NOT NULL AND c.web = :web))
    ORDER BY c.id DESC LIMIT :limit
    """
)


def lock(session: Session, company_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """The rows of these companies as JSON, locked in the order of their ids."""
    return {row.id: row.was for row in session.execute(_LOCK, {"companies": sorted(company_ids)})}


def write(session: Session, company_id: int, row: str, *, now: datetime) -> None:
    """Give a company what `row`, JSON, says of it."""
    session.execute(_WRITE, {"id": company_id, "row": row, "now": now})


def rename(session: Session, company_id: int, name: str, folded: str) -> None:
    """Call a company so, for a moment or for good."""
    query = text("UPDATE company SET name = :name, folded = :folded WHERE id = :id")
    session.execute(query, {"id": company_id, "name": name, "folded": folded})


def parts_of(session: Session, company_id: int) -> list[int]:
    """The companies that are parts of this one."""
    return list(session.scalars(_PARTS, {"id": company_id}))


def join(session: Session, part: int, whole: int, *, now: datetime) -> None:
    """One is a part of the other, and so are its own parts."""
    session.execute(_JOIN, {"part": part, "whole": whole, "now": now})


def part(session: Session, other: int, whole: int, parts: Sequence[int], *, now: datetime) -> None:
    """It stands for itself again, and these parts are its own."""
    session.execute(_PART, {"part": other, "whole": whole, "parts": list(parts), "now": now})


def still_there(session: Session, lead_ids: Sequence[int], company_id: int) -> list[int]:
    """Those of the leads that belong to this company."""
    return list(session.scalars(_STILL, {"leads": list(lead_ids), "company": company_id}))


def into(session: Session, company_id: int) -> list[Part]:
    """Merges into this company that hold, the latest first."""
    return [Part(*row) for row in session.execute(_INTO, {"id": company_id})]


def weight(session: Session, company_id: int) -> Weight:
    """What hangs on it."""
    row = session.execute(_WEIGHT, {"id": company_id}).one()
    return Weight(row.contacts, int(row.touches), row.last_signal_at, {"A": row.a, "B": row.b, "C": row.c})


def like(
    session: Session, company_id: int, q: str, web: str | None, *, demo: bool, limit: int
) -> list[Mapping[str, Any]]:
    """Other companies in whose folded name `q` stands, or with this website; the newest first."""
    given = {"id": company_id, "q": q, "web": web, "demo": demo, "limit": limit}
    return [dict(row) for row in session.execute(_LIKE, given).mappings()]


def locked(session: Session, merge_id: int) -> CompanyMerge | None:
    """A merge, locked for a change."""
    return session.get(CompanyMerge, merge_id, with_for_update=True)
