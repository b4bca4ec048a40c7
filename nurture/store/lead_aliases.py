"""Merges: a lead that was found to be another one stands for it as its alias."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store import batch
from nurture.store.base import Base, Id, Instant, Json, Ref


class LeadMerge(Base):
    """The lead `alias_id` became a part of `lead_id`. `kept` holds both rows of `lead` as they were before
    and the survivor's as the merge left it ({alias, survivor, after}), and what could not be moved; `moved`
    the ids of what was, by table. Both are emptied when the person is erased."""

    __tablename__ = "lead_merge"
    __table_args__ = (Index("ix_lead_merge_lead_id", "lead_id"), Index("ix_lead_merge_alias_id", "alias_id"))

    id: Mapped[Id]
    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"))
    alias_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"))
    at: Mapped[Instant]
    by: Mapped[str]
    kept: Mapped[Json]
    moved: Mapped[Json]
    undone_at: Mapped[Instant | None]


class LeadAlias(Base):
    """Whoever asks for `alias_id`, or for the address or number that it had, means `lead_id`: always a lead
    that stands for itself. `email_norm` and `phone` only where the survivor has others."""

    __tablename__ = "lead_alias"
    __table_args__ = (
        Index("ix_lead_alias_lead_id", "lead_id"),
        Index(
            "uq_lead_alias_email_norm",
            "email_norm",
            unique=True,
            postgresql_where=text("email_norm IS NOT NULL"),
        ),
        Index("uq_lead_alias_phone", "phone", unique=True, postgresql_where=text("phone IS NOT NULL")),
    )

    alias_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"), primary_key=True, autoincrement=False)
    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"))
    merge_id: Mapped[Ref] = mapped_column(ForeignKey("lead_merge.id"))
    email_norm: Mapped[str | None]
    phone: Mapped[str | None]


_SURVIVOR = text("SELECT lead_id FROM lead_alias WHERE alias_id = :id")
_MEANT = text(
    """
    SELECT id, id AS lead_id FROM lead WHERE id = ANY(:leads) AND erased_at IS NULL
    UNION ALL SELECT alias_id, lead_id FROM lead_alias WHERE alias_id = ANY(:leads)
    """
)
_EVER_MERGED = text(
    """
    SELECT lead_id FROM lead_merge WHERE lead_id = ANY(CAST(:leads AS bigint[]))
    UNION SELECT alias_id FROM lead_merge WHERE alias_id = ANY(CAST(:leads AS bigint[]))
    """
)
_OF = text("SELECT alias_id FROM lead_alias WHERE lead_id = :id ORDER BY alias_id")
_NAMES = text("SELECT email_norm, phone FROM lead_alias WHERE lead_id = :id")
_ADD = text(
    """
    INSERT INTO lead_alias (alias_id, lead_id, merge_id, email_norm, phone)
    VALUES (:alias, :lead, :merge, :email_norm, :phone)
    """
)
_FOLLOW = text("UPDATE lead_alias SET lead_id = :lead WHERE lead_id = :alias")
_BACK = text(
    """
    UPDATE lead_alias a SET lead_id = :alias FROM lead_merge m
    WHERE m.id = a.merge_id AND a.lead_id = :lead AND m.lead_id = :alias
    """
)
_INTO = text(
    """
    SELECT m.id, m.alias_id, coalesce(nullif(trim(concat_ws(' ', m.kept #>> '{alias,first_name}',
               m.kept #>> '{alias,last_name}')), ''), m.kept #>> '{alias,email}',
               m.kept #>> '{alias,phone}', '#' || m.alias_id), m.at, coalesce(u.name, m.by)
    FROM lead_merge m LEFT JOIN user_account u ON m.by = 'user:' || u.id
    WHERE m.lead_id = :id AND m.undone_at IS NULL ORDER BY m.id DESC LIMIT 20
    """
)
_LATEST = text(
    "SELECT id FROM lead_merge WHERE lead_id = :id AND undone_at IS NULL AND kept <> '{}' ORDER BY id DESC"
)


@dataclass(frozen=True, slots=True)
class Merged:
    """Who became a part of a lead: `name` as it was called then, `who` merged them."""

    merge_id: int
    alias_id: int
    name: str
    at: datetime
    who: str


def survivor_of(session: Session, lead_id: int) -> int | None:
    """The lead that this one was merged into; None for one that stands for itself."""
    found: int | None = session.scalar(_SURVIVOR, {"id": lead_id})
    return found


def meant(session: Session, lead_ids: Collection[int]) -> dict[int, int]:
    """The lead meant by each of these ids: itself, or whom it was merged into. Unknown and erased ones are
    left out."""
    return {row.id: row.lead_id for row in session.execute(_MEANT, {"leads": list(lead_ids)})}


def ever_merged(session: Session, lead_ids: Collection[int]) -> set[int]:
    """Those of these leads that were ever a part of a merge, undone ones as well. Whoever holds a lead that
    was not knows that what hangs on it has always been its own."""
    return set(session.scalars(_EVER_MERGED, {"leads": batch.numbers(lead_ids)}))


def aliases_of(session: Session, lead_id: int) -> list[int]:
    """The ids that mean this lead beside its own."""
    return list(session.scalars(_OF, {"id": lead_id}))


def other_names(session: Session, lead_id: int) -> set[tuple[str, str]]:
    """Addresses (`email_norm`) and numbers (`phone`) from before the lead was merged, beside its own."""
    rows = session.execute(_NAMES, {"id": lead_id}).all()
    pairs = [(name, getattr(row, name)) for row in rows for name in ("email_norm", "phone")]
    return {(name, value) for name, value in pairs if value is not None}


def other_addresses(session: Session, lead_id: int) -> list[str]:
    """Addresses in normal form that the lead had before it was merged, beside its own."""
    return sorted(value for name, value in other_names(session, lead_id) if name == "email_norm")


def add(session: Session, merge: LeadMerge, *, email_norm: str | None, phone: str | None) -> None:
    """The alias stands for the survivor from now on, and so do its own aliases."""
    ids = {"alias": merge.alias_id, "lead": merge.lead_id}
    session.execute(_FOLLOW, ids)
    session.execute(_ADD, {**ids, "merge": merge.id, "email_norm": email_norm, "phone": phone})


def remove(session: Session, merge: LeadMerge) -> None:
    """The alias stands for itself again, with the aliases it had before."""
    ids = {"alias": merge.alias_id, "lead": merge.lead_id}
    session.execute(text("DELETE FROM lead_alias WHERE alias_id = :alias"), ids)
    session.execute(_BACK, ids)


def latest(session: Session, lead_id: int) -> int | None:
    """The last merge into this lead that can be taken back."""
    found: int | None = session.scalars(_LATEST, {"id": lead_id}).first()
    return found


def into(session: Session, lead_id: int) -> list[Merged]:
    """Merges into this lead that hold, the latest first."""
    return [Merged(*row) for row in session.execute(_INTO, {"id": lead_id})]


def locked(session: Session, merge_id: int) -> LeadMerge | None:
    """A merge, locked for a change."""
    return session.get(LeadMerge, merge_id, with_for_update=True)


def forget(session: Session, lead_id: int, *, now: datetime) -> None:
    """Clear what merges of this lead kept of either person; the ids go on meaning the tombstone."""
    given = {"id": lead_id, "now": now}
    session.execute(
        text(
            "UPDATE lead_merge SET kept = '{}', moved = '{}'"
            " WHERE lead_id = :id OR id IN (SELECT merge_id FROM lead_alias WHERE lead_id = :id)"
        ),
        given,
    )
    session.execute(text("UPDATE lead_alias SET email_norm = NULL, phone = NULL WHERE lead_id = :id"), given)
