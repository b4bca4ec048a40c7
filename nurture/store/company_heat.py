"""The heat of companies: noted where a contact has changed, added up anew by a pump."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Mapped, Session

from nurture.rules.company_heat import CompanyHeat
from nurture.rules.heat import NOTHING
from nurture.store.base import Base, Id, Ref


class CompanyChange(Base):
    """A contact of this company has changed. Appended, so that nobody waits for anybody."""

    __tablename__ = "company_change"

    id: Mapped[Id]
    company_id: Mapped[Ref]


@dataclass(frozen=True, slots=True)
class Standing:
    """A company and its contacts, as they are now."""

    id: int
    temperature: str
    nets: tuple[float, ...]
    temperatures: tuple[str, ...]


_NOTE = text(
    """
    INSERT INTO company_change (company_id)
    SELECT DISTINCT company_id FROM lead WHERE id = ANY(CAST(:leads AS bigint[])) AND company_id IS NOT NULL
    """
)
_TAKE = text(
    """
    DELETE FROM company_change WHERE id IN (
        SELECT id FROM company_change ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
    ) RETURNING company_id
    """
)
_DUE = text("SELECT id FROM company WHERE due_at <= :now ORDER BY due_at LIMIT :limit")
_LOCK = text(
    """
    SELECT id, temperature FROM company WHERE id = ANY(CAST(:ids AS bigint[]))
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    """
)
_CONTACTS = text(
    """
    SELECT company_id, array_agg(heat_log2) FILTER (WHERE heat_log2 IS NOT NULL) AS nets,
           array_agg(DISTINCT temperature) AS temperatures
    FROM lead WHERE company_id = ANY(CAST(:ids AS bigint[])) AND erased_at IS NULL GROUP BY company_id
    """
)
_AGAIN = text("INSERT INTO company_change (company_id) SELECT unnest(CAST(:ids AS bigint[]))")
_SAVE = text(
    """
    UPDATE company c
    SET heat_log2 = g.net, due_at = g.due_at,
        temperature_since = CASE WHEN c.temperature <> g.temperature THEN :now ELSE c.temperature_since END,
        temperature = g.temperature
    FROM unnest(CAST(:ids AS bigint[]), CAST(:nets AS float8[]), CAST(:temperatures AS text[]),
                CAST(:due AS timestamptz[])) AS g (id, net, temperature, due_at)
    WHERE c.id = g.id
    """
)
_LEADS = text("SELECT id FROM lead WHERE company_id = ANY(CAST(:ids AS bigint[])) AND erased_at IS NULL")


def note(session: Session, lead_ids: Collection[int]) -> None:
    """These leads have changed: their companies are looked at soon."""
    if lead_ids:
        session.execute(_NOTE, {"leads": list(lead_ids)})


def note_companies(session: Session, company_ids: Collection[int]) -> None:
    """These companies are looked at soon: a contact has left them."""
    if company_ids:
        session.execute(_AGAIN, {"ids": sorted(company_ids)})


def take(session: Session, *, now: datetime, limit: int) -> set[int]:
    """Companies that were noted, and those that silence cools."""
    noted = set(session.scalars(_TAKE, {"limit": limit}))
    return noted | set(session.scalars(_DUE, {"now": now, "limit": limit}))


def standings(session: Session, company_ids: Collection[int]) -> list[Standing]:
    """These companies with their contacts, held until the transaction ends; those that somebody else holds
    are noted again."""
    rows = session.execute(_LOCK, {"ids": sorted(company_ids)}).all()
    held = {row.id: row.temperature for row in rows}
    note_companies(session, _living(session, set(company_ids) - set(held)))
    contacts = {row.company_id: row for row in session.execute(_CONTACTS, {"ids": sorted(held)})}
    return [
        Standing(
            number,
            before,
            tuple(contacts[number].nets or ()) if number in contacts else (),
            tuple(contacts[number].temperatures) if number in contacts else (),
        )
        for number, before in held.items()
    ]


def save(session: Session, found: Mapping[int, CompanyHeat], *, now: datetime) -> None:
    """Write what was found, in one statement."""
    if found:
        given = {
            "ids": list(found),
            "nets": [None if one.net == NOTHING else one.net for one in found.values()],
            "temperatures": [one.temperature for one in found.values()],
            "due": [one.due_at for one in found.values()],
            "now": now,
        }
        session.execute(_SAVE, given)


def leads_of(session: Session, company_ids: Sequence[int]) -> list[int]:
    """Everybody of these companies."""
    return list(session.scalars(_LEADS, {"ids": list(company_ids)})) if company_ids else []


def _living(session: Session, company_ids: set[int]) -> list[int]:
    if not company_ids:
        return []
    query = text("SELECT id FROM company WHERE id = ANY(CAST(:ids AS bigint[]))")
    return list(session.scalars(query, {"ids": sorted(company_ids)}))
