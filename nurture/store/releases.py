"""Releasing hand-offs: who is next, what is known of each, and who of sales has the fewest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from nurture.rules.routing import Seller
from nurture.store.handoffs import Handoff
from nurture.store.installation import Installation
from nurture.store.lead_names import called, full_name
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


# Direct requests are first, beyond any capacity; then what is marked urgent; then the ripest of now: a lead
# that waits goes on being nurtured, and its readiness moves.
_NEXT = text("""
    SELECT h.id FROM handoff h JOIN lead l ON l.id = h.lead_id
    WHERE h.state = 'waiting' AND (
        NOT :full OR h.cause = 'direct_request' OR l.erased_at IS NOT NULL
        OR (l.armed AND h.cause = ANY(:cooling))
    )
    ORDER BY h.cause <> 'direct_request', NOT h.priority, greatest(h.score, l.readiness) DESC,
        h.ready_at, h.id
    LIMIT :limit
""")
_LOCK = text("""
    SELECT h.id FROM handoff h JOIN lead l ON l.id = h.lead_id
    WHERE h.id = ANY(:ids) FOR NO KEY UPDATE OF l SKIP LOCKED
""")


def next_waiting(session: Session, *, full: bool, cooling: Sequence[str], limit: int) -> list[int]:
    """Those that wait, in order, not locked. When capacity is `full`, only those that do not wait for it:
    direct requests, and those to be withdrawn (made for one of the `cooling` causes, and cooled)."""
    return list(session.scalars(_NEXT, {"full": full, "cooling": list(cooling), "limit": limit}))


def lock_leads(session: Session, ids: Sequence[int]) -> set[int]:
    """Those of the hand-offs whose leads are ours now; the others are being changed at this moment."""
    return set(session.scalars(_LOCK, {"ids": list(ids)}))


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
    first_name: str | None
    last_name: str | None
    phone: str | None
    company_id: int | None
    company: str | None
    role: str | None
    timezone: str | None
    language: str | None
    source: str | None
    owner_id: int | None


_DETAILS = text(f"""
    SELECT h.id, h.lead_id, h.ripening_no, h.cause, h.score, h.rise, h.reasons, l.temperature, h.heat,
        l.heat_log2, coalesce(l.grade_override, h.grade) AS grade, l.bant, l.armed AS cooled,
        l.erased_at IS NOT NULL AS erased, l.email,
        coalesce({full_name("l")}, '') AS name, l.first_name, l.last_name, l.phone,
        l.company_id, c.name AS company, l.role, l.timezone, l.language, s.name AS source, o.id AS owner_id
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


_SPEAKERS = text("""
    SELECT DISTINCT ON (l.company_id) l.company_id, h.owner_id
    FROM lead l JOIN handoff h ON h.lead_id = l.id
    WHERE l.company_id = ANY(CAST(:companies AS bigint[])) AND h.state = ANY(:states)
        AND h.owner_id IS NOT NULL
    ORDER BY l.company_id, h.released_at, h.id
""")


def speakers(session: Session, company_ids: Sequence[int], states: Sequence[str]) -> dict[int, int]:
    """Who of sales holds somebody of each company in one of these states, for the longest time."""
    if not company_ids:
        return {}
    rows = session.execute(_SPEAKERS, {"companies": list(company_ids), "states": list(states)})
    return {row.company_id: row.owner_id for row in rows}


# A day begins in the zone of the team; `days` holds its date there.
_SELLERS = text("""
    WITH team AS (
        SELECT * FROM unnest(CAST(:teams AS bigint[]), CAST(:starts AS timestamptz[]), CAST(:days AS date[]))
        AS team(id, starts, day)
    ), person AS (
        SELECT u.id, u.name, u.email, u.role = 'sales' OR m.user_id IS NOT NULL AS sales,
            coalesce(m.team_id, CAST(:default_team AS bigint)) AS team_id, m.per_day, m.open_most
        FROM user_account u LEFT JOIN sales_member m ON m.user_id = u.id
        WHERE u.disabled_at IS NULL AND (u.role = 'sales' OR m.user_id IS NOT NULL OR u.id = ANY(:owners))
    )
    SELECT p.*,
        (SELECT count(*) FROM handoff h WHERE h.owner_id = p.id AND h.state = ANY(:states)) AS holds,
        (SELECT count(*) FROM handoff h WHERE h.owner_id = p.id AND h.released_at >= team.starts) AS today,
        EXISTS (SELECT FROM sales_absence a WHERE a.user_id = p.id
            AND a.from_day <= team.day AND a.until_day >= team.day) AS away
    FROM person p JOIN team ON team.id = p.team_id ORDER BY p.id
""")


