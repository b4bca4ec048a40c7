"""The sales inbox: whose clock runs, who waits for a second call, whom one meets, who was put off."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store.lead_judgements import by_hand
from nurture.store.lead_names import called

# Nobody works through more than this; those behind come up when the first are answered.
MOST = 200
_PUT_OFF = 30


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A hand-off in the list. `score` is the readiness with which the lead ripened, or its present one when
    that is higher; `grade_reason` why a person set the grade, `meets_at` the date of the meeting, `back_at`
    when a lead that was put off comes back."""

    id: int
    lead_id: int
    state: str
    cause: str
    name: str
    role: str | None
    company: str | None
    city: str | None
    phone: str | None
    grade: str | None
    temperature: str
    score: float
    reasons: list[Mapping[str, Any]]
    owner_id: int | None
    owner: str | None
    released_at: datetime | None
    clock_from: datetime | None
    due_at: datetime | None
    overdue: bool
    grade_reason: str | None
    meets_at: datetime | None
    back_at: datetime | None
    heat_before: float | None
    heat_log2: float | None


_COLUMNS = f"""
    h.id, h.lead_id, h.state, h.cause, {called("l")} AS name,
    l.role, c.name AS company, coalesce(l.city, c.city) AS city, l.phone,
    coalesce(l.grade_override, l.grade, h.grade) AS grade, l.temperature,
    greatest(h.score, l.readiness) AS score, h.reasons, h.owner_id, u.name AS owner, h.released_at,
    h.clock_from, h.due_at, h.overdue_at IS NOT NULL AS overdue,
    {by_hand("l")} AS grade_reason,
    meeting.happens_at AS meets_at, l.future_at AS back_at, h.heat_before, l.heat_log2
"""
_FROM = """
    FROM handoff h JOIN lead l ON l.id = h.lead_id
    LEFT JOIN company c ON c.id = l.company_id
    LEFT JOIN user_account u ON u.id = h.owner_id
    LEFT JOIN LATERAL (
        SELECT o.happens_at FROM handoff_outcome o WHERE o.handoff_id = h.id AND o.outcome = 'meeting'
        ORDER BY o.id DESC LIMIT 1
    ) meeting ON h.state = 'meeting'
"""
_OPEN = text(f"""
    SELECT {_COLUMNS} {_FROM}
    WHERE h.state IN ('released', 'accepted', 'contacted', 'meeting')
        AND (CAST(:owner AS bigint) IS NULL OR h.owner_id = :owner)
        AND (CAST(:team AS bigint) IS NULL OR h.team_id = :team)
    ORDER BY array_position(ARRAY['released', 'accepted', 'contacted', 'meeting'], h.state), h.priority DESC,
        greatest(h.score, l.readiness) DESC, h.id
    LIMIT :most
""")
_LATER = text(f"""
    SELECT {_COLUMNS} {_FROM}
    WHERE h.state = 'later' AND l.future_at > :now AND h.ripening_no = l.ripening_no
        AND (CAST(:owner AS bigint) IS NULL OR h.owner_id = :owner)
        AND (CAST(:team AS bigint) IS NULL OR h.team_id = :team)
    ORDER BY l.future_at, h.id LIMIT :most
""")
_ONE = text(f"SELECT {_COLUMNS} {_FROM} WHERE h.id = :id")


def open_rows(session: Session, *, owner: int | None, team: int | None) -> list[InboxRow]:
    """What is with sales now, of a person, a team, or all; first those nobody has called, ripest first."""
    rows = session.execute(_OPEN, {"owner": owner, "team": team, "most": MOST})
    return [InboxRow(**row._mapping) for row in rows]


def put_off(session: Session, *, owner: int | None, team: int | None, now: datetime) -> list[InboxRow]:
    """Leads that come back on a day, the next first."""
    rows = session.execute(_LATER, {"owner": owner, "team": team, "now": now, "most": _PUT_OFF})
    return [InboxRow(**row._mapping) for row in rows]


def one(session: Session, handoff_id: int) -> InboxRow | None:
    row = session.execute(_ONE, {"id": handoff_id}).one_or_none()
    return InboxRow(**row._mapping) if row else None


@dataclass(frozen=True, slots=True)
class Whose:
    """How many are open: the viewer's, their team's, everybody's; each up to 100."""

    mine: int
    team: int
    all: int


_COUNTS = text("""
    SELECT
        (SELECT count(*) FROM (SELECT FROM handoff WHERE owner_id = :viewer AND state = ANY(:states)
            LIMIT 100) a) AS mine,
        (SELECT count(*) FROM (SELECT FROM handoff WHERE team_id = :team AND state = ANY(:states)
            LIMIT 100) b) AS team,
        (SELECT count(*) FROM (SELECT FROM handoff WHERE state = ANY(:states) LIMIT 100) c) AS all
""")
_ON_THE_DESK = ("released", "accepted", "contacted", "meeting")


def counts(session: Session, *, viewer: int, team: int) -> Whose:
    given = {"viewer": viewer, "team": team, "states": list(_ON_THE_DESK)}
    return Whose(*session.execute(_COUNTS, given).one())


