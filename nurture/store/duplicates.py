"""Pairs of leads that may be one person: found over the whole base, and kept until somebody decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Id, Instant, Ref
from nurture.store.lead_names import called_or_number

REASONS = ("phone", "name_and_company", "email")


class LeadDuplicate(Base):
    """Two leads, the lower id first, and why they look alike. `dismissed_at`: somebody said they are two."""

    __tablename__ = "lead_duplicate"
    __table_args__ = (
        UniqueConstraint("lead_id", "other_id"),
        CheckConstraint("lead_id < other_id", name="in_order"),
        CheckConstraint(f"reason IN {REASONS}", name="reason"),
        Index("ix_lead_duplicate_other_id", "other_id"),
    )

    id: Mapped[Id]
    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"))
    other_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"))
    reason: Mapped[str]
    found_at: Mapped[Instant]
    dismissed_at: Mapped[Instant | None]
    dismissed_by: Mapped[str] = mapped_column(server_default="")


@dataclass(frozen=True, slots=True)
class Twin:
    """One lead of a pair as a list shows it."""

    id: int
    name: str
    email: str | None
    phone: str | None
    company: str | None
    temperature: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two leads that may be one."""

    id: int
    reason: str
    found_at: datetime
    lead: Twin
    other: Twin


# The surest reason first: a pair is kept under the first that it is found by. What more than this many leads
# share tells nobody apart (a switchboard, a team's mailbox, "Test Test").
_MOST_ALIKE = 6
_LIVING = "l.erased_at IS NULL AND NOT l.is_test"
_KEYS = {
    # Nine digits from the end: what is left of a number when country and area codes are written differently.
    "phone": (
        "right(l.phone, 9)",
        f"{_LIVING} AND length(l.phone) >= 10",
    ),
    "name_and_company": (
        "l.company_id || ':' || (l.folded_fields ->> 'first_name') || ' '"
        " || (l.folded_fields ->> 'last_name')",
        f"{_LIVING} AND l.company_id IS NOT NULL AND l.folded_fields ? 'first_name'"
        " AND l.folded_fields ? 'last_name'",
    ),
    # A suggestion alone: what follows a plus, dots, and two names of one provider may be one mailbox.
    "email": (
        "replace(split_part(split_part(l.email_norm, '@', 1), '+', 1), '.', '') || '@'"
        " || replace(split_part(l.email_norm, '@', 2), 'googlemail.com', 'gmail.com')",
        f"{_LIVING} AND l.email_norm IS NOT NULL",
    ),
}
_FIND = """
    INSERT INTO lead_duplicate (lead_id, other_id, reason, found_at)
    SELECT g.ids[1], other, '{reason}', :now
    FROM (
        SELECT array_agg(l.id ORDER BY l.id) AS ids FROM lead l WHERE {among}
        GROUP BY l.demo, {key} HAVING count(*) BETWEEN 2 AND {most}
    ) g CROSS JOIN LATERAL unnest(g.ids[2:]) AS other
    ON CONFLICT (lead_id, other_id) DO UPDATE SET found_at = excluded.found_at
        WHERE lead_duplicate.dismissed_at IS NULL AND lead_duplicate.found_at < excluded.found_at
"""
_FORGET = text("DELETE FROM lead_duplicate WHERE found_at < :now AND dismissed_at IS NULL")


def _side(lead: LiteralString) -> LiteralString:
    """The columns of one of two leads that may be the same, `lead` before each name."""
    return f"""
    {lead}.id AS {lead}_id, {called_or_number(lead)} AS {lead}_name, {lead}.email AS {lead}_email,
    {lead}.phone AS {lead}_phone, {lead}c.name AS {lead}_company, {lead}.temperature AS {lead}_temperature
"""


_PAGE = text(
    f"""
    SELECT d.id, d.reason, d.found_at, {_side("a")}, {_side("b")}
    FROM lead_duplicate d
    JOIN lead a ON a.id = d.lead_id AND a.erased_at IS NULL LEFT JOIN company ac ON ac.id = a.company_id
    JOIN lead b ON b.id = d.other_id AND b.erased_at IS NULL LEFT JOIN company bc ON bc.id = b.company_id
    WHERE d.dismissed_at IS NULL AND (CAST(:before AS bigint) IS NULL OR d.id < :before)
      AND (CAST(:lead AS bigint) IS NULL OR :lead IN (d.lead_id, d.other_id))
    ORDER BY d.id DESC LIMIT :limit
    """
)
_DISMISS = text(
    """
    UPDATE lead_duplicate SET dismissed_at = :now, dismissed_by = :by
    WHERE id = :id AND dismissed_at IS NULL RETURNING id
    """
)
_LOOKED_AT = text("SELECT max(found_at) FROM lead_duplicate")
_LIKE = text(
    f"""
    SELECT {_side("a")} FROM lead a LEFT JOIN company ac ON ac.id = a.company_id
    WHERE a.id IN (
        SELECT t.lead_id FROM lead_line t WHERE strpos(t.search, :q) > 0 AND t.lead_id <> :lead
        ORDER BY t.lead_id DESC LIMIT :limit
    ) ORDER BY a.id DESC
    """
)


def find_all(session: Session, *, now: datetime) -> int:
    """Look through the whole base, one statement a reason; how many pairs wait for a word. Pairs that look
    alike no more go, those that somebody has dismissed stay dismissed."""
    for reason, (key, among) in _KEYS.items():
        statement = _FIND.format(reason=reason, key=key, among=among, most=_MOST_ALIKE)
        session.execute(text(statement), {"now": now})
    session.execute(_FORGET, {"now": now})
    query = text("SELECT count(*) FROM lead_duplicate WHERE dismissed_at IS NULL")
    return int(session.execute(query).scalar_one())


def page(
    session: Session, *, before: int | None = None, lead_id: int | None = None, limit: int
) -> list[Pair]:
    """Pairs that nobody has decided on, newest first; those of one lead alone, if given."""
    rows = session.execute(_PAGE, {"before": before, "lead": lead_id, "limit": limit})
    return [Pair(row.id, row.reason, row.found_at, _twin(row, "a"), _twin(row, "b")) for row in rows]


def dismiss(session: Session, pair_id: int, *, by: str, now: datetime) -> bool:
    """They are two people; False when there is no such pair, or somebody has said so already."""
    given = {"id": pair_id, "by": by, "now": now}
    return session.execute(_DISMISS, given).scalar_one_or_none() is not None


def bring_back(session: Session, pair_id: int) -> bool:
    """Nobody has said anything of this pair; False when nobody had."""
    query = text(
        "UPDATE lead_duplicate SET dismissed_at = NULL, dismissed_by = ''"
        " WHERE id = :id AND dismissed_at IS NOT NULL RETURNING id"
    )
    return session.execute(query, {"id": pair_id}).scalar_one_or_none() is not None


def looked_at(session: Session) -> datetime | None:
    """When pairs were last found; None where there are none."""
    found: datetime | None = session.scalar(_LOOKED_AT)
    return found


def like(session: Session, lead_id: int, folded: str, *, limit: int) -> Sequence[Twin]:
    """Other leads in whose name, address, company or number this folded text stands, the newest first."""
    rows = session.execute(_LIKE, {"q": folded, "lead": lead_id, "limit": limit})
    return [_twin(row, "a") for row in rows]


def _twin(row: object, letter: str) -> Twin:
    return Twin(*(getattr(row, f"{letter}_{name}") for name in Twin.__dataclass_fields__))
