"""Releasing hand-offs: who is next, what is known of each, and who of sales has the fewest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from nurture.store.handoffs import Handoff
from nurture.store.installation import Installation
from nurture.store.segments import mark_dirty

_ONE_RELEASER = 7_268_541_003


def try_lock(session: Session) -> bool:
    """Whether we are the one that releases, until the end of the transaction: capacity is counted by one."""
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _ONE_RELEASER}))


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many a day (None = unlimited), and the zone in which a day begins."""

    per_day: int | None
    timezone: str


def capacity(session: Session) -> Capacity:
    installation = session.get_one(Installation, 1)
    return Capacity(installation.handover_capacity_per_day, installation.timezone)


def released_since(session: Session, moment: datetime) -> int:
    query = select(func.count()).select_from(Handoff).where(Handoff.released_at >= moment)
    return session.scalars(query).one()


# Direct requests are first, beyond any capacity; then what is marked urgent; then the ripest.
_NEXT = text("""
    SELECT h.id FROM handoff h JOIN lead l ON l.id = h.lead_id
    WHERE h.state = 'waiting' AND (
        NOT :full OR h.cause = 'direct_request' OR l.erased_at IS NOT NULL
        OR (l.armed AND h.cause = ANY(:cooling))
    )
    ORDER BY h.cause <> 'direct_request', NOT h.priority, h.score DESC, h.ready_at, h.id
    LIMIT :limit FOR NO KEY UPDATE OF l SKIP LOCKED
""")


def next_waiting(session: Session, *, full: bool, cooling: Sequence[str], limit: int) -> list[int]:
    """The next ones in order, their leads locked; those being changed right now are passed over until the
    next time. When capacity is `full`, only those that do not wait for it: direct requests, and those to be
    withdrawn (made for one of the `cooling` causes, and cooled)."""
    return list(session.scalars(_NEXT, {"full": full, "cooling": list(cooling), "limit": limit}))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A waiting hand-off with what is known of its lead. `temperature` and `heat_log2` are the lead's own, by
    the default model; `heat` is what it ripened with. `cooled`: the lead is armed again, so its readiness
    has fallen since; `owner_id` an owner who can still act."""

    id: int
    lead_id: int
    ripening_no: int
    cause: str
    score: float
    rise: float
    reasons: list[Mapping[str, Any]]
    temperature: str
    heat: float
    heat_log2: float | None
    grade: str | None
    bant: dict[str, Any]
    cooled: bool
    erased: bool
    email: str | None
    name: str
    phone: str | None
    company: str | None
    role: str | None
    timezone: str | None
    language: str | None
    source: str | None
    owner_id: int | None


_DETAILS = text("""
    SELECT h.id, h.lead_id, h.ripening_no, h.cause, h.score, h.rise, h.reasons, l.temperature, h.heat,
        l.heat_log2, h.grade, l.bant, l.armed AS cooled, l.erased_at IS NOT NULL AS erased, l.email,
        concat_ws(' ', l.first_name, l.last_name) AS name, l.phone, c.name AS company, l.role, l.timezone,
        l.language, s.name AS source, o.id AS owner_id
    FROM handoff h
    JOIN lead l ON l.id = h.lead_id
    LEFT JOIN company c ON c.id = l.company_id
    LEFT JOIN source s ON s.id = l.source_id
    LEFT JOIN user_account o ON o.id = coalesce(h.owner_id, l.owner_id) AND o.disabled_at IS NULL
    WHERE h.id = ANY(:ids) AND h.state = 'waiting'
    ORDER BY array_position(CAST(:ids AS bigint[]), h.id)
    FOR UPDATE OF h
""")


def details(session: Session, ids: Sequence[int]) -> list[Waiting]:
    """Those of `ids` that still wait, in the order given, locked."""
    return [Waiting(**row._mapping) for row in session.execute(_DETAILS, {"ids": list(ids)})]


@dataclass(slots=True)
class Seller:
    """A person of sales (or the owner of a lead), and how many hand-offs they hold."""

    id: int
    name: str
    email: str
    sales: bool
    holds: int


_SELLERS = text("""
    SELECT u.id, u.name, u.email, u.role = 'sales' AS sales, count(h.id) AS holds
    FROM user_account u
    LEFT JOIN handoff h ON h.owner_id = u.id AND h.state = ANY(:states)
    WHERE u.disabled_at IS NULL AND (u.role = 'sales' OR u.id = ANY(:owners))
    GROUP BY u.id ORDER BY u.id
""")


def sellers(session: Session, owners: Sequence[int], states: Sequence[str]) -> list[Seller]:
    """Everyone of sales, and the given owners whatever their role; `holds` counts hand-offs in `states`."""
    rows = session.execute(_SELLERS, {"owners": list(owners), "states": list(states)})
    return [Seller(**row._mapping) for row in rows]


@dataclass(frozen=True, slots=True)
class PastSignal:
    """A signal by a person."""

    lead_id: int
    kind: str
    occurred_at: datetime
    mail: str | None
    data: dict[str, Any]


_RECENT = text("""
    SELECT last.* FROM unnest(CAST(:leads AS bigint[])) AS given(lead_id) CROSS JOIN LATERAL (
        SELECT s.lead_id, s.kind, s.occurred_at, s.mail_key AS mail, s.data FROM signal s
        WHERE s.lead_id = given.lead_id AND coalesce(
            (SELECT v.verdict FROM signal_verdict v WHERE v.signal_id = s.id ORDER BY v.at DESC LIMIT 1),
            s.verdict
        ) = 'human'
        ORDER BY s.occurred_at DESC, s.id DESC LIMIT :each
    ) last
""")


def recent_signals(session: Session, lead_ids: Sequence[int], each: int) -> dict[int, list[PastSignal]]:
    """The last `each` signals by people of each lead, newest first."""
    found: dict[int, list[PastSignal]] = {lead_id: [] for lead_id in lead_ids}
    for row in session.execute(_RECENT, {"leads": list(lead_ids), "each": each}):
        found[row.lead_id].append(PastSignal(**row._mapping))
    return found


_LEADS = text("SELECT lead_id FROM handoff WHERE id = ANY(:ids)")
_RELEASE = text("""
    WITH given AS (
        SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:owners AS bigint[])) AS given(id, owner_id)
    ), released AS (
        UPDATE handoff h SET state = 'released', released_at = :now, owner_id = given.owner_id
        FROM given WHERE h.id = given.id RETURNING h.lead_id, h.owner_id
    )
    UPDATE lead SET owner_id = released.owner_id FROM released
    WHERE lead.id = released.lead_id AND released.owner_id IS NOT NULL
        AND lead.owner_id IS DISTINCT FROM released.owner_id
""")


def release(session: Session, owners: Mapping[int, int | None], *, now: datetime) -> None:
    """Hand these over: hand-off id -> owner. The lead's owner becomes the hand-off's."""
    session.execute(_RELEASE, {"ids": list(owners.keys()), "owners": list(owners.values()), "now": now})
    mark_dirty(session, session.scalars(_LEADS, {"ids": list(owners.keys())}).all())
