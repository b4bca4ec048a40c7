"""What other programs call our leads."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Instant, Ref


class LeadIdentity(Base):
    """A name that another program has for a lead; `kind`: user_id or anonymous_id."""

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
_KEEP = text(
    """
    INSERT INTO lead_identity (kind, value, lead_id, at)
    SELECT g.kind, g.value, :lead_id, :now
    FROM unnest(CAST(:kinds AS text[]), CAST(:values AS text[])) AS g (kind, value)
    ORDER BY g.kind, g.value
    ON CONFLICT (kind, value) DO UPDATE SET lead_id = excluded.lead_id, at = excluded.at
        WHERE lead_identity.lead_id <> excluded.lead_id
    """
)


def find(session: Session, names: Mapping[str, str]) -> int | None:
    """The lead with one of these names (kind to value); a user id is surer than an anonymous one."""
    if not names:
        return None
    given = {"kinds": list(names), "values": list(names.values())}
    found: int | None = session.scalar(_FIND, given)
    return found


def keep(session: Session, lead_id: int, names: Mapping[str, str], *, now: datetime) -> None:
    """Know the lead by these names from now on."""
    if names:
        given = {"kinds": list(names), "values": list(names.values()), "lead_id": lead_id, "now": now}
        session.execute(_KEEP, given)
