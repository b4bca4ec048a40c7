"""Whose turn it is: newsletters under way, the leads they address, those who wait, and their mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.rules.conditions import Condition, OneOf
from nurture.store.conditions import population
from nurture.store.enrollments.claiming import TALKING
from nurture.store.leads import Lead
from nurture.store.newsletters.counting import count
from nurture.store.newsletters.table import Newsletter
from nurture.store.segment_members import whole_base


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lead to be looked at, locked. `consent_id` is the entry of the ledger that holds, a yes or not; None
    if never asked. `with_sales` tells that sales is talking to the lead."""

    lead_id: int
    email_norm: str | None
    timezone: str | None
    consent_id: int | None
    paused_until: datetime | None
    erased: bool
    with_sales: bool


@dataclass(frozen=True, slots=True)
class Wait:
    """A reader whose turn comes at `due_at`."""

    lead_id: int
    due_at: datetime
    reason: str


_BEGIN = text(
    """
    UPDATE newsletter SET state = 'sending', started_at = coalesce(started_at, :now), updated_at = :now
    WHERE state = 'scheduled' AND starts_at <= :now
    """
)
_TURN = text(
    """
    SELECT n.id FROM newsletter n
    WHERE n.state = 'sending'
      AND (n.looked_at IS NULL OR NOT EXISTS (SELECT FROM newsletter_wait w WHERE w.newsletter_id = n.id)
           OR EXISTS (SELECT FROM newsletter_wait w WHERE w.newsletter_id = n.id AND w.due_at <= :now))
      AND n.id > :after
    ORDER BY n.id LIMIT 1
    FOR NO KEY UPDATE SKIP LOCKED
    """
)
_AHEAD = text(
    """
    SELECT count(*) FROM (
        SELECT FROM delivery
        WHERE newsletter_id = :id AND state IN ('scheduled', 'ready', 'leased', 'sending', 'deferred')
        LIMIT :most
    ) waiting
    """
)
_DUE_WAITS = text(
    """
    DELETE FROM newsletter_wait WHERE (newsletter_id, lead_id) IN (
        SELECT newsletter_id, lead_id FROM newsletter_wait
        WHERE newsletter_id = :id AND due_at <= :now ORDER BY due_at LIMIT :limit
        FOR UPDATE SKIP LOCKED)
    RETURNING lead_id
    """
)
# Caps and consent of one lead are decided by one worker at a time; whom another holds has its turn later.
_LOCK = text(
    """
    SELECT l.id AS lead_id, l.email_norm, l.timezone, c.consent_id, p.until AS paused_until,
           l.erased_at IS NOT NULL AS erased,
           EXISTS (SELECT FROM handoff h WHERE h.lead_id = l.id AND h.state = ANY(:talking)) AS with_sales
    FROM lead l
    LEFT JOIN lead_consent c ON c.lead_id = l.id AND c.purpose = :purpose
    LEFT JOIN lead_pause p ON p.lead_id = l.id AND p.until > :now
    WHERE l.id = ANY(:lead_ids)
    ORDER BY l.id
    FOR NO KEY UPDATE OF l SKIP LOCKED
    """
)
_WAIT = text(
    """
    INSERT INTO newsletter_wait (newsletter_id, lead_id, due_at, reason)
    SELECT :id, lead_id, due_at, reason
    FROM unnest(CAST(:leads AS bigint[]), CAST(:dues AS timestamptz[]), CAST(:reasons AS text[]))
         AS w (lead_id, due_at, reason)
    ON CONFLICT (newsletter_id, lead_id) DO UPDATE SET due_at = excluded.due_at, reason = excluded.reason
    """
)
_SEND = text(
    """
    WITH made AS (
        INSERT INTO delivery (dedup_key, purpose, consent_purpose, lead_id, newsletter_id, mail_version_id,
                              params, state, reason, due_at, consent_id, created_at, settled_at)
        SELECT 'newsletter:' || CAST(:id AS bigint) || ':' || lead_id, 'newsletter', :purpose, lead_id, :id,
               :mail_version_id, CAST(params AS jsonb), CASE WHEN reason = '' THEN 'ready' ELSE 'skipped' END,
               reason, :now, consent_id, :now,
               CASE WHEN reason = '' THEN NULL ELSE CAST(:now AS timestamptz) END
        FROM unnest(CAST(:leads AS bigint[]), CAST(:reasons AS text[]), CAST(:params AS text[]),
                    CAST(:consents AS bigint[]))
             AS s (lead_id, reason, params, consent_id)
        ON CONFLICT (dedup_key) DO NOTHING
        RETURNING state, reason
    )
    SELECT state, reason, count(*) AS n FROM made GROUP BY state, reason
    """
)
_CANCEL = text(
    """
    WITH waits AS (
        DELETE FROM newsletter_wait WHERE newsletter_id = :id
    )
    UPDATE delivery SET state = 'cancelled', reason = 'newsletter_cancelled', settled_at = :now
    WHERE newsletter_id = :id AND state IN ('scheduled', 'ready', 'leased', 'deferred')
    RETURNING id
    """
)
_LATE = text(
    """
    SELECT d.id, l.timezone, l.country FROM delivery d JOIN lead l ON l.id = d.lead_id
    WHERE d.newsletter_id = :id AND d.state IN ('scheduled', 'ready', 'deferred')
      AND CAST(d.params ->> 'until' AS timestamptz) <= :now
    ORDER BY d.id LIMIT :limit
    FOR UPDATE OF d SKIP LOCKED
    """
)


