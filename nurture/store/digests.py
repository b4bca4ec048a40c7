"""What a salesperson is told in the morning: who has leads on the desk, and which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store.lead_names import called


@dataclass(frozen=True, slots=True)
class Reader:
    """A person of sales who takes the digest, with their team (None: the default one)."""

    id: int
    email: str
    name: str
    language: str | None
    team_id: int | None


# Whoever holds a lead that is open; the others would be told nothing.
_READERS = text("""
    SELECT u.id, u.email, u.name, m.team_id,
        coalesce(nullif(u.preferences ->> 'language', ''), (SELECT language FROM installation)) AS language
    FROM user_account u LEFT JOIN sales_member m ON m.user_id = u.id
    WHERE u.disabled_at IS NULL AND coalesce(CAST(u.preferences ->> 'digest' AS boolean), true)
        AND EXISTS (SELECT FROM handoff h WHERE h.owner_id = u.id AND h.state = ANY(:states))
    ORDER BY u.id
""")
_OPEN = ("released", "accepted", "contacted", "meeting")


def readers(session: Session) -> list[Reader]:
    """Those who have something on their desk and have not switched the digest off."""
    return [Reader(**row._mapping) for row in session.execute(_READERS, {"states": list(_OPEN)})]


_TOLD = text("""
    SELECT given.user_id FROM unnest(CAST(:users AS bigint[]), CAST(:keys AS text[])) AS given(user_id, key)
    JOIN delivery d ON d.dedup_key = given.key
    UNION
    SELECT a.user_id FROM unnest(CAST(:users AS bigint[]), CAST(:days AS date[])) AS given(user_id, day)
    JOIN sales_absence a ON a.user_id = given.user_id
        AND a.from_day <= given.day AND a.until_day >= given.day
""")


def done_or_away(session: Session, keys: Mapping[int, str], days: Mapping[int, date]) -> set[int]:
    """Those who were told already under this key, or are away on this day."""
    given = {"users": list(keys), "keys": list(keys.values()), "days": [days[one] for one in keys]}
    return set(session.scalars(_TOLD, given))


@dataclass(frozen=True, slots=True)
class Line:
    """An open hand-off of somebody, with what the digest says of it."""

    owner_id: int
    id: int
    lead_id: int
    name: str
    who: str
    phone: str | None
    state: str
    released_at: datetime | None
    due_at: datetime | None
    meets_at: datetime | None


_LINES = text(f"""
    SELECT h.owner_id, h.id, h.lead_id, h.state, h.released_at, h.due_at, l.phone,
        {called("l")} AS name, concat_ws(', ', nullif(l.role, ''), c.name) AS who,
        meeting.happens_at AS meets_at
    FROM handoff h JOIN lead l ON l.id = h.lead_id AND l.erased_at IS NULL
    LEFT JOIN company c ON c.id = l.company_id
    LEFT JOIN LATERAL (
        SELECT o.happens_at FROM handoff_outcome o WHERE o.handoff_id = h.id AND o.outcome = 'meeting'
        ORDER BY o.id DESC LIMIT 1
    ) meeting ON h.state = 'meeting'
    WHERE h.owner_id = ANY(:owners) AND h.state = ANY(:states)
    ORDER BY h.owner_id, meeting.happens_at, greatest(h.score, l.readiness) DESC, h.id
""")


def lines(session: Session, owners: Sequence[int]) -> list[Line]:
    """Everything open of these people, meetings by their time and the others ripest first. One statement."""
    rows = session.execute(_LINES, {"owners": list(owners), "states": list(_OPEN)})
    return [Line(**row._mapping) for row in rows]