@dataclass(frozen=True, slots=True)
class Known:
    """What the opened card shows of the lead. `bant` is each answer with its source and date where known."""

    email: str | None
    phone: str | None
    timezone: str | None
    language: str | None
    bant: dict[str, Any]
    source: str | None
    company_size: int | None
    company_id: int | None
    touches_in: int
    touches_out: int
    email_norm: str | None


_KNOWN = text("""
    SELECT l.email, l.phone, l.timezone, l.language, l.bant, s.name AS source, c.size AS company_size,
        l.company_id, l.touches_in, l.touches_out, l.email_norm
    FROM lead l LEFT JOIN source s ON s.id = l.source_id LEFT JOIN company c ON c.id = l.company_id
    WHERE l.id = :id
""")


def known(session: Session, lead_id: int) -> Known:
    return Known(**session.execute(_KNOWN, {"id": lead_id}).one()._mapping)


@dataclass(frozen=True, slots=True)
class Colleague:
    """Another contact of the lead's company, with their part in the decision; `with_sales` is whether sales
    has them too, `held_by` by whom."""

    id: int
    name: str
    role: str | None
    buying_role: str | None
    temperature: str
    last_signal_at: datetime | None
    with_sales: bool
    held_by: str | None


_CENTRE = text(f"""
    SELECT l.id, l.role, {called("l")} AS name, l.buying_role, l.temperature, l.last_signal_at,
        held.lead_id IS NOT NULL AS with_sales, held.name AS held_by
    FROM lead l LEFT JOIN LATERAL (
        SELECT h.lead_id, u.name FROM handoff h LEFT JOIN user_account u ON u.id = h.owner_id
        WHERE h.lead_id = l.id AND h.state IN ('released', 'accepted', 'contacted', 'meeting')
        ORDER BY h.ripening_no DESC LIMIT 1
    ) held ON true
    WHERE l.company_id = :company AND l.id <> :lead AND l.erased_at IS NULL
    ORDER BY array_position(ARRAY['hot', 'warm', 'cold'], l.temperature), l.readiness DESC, l.id LIMIT 30
""")


def buying_centre(session: Session, company_id: int | None, lead_id: int) -> list[Colleague]:
    """The other contacts of the company, the warmest first, at most thirty."""
    if company_id is None:
        return []
    rows = session.execute(_CENTRE, {"company": company_id, "lead": lead_id})
    return [Colleague(**row._mapping) for row in rows]


@dataclass(frozen=True, slots=True)
class Said:
    """A mail that the lead got from us, its key, and whether a person opened and clicked it."""

    id: int
    mail: str
    subject: str
    sent_at: datetime
    opened: bool
    clicked: bool


_SAID = text("""
    SELECT d.id, m.key AS mail, v.subject, d.sent_at, d.opened_at IS NOT NULL AS opened,
        d.clicked_at IS NOT NULL AS clicked
    FROM delivery d JOIN mail_version v ON v.id = d.mail_version_id JOIN mail m ON m.id = v.mail_id
    WHERE d.lead_id = :lead AND d.state = 'sent' ORDER BY d.id DESC LIMIT 5
""")


def said(session: Session, lead_id: int) -> list[Said]:
    """What marketing said last, the newest first."""
    return [Said(**row._mapping) for row in session.execute(_SAID, {"lead": lead_id})]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A hand-off of the same lead before this one, with the last answer of sales and whose it was."""

    id: int
    ready_at: datetime
    state: str
    owner: str | None
    reason: str
    note: str
    by: str


_EARLIER = text("""
    SELECT h.id, h.ready_at, h.state, u.name AS owner, coalesce(o.reason, '') AS reason,
        coalesce(o.note, '') AS note, coalesce(o.by, '') AS by
    FROM handoff h LEFT JOIN user_account u ON u.id = h.owner_id
    LEFT JOIN LATERAL (
        SELECT reason, note, by FROM handoff_outcome WHERE handoff_id = h.id ORDER BY id DESC LIMIT 1
    ) o ON true
    WHERE h.lead_id = :lead AND h.id < :before ORDER BY h.id DESC LIMIT 5
""")


def earlier(session: Session, lead_id: int, before: int) -> list[Earlier]:
    """The hand-offs of the lead before this one, the newest first, at most five."""
    rows = session.execute(_EARLIER, {"lead": lead_id, "before": before})
    return [Earlier(**row._mapping) for row in rows]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to whom a hand-off can be passed on."""

    id: int
    name: str


def colleagues(session: Session, but: int | None) -> list[Person]:
    """Everybody of sales but the present owner."""
    rows = session.execute(
        text("""
            SELECT u.id, u.name FROM user_account u LEFT JOIN sales_member m ON m.user_id = u.id
            WHERE u.disabled_at IS NULL AND (u.role = 'sales' OR m.user_id IS NOT NULL)
                AND u.id IS DISTINCT FROM CAST(:but AS bigint)
            ORDER BY u.name, u.id LIMIT 200
        """),
        {"but": but},
    )
    return [Person(**row._mapping) for row in rows]
