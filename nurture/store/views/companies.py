"""Companies with how many leads each has, a page at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

_SHOWN = """
    SELECT c.id, c.name, c.size, c.industry, c.website, c.country, c.city, c.fields,
           c.created_at, c.updated_at,
           (SELECT count(*) FROM lead l WHERE l.company_id = c.id AND l.erased_at IS NULL) AS leads
    FROM company c
"""
_PAGE = text(
    f"""{_SHOWN}
    WHERE c.id > :after AND (CAST(:q AS text) = '' OR strpos(c.folded, :q) > 0)
    ORDER BY c.id LIMIT :limit
    """
)
_ONE = text(f"{_SHOWN} WHERE c.id = :id")


def page(session: Session, *, q: str, after: int, limit: int) -> Sequence[Mapping[str, Any]]:
    """Companies whose folded name holds `q`, in the order they were made."""
    rows = session.execute(_PAGE, {"q": q, "after": after, "limit": limit}).mappings()
    return [dict(row) for row in rows]


def one(session: Session, company_id: int) -> Mapping[str, Any] | None:
    row = session.execute(_ONE, {"id": company_id}).mappings().one_or_none()
    return None if row is None else dict(row)
