"""Leads: the people. Identity is the id; e-mail and phone are unique where present."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.conditions import seen
from nurture.rules.lead_rows import search_text
from nurture.store.base import Base, Count, Flag, Id, Instant, Json, JsonList, Ref, Words

STAGES = ("visitor", "inquiry", "lead", "sales_ready", "opportunity", "customer", "lost")


class Lead(Base):
    """A contact of the base, wherever in the funnel.

    `email` is as written, `email_norm` as rules/addresses normalises it (v1), `phone` in E.164.
    `temperature`, `heat_log2` (net, of the default model; heat at T is 2**(heat_log2 - T/h), T in epoch
    seconds, h in seconds; NULL = no heat), `grade` and `readiness` are kept by flows/rate, with the points of
    three of its parts: few numbers, so that the row stays on its page. Those of BANT are told by its answers.
    `readiness_parts` is only written by workers of the version before; a later version drops it.
    A lead with `held_at` was taken out of all programs by a person: it enters none until let in again.
    `ripening_no` rises at each ripening; `armed` tells whether the next crossing may ripen it.
    `search` is the folded text that the search box looks into; `folded_fields` and `folded_tags` what
    conditions compare (rules/conditions/seen.py). `refold` keeps all three.
    """

    __tablename__ = "lead"
    __table_args__ = (
        Index(
            "uq_lead_email_norm", "email_norm", unique=True, postgresql_where=text("email_norm IS NOT NULL")
        ),
        Index("uq_lead_phone", "phone", unique=True, postgresql_where=text("phone IS NOT NULL")),
        Index("ix_lead_temperature_id", "temperature", "id"),
        Index("ix_lead_stage_id", "stage", "id"),
        Index("ix_lead_source_id", "source_id", "id"),
        Index("ix_lead_company_id", "company_id"),
        Index("ix_lead_future_at", "future_at", postgresql_where=text("future_at IS NOT NULL")),
        # Of those that have any: for all others, every new version of a row would be noted.
        Index(
            "ix_lead_folded_tags",
            "folded_tags",
            postgresql_using="gin",
            postgresql_where=text("folded_tags <> '{}'"),
        ),
        CheckConstraint(f"stage IN {STAGES}", name="stage"),
        {"postgresql_with": {"fillfactor": 70}},
    )

    id: Mapped[Id]
    email: Mapped[str | None]
    email_norm: Mapped[str | None]
    phone: Mapped[str | None]
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    company_id: Mapped[Ref | None] = mapped_column(ForeignKey("company.id"))
    role: Mapped[str | None]
    buying_role: Mapped[str | None]
    language: Mapped[str | None]
    timezone: Mapped[str | None]
    timezone_source: Mapped[str | None]
    country: Mapped[str | None]
    city: Mapped[str | None]
    address: Mapped[str | None]
    stage: Mapped[str] = mapped_column(server_default="lead")
    stage_since: Mapped[Instant]
    temperature: Mapped[str] = mapped_column(server_default="cold")
    temperature_since: Mapped[Instant]
    heat_log2: Mapped[float | None]
    grade: Mapped[str | None]
    grade_points: Mapped[float | None]
    grade_override: Mapped[str | None]
    grade_override_reason: Mapped[str | None]
    readiness: Mapped[float] = mapped_column(server_default=text("0"))
    need_points: Mapped[float] = mapped_column(server_default=text("0"))
    activity_points: Mapped[float] = mapped_column(server_default=text("0"))
    data_points: Mapped[float] = mapped_column(server_default=text("0"))
    readiness_parts: Mapped[Json]
    armed: Mapped[bool] = mapped_column(server_default=text("true"))
    ripening_no: Mapped[Count]
    future_at: Mapped[Instant | None]
    held_at: Mapped[Instant | None]
    source_id: Mapped[Ref | None]
    last_source_id: Mapped[Ref | None]
    owner_id: Mapped[Ref | None] = mapped_column(ForeignKey("user_account.id"))
    tags: Mapped[Words]
    fields: Mapped[Json]
    dates: Mapped[Json]
    bant: Mapped[Json]
    profiles: Mapped[JsonList]
    search: Mapped[str] = mapped_column(server_default="")
    folded_fields: Mapped[Json]
    folded_tags: Mapped[Words]
    touches_in: Mapped[Count]
    touches_out: Mapped[Count]
    last_signal_at: Mapped[Instant | None]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    erased_at: Mapped[Instant | None]
    is_test: Mapped[Flag]
    demo: Mapped[Flag]


_KNOWN = text(
    f"""
    SELECT l.id, {", ".join(f"l.{name}" for name in seen.PLAIN)}, l.fields, l.dates, l.tags,
           c.name AS company
    FROM lead l LEFT JOIN company c ON c.id = l.company_id WHERE l.id = ANY(:leads)
    """
)
_REFOLD = text(
    """
    UPDATE lead l
    SET search = g.search, folded_fields = CAST(g.fields AS jsonb),
        folded_tags = ARRAY(SELECT jsonb_array_elements_text(CAST(g.tags AS jsonb)))
    FROM unnest(CAST(:leads AS bigint[]), CAST(:texts AS text[]), CAST(:fields AS text[]),
                CAST(:tags AS text[])) AS g (id, search, fields, tags)
    WHERE l.id = g.id AND (l.search <> g.search OR l.folded_fields <> CAST(g.fields AS jsonb)
        OR to_jsonb(l.folded_tags) <> CAST(g.tags AS jsonb))
    """
)
_AT_ONCE = 5_000


def refold(session: Session, lead_ids: Sequence[int]) -> None:
    """Bring what the search box and conditions look into up to date with what is known of these leads."""
    for start in range(0, len(lead_ids), _AT_ONCE):
        rows = session.execute(_KNOWN, {"leads": list(lead_ids[start : start + _AT_ONCE])}).all()
        given = {
            "leads": [row.id for row in rows],
            "texts": [
                search_text(row.first_name, row.last_name, row.email, row.company, row.phone) for row in rows
            ],
            "fields": [
                json.dumps(seen.folded_lead(row._asdict(), row.fields, row.dates), ensure_ascii=False)
                for row in rows
            ],
            "tags": [json.dumps(seen.folded_names(row.tags), ensure_ascii=False) for row in rows],
        }
        session.execute(_REFOLD, given)


def touched_by(session: Session, source_id: int, at: datetime) -> list[int]:
    """Leads that a source made or changed at this very moment."""
    query = text("SELECT id FROM lead WHERE last_source_id = :source AND updated_at = :at ORDER BY id")
    return list(session.execute(query, {"source": source_id, "at": at}).scalars())


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a lead is known as. The rows are locked until the transaction ends."""

    id: int
    email: str | None
    email_norm: str | None
    phone: str | None


