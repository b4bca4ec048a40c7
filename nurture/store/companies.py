"""Companies: several leads may belong to one."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Computed, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.conditions import seen
from nurture.store import unjudged
from nurture.store.base import Base, Flag, Id, Instant, Json, Ref

# The website without what may be left out when it is written: https://, www. and the last stroke.
_WEB = r"nullif(rtrim(lower(regexp_replace(website, '^\s*(https?://)?(www\.)?', '', 'i')), '/ '), '')"


class Company(Base):
    """`folded` is the name as Python folds it (rules/folding.py); it finds the company again.
    `folded_fields` is what conditions compare (rules/conditions/seen.py). `heat_log2` is the net log of the
    sum of its contacts' heat under the default model, `due_at` when silence next changes `temperature`.
    `part_of` is the company that this one was found to be, always one that stands for itself: names, ids and
    websites of the part mean that one. `web` is the website in one writing."""

    __tablename__ = "company"
    __table_args__ = (
        Index("ix_company_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_company_heat_log2_id", "heat_log2", "id"),
        Index("ix_company_part_of", "part_of", postgresql_where=text("part_of IS NOT NULL")),
        Index("ix_company_web", "web", postgresql_where=text("web IS NOT NULL")),
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
    part_of: Mapped[Ref | None] = mapped_column(ForeignKey("company.id"))
    web: Mapped[str | None] = mapped_column(Computed(_WEB, persisted=True))


# A new name with the very website of companies that somebody has made one: one more name of that company.
LEARN_NAMES = f"""
    WITH said AS ({{said}}), whole AS (
        SELECT s.folded, min(s.name) AS name, min(c.id) AS id
        FROM (SELECT DISTINCT folded, name, {_WEB} AS web FROM said WHERE website IS NOT NULL) s
        JOIN LATERAL (
            SELECT DISTINCT coalesce(c.part_of, c.id) AS id FROM company c
            WHERE c.web = s.web AND NOT c.demo
              AND (c.part_of IS NOT NULL OR EXISTS (SELECT FROM company p WHERE p.part_of = c.id))
        ) c ON true
        WHERE NOT EXISTS (SELECT FROM company k WHERE k.folded = s.folded)
        GROUP BY s.folded HAVING count(DISTINCT c.id) = 1
    ), learnt AS (
        INSERT INTO company (name, folded, part_of, created_at, updated_at)
        SELECT name, folded, id, :now, :now FROM whole ORDER BY folded
        ON CONFLICT (folded) DO NOTHING
        RETURNING id, part_of
    )
    INSERT INTO company_merge (company_id, other_id, at, by) SELECT part_of, id, :now, 'website' FROM learnt
"""
_LEARN_ONE = text(
    LEARN_NAMES.format(
        said="SELECT CAST(:folded AS text) AS folded, CAST(:name AS text) AS name,"
        " CAST(:website AS text) AS website"
    )
)
_TAKE = text(
    """
    INSERT INTO company AS c (name, folded, size, industry, website, country, city, created_at, updated_at)
    SELECT :name, coalesce(whole.folded, :folded), CAST(:size AS int), :industry, :website, :country, :city,
           :now, :now
    FROM (VALUES (1)) once
    LEFT JOIN company part ON part.folded = :folded AND part.part_of IS NOT NULL
    LEFT JOIN company whole ON whole.id = part.part_of
    ON CONFLICT (folded) DO UPDATE
    SET size = coalesce(excluded.size, c.size), industry = coalesce(excluded.industry, c.industry),
        website = coalesce(excluded.website, c.website), country = coalesce(excluded.country, c.country),
        city = coalesce(excluded.city, c.city), updated_at = :now
    RETURNING id
    """
)
_ABOUT = ("size", "industry", "website", "country", "city")


def take(session: Session, name: str, folded: str, about: Mapping[str, Any], *, now: datetime) -> int:
    """The id of the company of this name, made if there is none; `about` fills and corrects what is known. A
    new name with the very website of a company that was made one of several is one more name of it."""
    if about.get("website"):
        said = {"folded": folded, "name": name, "website": about["website"], "now": now}
        session.execute(_LEARN_ONE, said)
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
    """The id of the company of this folded name; of the one that it is a part of."""
    query = text("SELECT coalesce(part_of, id) FROM company WHERE folded = :folded")
    found: int | None = session.scalar(query, {"folded": folded})
    return found


def meant(session: Session, company_id: int) -> int | None:
    """The company meant by this id: itself, or what it is a part of."""
    query = text("SELECT coalesce(part_of, id) FROM company WHERE id = :id")
    found: int | None = session.scalar(query, {"id": company_id})
    return found


def known(session: Session, company_id: int) -> Company:
    """A company by its id, as it is now."""
    return session.get_one(Company, company_id, populate_existing=True)


def name_of(session: Session, company_id: int) -> str:
    """What a company is called."""
    query = text("SELECT name FROM company WHERE id = :id")
    return str(session.execute(query, {"id": company_id}).scalar_one())


_PUT = text(
    """
    WITH moved AS (
        SELECT id, company_id AS before FROM lead
        WHERE id = ANY(CAST(:leads AS bigint[])) AND company_id IS DISTINCT FROM :company
        ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE lead l SET company_id = :company, updated_at = :now FROM moved WHERE l.id = moved.id
    RETURNING l.id, moved.before
    """
)


def put(
    session: Session, lead_ids: Sequence[int], company_id: int, *, now: datetime
) -> dict[int, int | None]:
    """These leads belong to this company from now on; those that did not, each with its company before."""
    given = {"leads": list(lead_ids), "company": company_id, "now": now}
    return {row.id: row.before for row in session.execute(_PUT, given)}


_HOLD = text("SELECT name, folded FROM company WHERE id = :id FOR NO KEY UPDATE")
_PART_CALLED = text("SELECT id FROM company WHERE folded = :folded AND part_of = :id")
_CALL = text("UPDATE company SET name = :name, folded = :folded, updated_at = :now WHERE id = :id")


def call(session: Session, company_id: int, name: str, folded: str, *, now: datetime) -> None:
    """Call a company so; a part of it that bears this name gets the old one for it."""
    before = session.execute(_HOLD, {"id": company_id}).one()
    part = session.scalar(_PART_CALLED, {"folded": folded, "id": company_id})
    if part is not None:  # a name is borne once at any moment
        session.execute(_CALL, {"id": part, "name": before.name, "folded": f"\x1f{part}", "now": now})
    session.execute(_CALL, {"id": company_id, "name": name, "folded": folded, "now": now})
    if part is not None:
        session.execute(_CALL, {"id": part, "name": before.name, "folded": before.folded, "now": now})
    session.expire_all()


def contacts_of(session: Session, company_id: int) -> list[int]:
    """The ids of all its leads, tombstones too."""
    query = text("SELECT id FROM lead WHERE company_id = :id ORDER BY id")
    return list(session.scalars(query, {"id": company_id}))


_FOLLOW = text(
    """
    UPDATE lead l SET company_id = c.part_of FROM company c
    WHERE l.id = ANY(CAST(:leads AS bigint[])) AND c.id = l.company_id AND c.part_of IS NOT NULL
    """
)


def follow(session: Session, lead_ids: Sequence[int]) -> None:
    """Those of the leads whose company has become a part of another belong to that one."""
    session.execute(_FOLLOW, {"leads": list(lead_ids)})