@dataclass(frozen=True, slots=True)
class TeamDay:
    """A team, and the day that it is there: when it began, and its date."""

    team_id: int
    starts: datetime
    day: date


def sellers(
    session: Session,
    owners: Sequence[int],
    states: Sequence[str],
    days: Sequence[TeamDay],
    default_team: int,
) -> list[Seller]:
    """Everyone of sales, and the given owners whatever their role; `holds` counts hand-offs in `states`,
    `today` those released since the day of the person's team began."""
    given = {
        "owners": list(owners),
        "states": list(states),
        "teams": [day.team_id for day in days],
        "starts": [day.starts for day in days],
        "days": [day.day for day in days],
        "default_team": default_team,
    }
    return [Seller(**row._mapping) for row in session.execute(_SELLERS, given)]


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


@dataclass(frozen=True, slots=True)
class Release:
    """A hand-off that goes to sales: to whom (None: to whoever listens to the webhook, and no clock of ours
    runs for them), of which team, due by when."""

    id: int
    owner_id: int | None
    team_id: int
    due_at: datetime | None


_RELEASE = text("""
    WITH given AS (
        SELECT * FROM unnest(
            CAST(:ids AS bigint[]), CAST(:owners AS bigint[]), CAST(:teams AS bigint[]),
            CAST(:due AS timestamptz[])
        ) AS given(id, owner_id, team_id, due_at)
    ), released AS (
        UPDATE handoff h SET state = 'released', released_at = :now, owner_id = given.owner_id,
            team_id = given.team_id, clock_from = :now, due_at = given.due_at, silent_since = :now,
            watch_at = CASE WHEN given.owner_id IS NOT NULL THEN CAST(:now AS timestamptz) END
        FROM given WHERE h.id = given.id RETURNING h.id, h.lead_id, h.owner_id
    ), recorded AS (
        INSERT INTO handoff_event (handoff_id, at, kind, by, detail)
        SELECT id, :now, 'released', 'hand_over', jsonb_build_object('owner_id', owner_id) FROM released
    ), owned AS (
        UPDATE lead SET owner_id = released.owner_id FROM released
        WHERE lead.id = released.lead_id AND released.owner_id IS NOT NULL
            AND lead.owner_id IS DISTINCT FROM released.owner_id
    )
    SELECT lead_id FROM released
""")


def release(session: Session, releases: Sequence[Release], *, now: datetime) -> None:
    """Hand these over. The lead's owner becomes the hand-off's; its clock is looked at at once."""
    given = {
        "ids": [one.id for one in releases],
        "owners": [one.owner_id for one in releases],
        "teams": [one.team_id for one in releases],
        "due": [one.due_at for one in releases],
        "now": now,
    }
    mark_dirty(session, list(session.scalars(_RELEASE, given)))


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody at the company of a lead, the lead too."""

    of: int
    id: int
    name: str
    email: str | None
    phone: str | None
    role: str | None
    buying_role: str | None
    temperature: str
    grade: str | None
    stage: str
    last_touch: datetime | None


_CENTRES = text(f"""
    SELECT given.id AS of, c.* FROM lead given CROSS JOIN LATERAL (
        SELECT l.id, {called("l")} AS name, l.email, l.phone, l.role, l.buying_role, l.temperature,
            coalesce(l.grade_override, l.grade) AS grade, l.stage, l.last_signal_at AS last_touch
        FROM lead l WHERE l.company_id = given.company_id AND l.erased_at IS NULL
        ORDER BY l.id <> given.id, l.heat_log2 DESC NULLS LAST, l.id LIMIT :each
    ) c
    WHERE given.id = ANY(CAST(:leads AS bigint[]))
""")


def buying_centres(session: Session, lead_ids: Sequence[int], each: int) -> dict[int, list[Colleague]]:
    """Everybody at the company of each lead, the lead first, then the warmest; nobody without a company."""
    found: dict[int, list[Colleague]] = {lead_id: [] for lead_id in lead_ids}
    for row in session.execute(_CENTRES, {"leads": list(lead_ids), "each": each}):
        found[row.of].append(Colleague(**row._mapping))
    return found
