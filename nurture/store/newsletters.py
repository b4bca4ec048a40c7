"""Newsletters: one mail to everybody who fits, once; who waits for it, and how far it has come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.conditions import Condition
from nurture.store.base import Base, Count, Flag, Id, Instant, Json, Ref
from nurture.store.conditions import population
from nurture.store.leads import Lead

STATES = ("draft", "scheduled", "sending", "paused", "sent", "cancelled")
MODES = ("now", "at", "local")


class Newsletter(Base):
    """One mail to many. `audience` is a condition as written ({}: everybody who agreed to `purpose`);
    `hours` a window as a program writes it ({}: at any time); `over` what a cap does, defer or skip;
    `priority` its place among mails that compete under a cap; `while_with_sales` whether leads whom sales
    is talking to are left out (pause) or not (go_on).
    `mode`: now, at (`starts_at`), or local (`local_at`, a local date and time in each lead's zone, for
    which `starts_at` is when it begins on earth). Leads up to `cursor` have been looked at; `looked_at`
    when all were. `size` is how many it addresses, once known."""

    __tablename__ = "newsletter"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint(f"mode IN {MODES}", name="mode"),
        CheckConstraint("\"over\" IN ('defer', 'skip')", name="over"),
        CheckConstraint("while_with_sales IN ('pause', 'go_on')", name="while_with_sales"),
    )

    id: Mapped[Id]
    name: Mapped[str]
    subject: Mapped[str] = mapped_column(server_default="")
    preheader: Mapped[str] = mapped_column(server_default="")
    body: Mapped[str] = mapped_column(server_default="")
    format: Mapped[str] = mapped_column(server_default="md")
    language: Mapped[str] = mapped_column(server_default="en")
    purpose: Mapped[str] = mapped_column(server_default="marketing")
    audience: Mapped[Json]
    hours: Mapped[Json]
    over: Mapped[str] = mapped_column(server_default="skip")
    priority: Mapped[Count]
    while_with_sales: Mapped[str] = mapped_column(server_default="pause")
    state: Mapped[str] = mapped_column(server_default="draft")
    mode: Mapped[str] = mapped_column(server_default="now")
    starts_at: Mapped[Instant | None]
    local_at: Mapped[str | None]
    mail_version_id: Mapped[Ref | None] = mapped_column(ForeignKey("mail_version.id"))
    cursor: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    size: Mapped[int | None] = mapped_column(BigInteger)
    created_by: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    started_at: Mapped[Instant | None]
    looked_at: Mapped[Instant | None]
    finished_at: Mapped[Instant | None]
    sender_id: Mapped[Ref | None] = mapped_column(ForeignKey("sender.id"))
    demo: Mapped[Flag]


class NewsletterWait(Base):
    """A reader whose turn comes later: at a local time, in a window, when a cap allows, or because
    somebody else held its row."""

    __tablename__ = "newsletter_wait"
    __table_args__ = (Index("ix_newsletter_wait_newsletter_id_due_at", "newsletter_id", "due_at"),)

    newsletter_id: Mapped[Ref] = mapped_column(ForeignKey("newsletter.id"), primary_key=True)
    lead_id: Mapped[Ref] = mapped_column(primary_key=True)
    due_at: Mapped[Instant]
    reason: Mapped[str]


class NewsletterCount(Base):
    """Counters: readers (addressed so far), sent, failed, cancelled, skipped, skipped:<reason>."""

    __tablename__ = "newsletter_count"

    newsletter_id: Mapped[Ref] = mapped_column(ForeignKey("newsletter.id"), primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class NewsletterMinute(Base):
    """How many mails of a newsletter came to their end in a minute: its rate."""

    __tablename__ = "newsletter_minute"

    newsletter_id: Mapped[Ref] = mapped_column(ForeignKey("newsletter.id"), primary_key=True)
    minute: Mapped[Instant] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lead to be looked at, locked. `with_consent` is the ledger's entry, None without a yes."""

    lead_id: int
    email_norm: str | None
    timezone: str | None
    consent_id: int | None
    paused_until: datetime | None
    erased: bool


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
           l.erased_at IS NOT NULL AS erased
    FROM lead l
    LEFT JOIN lead_consent c ON c.lead_id = l.id AND c.purpose = :purpose AND c.granted
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
_COUNT = text(
    """
    INSERT INTO newsletter_count (newsletter_id, what, n)
    SELECT newsletter_id, what, n
    FROM unnest(CAST(:ids AS bigint[]), CAST(:whats AS text[]), CAST(:ns AS bigint[]))
         AS t (newsletter_id, what, n)
    ORDER BY newsletter_id, what
    ON CONFLICT (newsletter_id, what) DO UPDATE SET n = newsletter_count.n + excluded.n
    """
)
_SETTLED = text(
    """
    WITH ended AS (
        SELECT d.newsletter_id, s.state, s.reason
        FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:reasons AS text[]))
             AS s (delivery_id, state, reason)
        JOIN delivery d ON d.id = s.delivery_id
        WHERE d.newsletter_id IS NOT NULL
    ), told AS (
        INSERT INTO newsletter_count (newsletter_id, what, n)
        SELECT newsletter_id, what, count(*) FROM (
            SELECT newsletter_id, CASE state WHEN 'uncertain' THEN 'sent' ELSE state END AS what FROM ended
            UNION ALL
            SELECT newsletter_id, 'skipped:' || split_part(reason, ':', 1) FROM ended WHERE state = 'skipped'
        ) every
        GROUP BY newsletter_id, what ORDER BY newsletter_id, what
        ON CONFLICT (newsletter_id, what) DO UPDATE SET n = newsletter_count.n + excluded.n
    )
    INSERT INTO newsletter_minute (newsletter_id, minute, n)
    SELECT newsletter_id, date_trunc('minute', CAST(:now AS timestamptz)), count(*) FROM ended
    GROUP BY newsletter_id ORDER BY newsletter_id
    ON CONFLICT (newsletter_id, minute) DO UPDATE SET n = newsletter_minute.n + excluded.n
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
_COUNTS = text("SELECT what, n FROM newsletter_count WHERE newsletter_id = :id")
_WAITING = text(
    """
    SELECT reason, count(*) AS n, min(due_at) AS first_at, max(due_at) AS last_at
    FROM newsletter_wait WHERE newsletter_id = :id GROUP BY reason ORDER BY reason
    """
)
_PACE = text(
    """
    SELECT coalesce(sum(n), 0) AS n, min(minute) AS first FROM newsletter_minute
    WHERE newsletter_id = :id AND minute > :since
    """
)
_MAIL_OF = text(
    """
    SELECT id, state, reason, due_at, created_at, settled_at, sent_at, bounced_at, consent_id
    FROM delivery WHERE dedup_key = 'newsletter:' || CAST(:id AS bigint) || ':' || CAST(:lead_id AS bigint)
    """
)
_WAIT_OF = text("SELECT due_at, reason FROM newsletter_wait WHERE newsletter_id = :id AND lead_id = :lead_id")
_LATE = text(
    """
    SELECT d.id, l.timezone FROM delivery d JOIN lead l ON l.id = d.lead_id
    WHERE d.newsletter_id = :id AND d.state IN ('scheduled', 'ready', 'deferred')
      AND CAST(d.params ->> 'until' AS timestamptz) <= :now
    ORDER BY d.id LIMIT :limit
    FOR UPDATE OF d SKIP LOCKED
    """
)
_LOOKED_BACK = timedelta(minutes=3)


def get(session: Session, newsletter_id: int) -> Newsletter | None:
    return session.get(Newsletter, newsletter_id)


def lock(session: Session, newsletter_id: int) -> Newsletter | None:
    """The newsletter, held against whoever lets it go out."""
    return session.get(Newsletter, newsletter_id, with_for_update=True, populate_existing=True)


def page(session: Session, *, before: int | None = None, limit: int = 50) -> list[Newsletter]:
    """Newsletters, newest first, those before the id of the last one seen."""
    query = select(Newsletter).order_by(Newsletter.id.desc()).limit(limit)
    return list(session.scalars(query if before is None else query.where(Newsletter.id < before)))


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
    """The next leads by id for whom the condition holds; of invented leads alone, or of all others."""
    query = population(session, condition, now=now).where(Lead.demo.is_(demo))
    lead_id = query.selected_columns[0]
    return list(session.scalars(query.where(lead_id > cursor).order_by(lead_id).limit(limit)))


def due_waits(session: Session, newsletter_id: int, *, now: datetime, limit: int) -> list[int]:
    """Readers whose turn has come; they wait no more."""
    return list(session.scalars(_DUE_WAITS, {"id": newsletter_id, "now": now, "limit": limit}))


def lock_leads(session: Session, lead_ids: Sequence[int], purpose: str, *, now: datetime) -> list[Candidate]:
    """Those of the leads that nobody else holds, locked."""
    values = {"lead_ids": list(lead_ids), "purpose": purpose, "now": now}
    return [Candidate(**row) for row in session.execute(_LOCK, values).mappings()]


def late(session: Session, newsletter_id: int, *, now: datetime, limit: int) -> list[tuple[int, str | None]]:
    """(delivery, the reader's zone) of mails whose window closed before they went out, locked."""
    rows = session.execute(_LATE, {"id": newsletter_id, "now": now, "limit": limit})
    return [(row.id, row.timezone) for row in rows]


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


def count(session: Session, newsletter_id: int, tally: Mapping[str, int]) -> None:
    """Raise counters."""
    if tally:
        values = {"ids": [newsletter_id] * len(tally), "whats": list(tally), "ns": list(tally.values())}
        session.execute(_COUNT, values)


def settled(session: Session, ends: Sequence[tuple[int, str, str]], *, now: datetime) -> None:
    """Deliveries came to their end, as (id, state, reason); those of no newsletter pass through."""
    if ends:
        values = {
            "ids": [one for one, _state, _reason in ends],
            "states": [state for _one, state, _reason in ends],
            "reasons": [reason for _one, _state, reason in ends],
            "now": now,
        }
        session.execute(_SETTLED, values)


def cancel_unsent(session: Session, newsletter_id: int, *, now: datetime) -> int:
    """Call off everything of it that has not begun to go out; how many mails."""
    return len(session.execute(_CANCEL, {"id": newsletter_id, "now": now}).all())


def counts(session: Session, newsletter_id: int) -> dict[str, int]:
    """Its counters by name."""
    return {row.what: int(row.n) for row in session.execute(_COUNTS, {"id": newsletter_id})}


def waiting(session: Session, newsletter_id: int) -> list[Mapping[str, Any]]:
    """How many readers wait, by reason: {reason, n, first_at, last_at}."""
    return [dict(row) for row in session.execute(_WAITING, {"id": newsletter_id}).mappings()]


def pace(session: Session, newsletter_id: int, *, now: datetime) -> float:
    """Mails a second that came to their end over the last minutes; 0 when none did."""
    row = session.execute(_PACE, {"id": newsletter_id, "since": now - _LOOKED_BACK}).one()
    if not row.n:
        return 0.0
    seconds: float = (now - row.first).total_seconds()
    return float(row.n) / max(seconds, 1.0)


def mail_of(session: Session, newsletter_id: int, lead_id: int) -> Mapping[str, Any] | None:
    """The delivery of the newsletter to the lead, as rules/why reads it."""
    row = session.execute(_MAIL_OF, {"id": newsletter_id, "lead_id": lead_id}).mappings().first()
    return None if row is None else dict(row)


def wait_of(session: Session, newsletter_id: int, lead_id: int) -> Wait | None:
    """What the lead waits for."""
    row = session.execute(_WAIT_OF, {"id": newsletter_id, "lead_id": lead_id}).first()
    return None if row is None else Wait(lead_id, row.due_at, row.reason)