_IDENTITIES = text(
    """
    SELECT id, email, email_norm, phone FROM lead
    WHERE erased_at IS NULL AND (id = :id OR email_norm = :email_norm OR phone = :phone OR id IN (
        SELECT lead_id FROM lead_alias WHERE alias_id = :id OR email_norm = :email_norm OR phone = :phone
    ))
    ORDER BY id FOR NO KEY UPDATE
    """
)


def identities(
    session: Session, *, lead_id: int | None, email_norm: str | None, phone: str | None
) -> list[Identity]:
    """The leads that the id, the address or the number belong to, locked in the order of their ids. What a
    lead was called before it was merged is a name of the lead that it was merged into."""
    given = {"id": lead_id, "email_norm": email_norm, "phone": phone}
    return [Identity(**row._mapping) for row in session.execute(_IDENTITIES, given)]


def locked(session: Session, lead_id: int) -> Lead | None:
    """The lead, locked for a change; None for one that was erased."""
    lead = session.get(Lead, lead_id, with_for_update={"key_share": True}, populate_existing=True)
    return lead if lead is not None and lead.erased_at is None else None


def add(session: Session, stage: str, *, source_id: int | None, now: datetime, demo: bool = False) -> Lead:
    """A new lead about whom nothing is known yet but the source; `demo` for one that is invented."""
    lead = Lead(
        stage=stage,
        stage_since=now,
        temperature_since=now,
        source_id=source_id,
        last_source_id=source_id,
        tags=[],
        fields={},
        dates={},
        bant={},
        created_at=now,
        updated_at=now,
        demo=demo,
    )
    session.add(lead)
    return lead


def by_emails(session: Session, norms: Sequence[str]) -> dict[str, int]:
    """Ids of the leads with these addresses in normal form, be it from before they were merged."""
    query = text(
        "SELECT email_norm, id FROM lead WHERE email_norm = ANY(:norms) AND erased_at IS NULL"
        " UNION ALL SELECT email_norm, lead_id FROM lead_alias WHERE email_norm = ANY(:norms)"
    )
    return {row.email_norm: row.id for row in session.execute(query, {"norms": list(norms)})}


def existing(session: Session, lead_ids: Sequence[int]) -> set[int]:
    """Those of the ids that are leads."""
    query = text("SELECT id FROM lead WHERE id = ANY(:leads) AND erased_at IS NULL")
    return set(session.execute(query, {"leads": list(lead_ids)}).scalars())


_FORGET = text(
    """
    UPDATE lead
    SET email = NULL, email_norm = NULL, phone = NULL, first_name = NULL, last_name = NULL, company_id = NULL,
        role = NULL, buying_role = NULL, language = NULL, timezone = NULL, timezone_source = NULL,
        country = NULL, city = NULL, address = NULL, tags = '{}', fields = '{}', dates = '{}', bant = '{}',
        profiles = '[]', search = '', folded_fields = '{}', folded_tags = '{}',
        grade_override_reason = NULL, readiness_parts = '{}',
        erased_at = :now, updated_at = :now
    WHERE id = :id
    """
)


def forget(session: Session, lead_id: int, *, now: datetime) -> None:
    """Clear everything personal of a lead; the row, its stage and its scores stay for the counts."""
    given = {"id": lead_id, "now": now}
    session.execute(_FORGET, given)
    session.execute(text("UPDATE delivery SET address = NULL, params = '{}' WHERE lead_id = :id"), given)
    session.execute(text("UPDATE signal SET data = '{}' WHERE lead_id = :id"), given)
    session.execute(
        text("UPDATE hit SET ip = NULL, user_agent = '', headers = '{}' WHERE lead_id = :id"), given
    )
    session.execute(text("UPDATE consent SET proof = '{}' WHERE lead_id = :id AND proof <> '{}'"), given)
    session.execute(text("DELETE FROM lead_identity WHERE lead_id = :id"), given)
    session.execute(text("DELETE FROM lead_edit WHERE lead_id = :id"), given)
    session.execute(text("DELETE FROM segment_member WHERE lead_id = :id"), given)
    session.execute(text("DELETE FROM lead_target WHERE lead_id = :id"), given)