def begin_due(session: Session, *, now: datetime) -> None:
    """Newsletters whose time has come begin."""
    session.execute(_BEGIN, {"now": now})


def take_turn(session: Session, after: int, *, now: datetime) -> Newsletter | None:
    """The next newsletter after this id that has readers to look at, or may be at its end; locked. One that
    another worker holds is passed over."""
    found = session.execute(_TURN, {"after": after, "now": now}).scalar_one_or_none()
    return None if found is None else session.get(Newsletter, found, populate_existing=True)


def ahead(session: Session, newsletter_id: int, *, most: int) -> int:
    """How many of its mails wait to go out or go out now, counted up to `most`."""
    return int(session.execute(_AHEAD, {"id": newsletter_id, "most": most}).scalar_one())


def next_leads(
    session: Session, condition: Condition, cursor: int, *, demo: bool, now: datetime, limit: int
) -> list[int]:
    """The next leads by id for whom the condition holds; of invented leads alone, or of all others. One
    pass over the base: ask for many at once."""
    query = population(session, condition, now=now).where(Lead.demo.is_(demo))
    lead_id = query.selected_columns[0]
    wanted = query.where(lead_id > cursor).order_by(lead_id).limit(limit)
    # A condition that is nothing but consent follows an index; others are guessed badly one by one.
    if isinstance(condition, OneOf):
        return list(session.scalars(wanted))
    with whole_base(session):
        return list(session.scalars(wanted))


def due_waits(session: Session, newsletter_id: int, *, now: datetime, limit: int) -> list[int]:
    """Readers whose turn has come; they wait no more."""
    return list(session.scalars(_DUE_WAITS, {"id": newsletter_id, "now": now, "limit": limit}))


def lock_leads(session: Session, lead_ids: Sequence[int], purpose: str, *, now: datetime) -> list[Candidate]:
    """Those of the leads that nobody else holds, locked."""
    values = {"lead_ids": list(lead_ids), "purpose": purpose, "now": now, "talking": list(TALKING)}
    return [Candidate(**row) for row in session.execute(_LOCK, values).mappings()]


def late(
    session: Session, newsletter_id: int, *, now: datetime, limit: int
) -> list[tuple[int, str | None, str | None]]:
    """(delivery, the reader's zone and country) of mails whose window closed before they went out, locked."""
    rows = session.execute(_LATE, {"id": newsletter_id, "now": now, "limit": limit})
    return [(row.id, row.timezone, row.country) for row in rows]


def wait(session: Session, newsletter_id: int, waits: Sequence[Wait]) -> None:
    """Let these have their turn later."""
    if waits:
        values = {
            "id": newsletter_id,
            "leads": [one.lead_id for one in waits],
            "dues": [one.due_at for one in waits],
            "reasons": [one.reason for one in waits],
        }
        session.execute(_WAIT, values)


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail to one reader; with a `reason` it is left out and that is what is kept. `params` as JSON."""

    lead_id: int
    consent_id: int | None
    reason: str = ""
    params: str = "{}"


def send(session: Session, newsletter: Newsletter, mails: Sequence[NewMail], *, now: datetime) -> None:
    """Make the deliveries, one for each reader however often it is asked, and count them."""
    if not mails:
        return
    made = session.execute(
        _SEND,
        {
            "id": newsletter.id,
            "purpose": newsletter.purpose,
            "mail_version_id": newsletter.mail_version_id,
            "leads": [one.lead_id for one in mails],
            "reasons": [one.reason for one in mails],
            "params": [one.params for one in mails],
            "consents": [one.consent_id for one in mails],
            "now": now,
        },
    ).all()
    tally: dict[str, int] = {}
    for state, reason, n in made:
        names = ["readers"] if state == "ready" else ["readers", "skipped", f"skipped:{reason}"]
        for name in names:
            tally[name] = tally.get(name, 0) + n
    count(session, newsletter.id, tally)


def cancel_unsent(session: Session, newsletter_id: int, *, now: datetime) -> int:
    """Call off everything of it that has not begun to go out; how many mails."""
    return len(session.execute(_CANCEL, {"id": newsletter_id, "now": now}).all())
