"""Companies: a page of them, the warmest first, and one with its contacts and what they did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store.lead_judgements import by_hand
from nurture.store.lead_names import called_or_number

_SHOWN = """
    SELECT c.id, c.name, c.size, c.industry, c.website, c.country, c.city, c.fields,
           c.created_at, c.updated_at, c.temperature, c.temperature_since, c.heat_log2,
           (SELECT count(*) FROM lead l WHERE l.company_id = c.id AND l.erased_at IS NULL) AS leads
    FROM company c
"""
_PAGE = text(
    f"""{_SHOWN}
    WHERE c.id > :after AND c.part_of IS NULL AND (CAST(:q AS text) = '' OR strpos(c.folded, :q) > 0)
    ORDER BY c.id LIMIT :limit
    """
)
_WARMEST = text(
    f"""{_SHOWN}
    WHERE c.part_of IS NULL AND (CAST(:q AS text) = '' OR strpos(c.folded, :q) > 0)
      AND (CAST(:temperature AS text) = '' OR c.temperature = :temperature)
      AND (CAST(:log AS float8) IS NULL OR (coalesce(c.heat_log2, '-Infinity'), c.id) < (:log, :id))
    ORDER BY coalesce(c.heat_log2, '-Infinity') DESC, c.id DESC LIMIT :limit
    """
)
_ONE = text(f"{_SHOWN} WHERE c.id = (SELECT coalesce(part_of, id) FROM company WHERE id = :id)")
_CONTACTS = text(
    f"""
    SELECT l.id, {called_or_number("l")} AS name,
           l.email, l.role, l.buying_role, l.temperature, l.heat_log2,
           coalesce(l.grade_override, l.grade) AS grade, {by_hand("l")} AS grade_reason,
           l.stage, l.readiness, l.last_signal_at,
           u.name AS owner
    FROM lead l LEFT JOIN user_account u ON u.id = l.owner_id
    WHERE l.company_id = :id AND l.erased_at IS NULL
    ORDER BY l.heat_log2 DESC NULLS LAST, l.id LIMIT :limit
    """
)
_LATELY = text(
    """
    SELECT s.occurred_at AS at, s.kind, s.data, s.lead_id, s.mail_key, mv.subject
    FROM lead l CROSS JOIN LATERAL (
        SELECT s.* FROM signal s WHERE s.lead_id = l.id AND coalesce(
            (SELECT v.verdict FROM signal_verdict v WHERE v.signal_id = s.id ORDER BY v.at DESC LIMIT 1),
            s.verdict
        ) = 'human'
        ORDER BY s.occurred_at DESC LIMIT :limit
    ) s
    LEFT JOIN delivery d ON d.id = s.delivery_id
    LEFT JOIN mail_version mv ON mv.id = d.mail_version_id
    WHERE l.id = ANY(CAST(:leads AS bigint[]))
    ORDER BY s.occurred_at DESC LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody at a company."""

    id: int
    name: str
    email: str | None
    role: str | None
    buying_role: str | None
    temperature: str
    heat_log2: float | None
    grade: str | None
    grade_reason: str | None
    stage: str
    readiness: float
    last_signal_at: datetime | None
    owner: str | None


@dataclass(frozen=True, slots=True)
class Did:
    """What a contact did lately."""

    at: datetime
    kind: str
    data: Mapping[str, Any]
    lead_id: int
    mail_key: str | None
    subject: str | None


def page(session: Session, *, q: str, after: int, limit: int) -> Sequence[Mapping[str, Any]]:
    """Companies whose folded name holds `q`, in the order they were made."""
    rows = session.execute(_PAGE, {"q": q, "after": after, "limit": limit}).mappings()
    return [dict(row) for row in rows]


def warmest(
    session: Session, *, q: str, temperature: str, place: tuple[float, int] | None, limit: int
) -> Sequence[Mapping[str, Any]]:
    """The same, the warmest first; `place` is (heat_log2, id) of the last one seen."""
    log, number = place if place is not None else (None, None)
    given = {"q": q, "temperature": temperature, "log": log, "id": number, "limit": limit}
    return [dict(row) for row in session.execute(_WARMEST, given).mappings()]


def one(session: Session, company_id: int) -> Mapping[str, Any] | None:
    """A company; the one that it is a part of where it was made one with another."""
    row = session.execute(_ONE, {"id": company_id}).mappings().one_or_none()
    return None if row is None else dict(row)


def contacts(session: Session, company_id: int, *, limit: int = 200) -> list[Contact]:
    """Everybody of a company, the warmest first."""
    rows = session.execute(_CONTACTS, {"id": company_id, "limit": limit})
    return [Contact(**row._mapping) for row in rows]


def lately(session: Session, lead_ids: Sequence[int], *, limit: int = 15) -> list[Did]:
    """What these people did last."""
    rows = session.execute(_LATELY, {"leads": list(lead_ids), "limit": limit})
    return [Did(**row._mapping) for row in rows]
