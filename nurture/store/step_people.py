"""Whom a step may tell of a lead: its owner, everybody with a role, and the addresses of the house."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store.deliveries.values import values_of_leads
from nurture.store.lead_names import called


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person of the house; `id` None for an address that is no user's."""

    id: int | None
    email: str
    name: str
    role: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Subject:
    """A lead as steps speak of it: what templates may name, who owns it, whether it is invented."""

    lead_id: int
    name: str
    owner_id: int | None
    is_demo: bool
    values: dict[str, Any]


_COLLEAGUES = text(
    """
    SELECT u.id, u.email, u.name, u.role,
           coalesce(nullif(u.preferences ->> 'language', ''), i.language) AS language
    FROM user_account u CROSS JOIN installation i
    WHERE u.disabled_at IS NULL ORDER BY u.id
    """
)
_HOUSE = text("SELECT lower(split_part(sender_email, '@', 2)), language FROM installation")
_SUBJECTS = text(
    f"""
    SELECT l.id AS lead_id, l.owner_id, l.demo AS is_demo, {called("l")} AS name
    FROM lead l WHERE l.id = ANY(:lead_ids) AND l.erased_at IS NULL
    """
)


def colleagues(session: Session) -> list[Colleague]:
    """Everybody who can sign in."""
    return [Colleague(**row._mapping) for row in session.execute(_COLLEAGUES)]


def house(session: Session) -> tuple[str, str | None]:
    """The domain that mails are sent from ("": none yet), and the language of the house."""
    domain, language = session.execute(_HOUSE).one()
    return domain, language


def subjects(session: Session, lead_ids: Sequence[int]) -> dict[int, Subject]:
    """These leads; erased ones are missing. Two statements."""
    values = values_of_leads(session, lead_ids)
    rows = session.execute(_SUBJECTS, {"lead_ids": list(lead_ids)})
    return {row.lead_id: Subject(**row._mapping, values=values.get(row.lead_id, {})) for row in rows}
