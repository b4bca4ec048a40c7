"""What other programs call our leads."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Instant, Ref

USER = "user_id"
ANONYMOUS = "anonymous_id"


class LeadIdentity(Base):
    """A name that another program has for a lead; `kind`: user_id or anonymous_id. It stays with whom it was
    given first."""

    __tablename__ = "lead_identity"
    __table_args__ = (Index("ix_lead_identity_lead_id", "lead_id"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"))
    at: Mapped[Instant]


_FIND = text(
    """
    SELECT i.lead_id FROM lead_identity i JOIN lead l ON l.id = i.lead_id AND l.erased_at IS NULL
    WHERE (i.kind, i.value) IN (SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:values AS text[])))
    ORDER BY i.kind DESC LIMIT 1
    """
)
_HAS = text("SELECT EXISTS (SELECT FROM lead_identity WHERE lead_id = :lead_id AND kind = :kind)")
_KEEP = text(
    """
    WITH given AS (
        SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:values AS text[])) AS g (kind, value)
        WHERE kind = 'user_id' OR NOT EXISTS (
            SELECT FROM visitor v WHERE v.id = value AND v.lead_id <> :lead_id
        )
    ), kept AS (
        INSERT INTO lead_identity (kind, value, lead_id, at)
        SELECT kind, value, :lead_id, :now FROM given ORDER BY kind, value
        ON CONFLICT (kind, value) DO NOTHING
        RETURNING kind, value
    )
    SELECT kind, value FROM kept
    UNION
    SELECT kind, value FROM given JOIN lead_identity USING (kind, value) WHERE lead_id = :lead_id
    """
)


def find(session: Session, names: Mapping[str, str]) -> int | None:
    """The lead with one of these names (kind to value); a user id is surer than an anonymous one."""
    if not names:
        return None
    given = {"kinds": list(names), "values": list(names.values())}
    found: int | None = session.scalar(_FIND, given)
    return found


def has(session: Session, lead_id: int, kind: str) -> bool:
    """Whether the lead has a name of this kind."""
    return bool(session.scalar(_HAS, {"lead_id": lead_id, "kind": kind}))


def keep(session: Session, lead_id: int, names: Mapping[str, str], *, now: datetime) -> set[tuple[str, str]]:
    """Know the lead by these names from now on, but for those that are another's, a browser that we know as
    another's among them; which (kind, value) are the lead's."""
    if not names:
        return set()
    given = {"kinds": list(names), "values": list(names.values()), "lead_id": lead_id, "now": now}
    return {(kind, value) for kind, value in session.execute(_KEEP, given)}


def of_lead(session: Session, lead_id: int) -> list[tuple[str, str, datetime]]:
    """Every name (kind, value) of a lead and since when it is known."""
    query = text("SELECT kind, value, at FROM lead_identity WHERE lead_id = :lead ORDER BY kind, at, value")
    return [tuple(row) for row in session.execute(query, {"lead": lead_id})]
