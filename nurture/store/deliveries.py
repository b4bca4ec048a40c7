"""Deliveries: one mail to one lead, whatever the purpose. The unique dedup_key is the guarantee."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Uuid, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.segments import TOUCHES
from nurture.store import segments
from nurture.store.base import Base, Count, Id, Instant, Json, Ref
from nurture.store.mails import MailVersion

STATES = (
    "scheduled",
    "ready",
    "leased",
    "sending",
    "sent",
    "deferred",
    "failed",
    "skipped",
    "cancelled",
    "uncertain",
)


class Delivery(Base):
    """One mail to one lead. `purpose`: chain, newsletter, test, confirmation, notice, transactional;
    `consent_purpose` is the consent it rests on (NULL: none needed). `reason` says why it was skipped,
    deferred, failed or cancelled. Leases run on PostgreSQL's clock. `params` carries what a mail needs
    beyond the lead (a confirmation link, say). Opens, clicks, bounces and complaints are facts about
    it, not its state."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index(
            "ix_delivery_due",
            "due_at",
            "id",
            postgresql_where=text("state IN ('scheduled', 'ready', 'deferred')"),
        ),
        Index("ix_delivery_lease", "lease_until", postgresql_where=text("state IN ('leased', 'sending')")),
        Index("ix_delivery_lead_id_id", "lead_id", "id"),
        Index("ix_delivery_enrollment_id", "enrollment_id"),
        Index(
            "ix_delivery_newsletter_id",
            "newsletter_id",
            postgresql_where=text(
                "newsletter_id IS NOT NULL"
                " AND state IN ('scheduled', 'ready', 'leased', 'sending', 'deferred')"
            ),
        ),
        Index("ix_delivery_uncertain", "id", postgresql_where=text("state = 'uncertain'")),
        Index(
            "ix_delivery_notice_lead",
            text("(CAST(params ->> 'lead_id' AS bigint))"),
            postgresql_where=text("purpose = 'notice'"),
        ),
        CheckConstraint(f"state IN {STATES}", name="state"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    id: Mapped[Id]
    dedup_key: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[str]
    consent_purpose: Mapped[str | None]
    lead_id: Mapped[Ref | None] = mapped_column(ForeignKey("lead.id"))
    program_id: Mapped[Ref | None] = mapped_column(ForeignKey("program.id"))
    chain_id: Mapped[Ref | None] = mapped_column(ForeignKey("chain.id"))
    version_id: Mapped[Ref | None]
    enrollment_id: Mapped[Ref | None]
    step_key: Mapped[str | None]
    mail_version_id: Mapped[Ref] = mapped_column(ForeignKey("mail_version.id"))
    address: Mapped[str | None]
    params: Mapped[Json]
    message_id: Mapped[uuid.UUID] = mapped_column(Uuid, server_default=text("gen_random_uuid()"))
    state: Mapped[str] = mapped_column(server_default="ready")
    priority: Mapped[Count]
    due_at: Mapped[Instant]
    attempt_no: Mapped[Count]
    lease_token: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    lease_until: Mapped[Instant | None]
    leased_by: Mapped[str | None]
    reason: Mapped[str] = mapped_column(server_default="")
    reply: Mapped[str | None]
    consent_id: Mapped[Ref | None]
    created_at: Mapped[Instant]
    first_tried_at: Mapped[Instant | None]
    sent_at: Mapped[Instant | None]
    settled_at: Mapped[Instant | None]
    opened_at: Mapped[Instant | None]
    clicked_at: Mapped[Instant | None]
    bounced_at: Mapped[Instant | None]
    complained_at: Mapped[Instant | None]
    newsletter_id: Mapped[Ref | None]
    in_doubt_at: Mapped[Instant | None]


class DeliveryAttempt(Base):
    """One try at a server and what it answered. Appended only."""

    __tablename__ = "delivery_attempt"

    delivery_id: Mapped[Ref] = mapped_column(ForeignKey("delivery.id"), primary_key=True)
    attempt_no: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[Instant]
    outcome: Mapped[str]
    reply: Mapped[str] = mapped_column(server_default="")
    host: Mapped[str] = mapped_column(server_default="")
    transport: Mapped[str] = mapped_column(server_default="")


class TransportState(Base):
    """How a transport stands: the last sentence a person should read (a refused login, say)."""

    __tablename__ = "transport_state"

    name: Mapped[str] = mapped_column(primary_key=True)
    ok: Mapped[bool]
    sentence: Mapped[str] = mapped_column(server_default="")
    since: Mapped[Instant]
    at: Mapped[Instant]


LEASE_SECONDS = 60
# What is looked at before the go-live switch is turned: what people of ours get, and tests, which go to the
# named test addresses alone, like everything else.
BEFORE_LIVE = ("notice", "transactional", "test")
# What becomes of mails to invented leads: left out; sent like any other (to a catcher); or nothing but
# them is sent (while demo data is being made).
INVENTED = ("skip", "send", "only")


@dataclass(frozen=True, slots=True)
class Route:
    """Which mails to claim: those whose transport is one of `choices`, `default` being the one of mails that
    chose none. None for `choices`: all, wherever nothing but the transport of the settings exists."""

    choices: tuple[int, ...] | None = None
    default: int = 0

    def as_values(self) -> dict[str, Any]:
        routes = None if self.choices is None else list(self.choices)
        return {"routes": routes, "default_route": self.default}


EVERY_ROUTE = Route()


@dataclass(frozen=True, slots=True)
class Sending:
    """The two switches, who sends, and whether a webhook endpoint listens to every mail sent. `named` are the
    addresses that get mail before the go-live switch is turned: the test addresses and our own people."""

    stopped: bool
    live: bool
    company_name: str
    postal_address: str
    sender_name: str
    sender_email: str
    reply_to: str | None
    heard: bool
    named: tuple[str, ...] = ()


class Claimed(NamedTuple):
    """A delivery under lease, with what its mail needs to know. `refusal` is why it must not go out, ""
    if it may. `lead` holds plain values by the names that mails use."""

    id: int
    token: int
    attempt_no: int
    purpose: str
    needs_consent: bool
    refusal: str
    address: str | None
    email_norm: str | None
    message_id: str
    mail_version_id: int
    lead_id: int | None
    program_key: str | None
    step_key: str | None
    first_tried_at: datetime
    params: Mapping[str, Any]
    lead: Mapping[str, Any]


class Outcome(NamedTuple):
    """How a claimed delivery ends or goes on. `state`: sent, failed, deferred, uncertain, or ready (given
    back untried); `due_at` when it is due again; `tried` whether a server has answered."""

    delivery_id: int
    token: int
    state: str
    reason: str = ""
    reply: str = ""
    due_at: datetime | None = None
    tried: bool = True
    bounced: bool = False


class Recorded(NamedTuple):
    """A delivery whose outcome was taken. `settled` is whether it has come to its end just now."""

    delivery_id: int
    lead_id: int | None
    state: str
    settled: bool


_SENDING = text("""
    SELECT sending_stopped, live, company_name, postal_address, sender_name, sender_email, reply_to,
           EXISTS (
               SELECT FROM webhook_endpoint e
               WHERE e.disabled_at IS NULL AND (e.types = '{}' OR 'delivery.sent' = ANY(e.types))
           ) AS heard,
           CASE WHEN live THEN '{}' ELSE test_addresses || ARRAY(
               SELECT lower(u.email) FROM user_account u WHERE u.disabled_at IS NULL) END AS named
    FROM installation WHERE id = 1
""")

_MAY_GO = """
    d.state IN ('scheduled', 'ready', 'deferred') AND d.due_at <= :now
    AND (CAST(:live AS boolean) OR d.purpose = ANY(:before_live)
         OR lower(d.address) = ANY(:named)
         OR (d.address IS NULL
             AND EXISTS (SELECT FROM lead x WHERE x.id = d.lead_id AND x.email_norm = ANY(:named))))
    AND (CAST(:invented AS text) <> 'only' OR EXISTS (SELECT FROM lead x WHERE x.id = d.lead_id AND x.demo))
    AND (d.purpose <> 'chain' OR NOT EXISTS (
        SELECT FROM program p LEFT JOIN chain c ON c.id = d.chain_id
        WHERE p.id = d.program_id AND (p.state = 'paused' OR c.paused_at IS NOT NULL)))
    AND (d.newsletter_id IS NULL OR NOT EXISTS (
        SELECT FROM newsletter n WHERE n.id = d.newsletter_id AND n.state = 'paused'))
    AND coalesce(CAST(d.params ->> 'until' AS timestamptz) > :now, true)
    AND (CAST(:routes AS bigint[]) IS NULL OR coalesce(
        (SELECT t.transport_id FROM transport_choice t
         WHERE t.kind = 'newsletter' AND t.ref_id = d.newsletter_id),
        (SELECT t.transport_id FROM transport_choice t JOIN mail_version v ON v.mail_id = t.ref_id
         WHERE t.kind = 'mail' AND v.id = d.mail_version_id),
        (SELECT t.transport_id FROM transport_choice t
         WHERE t.kind = 'program' AND t.ref_id = d.program_id),
        :default_route) = ANY(CAST(:routes AS bigint[])))
"""

_ANY_DUE = text(f"SELECT EXISTS (SELECT FROM delivery d WHERE {_MAY_GO})")

# One statement: claim, look at lead and consent, lease. What must not go out ends here as skipped.
_CLAIM = text(f"""
    WITH due AS (
        SELECT d.id FROM delivery d
        WHERE {_MAY_GO}
        ORDER BY d.due_at, d.id
        LIMIT :limit
        FOR UPDATE OF d SKIP LOCKED
    ), looked AS (
        SELECT d.id, c.consent_id,
               CASE WHEN l.erased_at IS NOT NULL THEN 'erased'
                    WHEN d.purpose = 'test' AND NOT CAST(:live AS boolean)
                         AND lower(d.address) <> ALL(:named) THEN 'not_live'
                    WHEN l.demo AND CAST(:invented AS text) = 'skip' AND d.purpose <> 'test' THEN 'demo'
                    WHEN coalesce(d.address, l.email) IS NULL THEN 'no_address'
                    WHEN d.consent_purpose IS NOT NULL AND c.granted IS NOT TRUE THEN 'no_consent'
                    ELSE '' END AS refusal
        FROM due JOIN delivery d ON d.id = due.id
        LEFT JOIN lead l ON l.id = d.lead_id
        LEFT JOIN lead_consent c ON c.lead_id = d.lead_id AND c.purpose = d.consent_purpose
    ), claimed AS (
        UPDATE delivery d
        SET state = CASE WHEN k.refusal = '' THEN 'sending' ELSE 'skipped' END,
            reason = k.refusal,
            settled_at = CASE WHEN k.refusal = '' THEN d.settled_at ELSE :now END,
            address = coalesce(d.address, (SELECT l.email FROM lead l WHERE l.id = d.lead_id)),
            consent_id = coalesce(k.consent_id, d.consent_id),
            lease_token = d.lease_token + 1,
            lease_until = CASE WHEN k.refusal = '' THEN clock_timestamp() + make_interval(secs => :lease) END,
            leased_by = :host,
            first_tried_at = coalesce(d.first_tried_at, :now)
        FROM looked k WHERE k.id = d.id
        RETURNING d.id, d.lease_token, d.attempt_no, d.purpose, d.consent_purpose, k.refusal, d.address,
                  d.message_id, d.mail_version_id, d.lead_id, d.program_id, d.step_key, d.first_tried_at,
                  d.params
    )
    SELECT q.id, q.lease_token, q.attempt_no, q.purpose, q.consent_purpose IS NOT NULL, q.refusal, q.address,
           CASE WHEN q.address = l.email THEN l.email_norm END, CAST(q.message_id AS text),
           q.mail_version_id, q.lead_id, p.key AS program_key, q.step_key, q.first_tried_at,
           nullif(q.params, CAST(:none AS jsonb)),
           l.email, l.first_name, l.last_name, l.phone, l.role, l.language, l.timezone,
           l.country, l.city, l.temperature, l.stage, l.tags, nullif(l.fields, CAST(:none AS jsonb)),
           nullif(l.dates, CAST(:none AS jsonb)),
           o.name AS company_name, o.size AS company_size, o.industry AS company_industry,
           o.website AS company_website, o.country AS company_country, o.city AS company_city
    FROM claimed q
    LEFT JOIN lead l ON l.id = q.lead_id
    LEFT JOIN company o ON o.id = l.company_id
    LEFT JOIN program p ON p.id = q.program_id
    ORDER BY q.id
""")

_SKIP = text("""
    UPDATE delivery d SET state = 'skipped', reason = s.reason, settled_at = :now, lease_until = NULL
    FROM unnest(CAST(:ids AS bigint[]), CAST(:reasons AS text[])) AS s (id, reason)
    WHERE d.id = s.id
""")

_PUT_BACK = text("""
    UPDATE delivery d
    SET state = 'ready', reason = :reason, due_at = b.due_at, lease_until = NULL,
        first_tried_at = CASE WHEN d.attempt_no > 0 THEN d.first_tried_at END
    FROM unnest(CAST(:ids AS bigint[]), CAST(:dues AS timestamptz[])) AS b (id, due_at)
    WHERE d.id = b.id AND d.state = 'sending'
""")

# The answer to a final dot of ours is taken whatever has become of the lease; anything else only while
# the lease is ours. A delivery that came to its end as uncertain is not settled a second time.
_RECORD = text("""
    WITH given AS (
        SELECT CAST(r ->> 0 AS bigint) AS id, CAST(r ->> 1 AS bigint) AS token, r ->> 2 AS state,
               r ->> 3 AS reason, r ->> 4 AS reply, CAST(r ->> 5 AS timestamptz) AS due_at,
               CAST(r ->> 6 AS boolean) AS tried, CAST(r ->> 7 AS boolean) AS bounced
        FROM jsonb_array_elements(CAST(:rows AS jsonb)) AS r
    ), before AS (
        SELECT d.id, d.state FROM delivery d JOIN given g ON g.id = d.id ORDER BY d.id FOR UPDATE OF d
    ), changed AS (
        UPDATE delivery d
        SET state = g.state, reason = g.reason,
            reply = CASE WHEN g.reply = '' THEN d.reply ELSE g.reply END,
            due_at = coalesce(g.due_at, d.due_at),
            attempt_no = d.attempt_no + CAST(g.tried AS integer),
            lease_until = NULL,
            sent_at = CASE WHEN g.state = 'sent' THEN :now ELSE d.sent_at END,
            settled_at = CASE WHEN g.state IN ('sent', 'failed', 'uncertain')
                         THEN coalesce(d.settled_at, :now) ELSE d.settled_at END,
            bounced_at = CASE WHEN g.bounced THEN :now ELSE d.bounced_at END,
            in_doubt_at = CASE WHEN g.state = 'uncertain' OR g.reason = 'in_doubt'
                          THEN coalesce(d.in_doubt_at, :now) ELSE d.in_doubt_at END
        FROM given g JOIN before b ON b.id = g.id
        WHERE d.id = g.id AND (
            (b.state = 'sending' AND d.lease_token = g.token)
            OR (g.state = 'sent' AND b.state IN ('sending', 'uncertain', 'ready', 'deferred'))
        )
        RETURNING d.id, d.lead_id, d.state, d.attempt_no, d.purpose,
                  b.state <> 'uncertain' AND g.state IN ('sent', 'failed', 'uncertain') AS settled
    ), tries AS (
        INSERT INTO delivery_attempt (delivery_id, attempt_no, at, outcome, reply, host, transport)
        SELECT c.id, c.attempt_no, :now,
               CASE WHEN g.reason = 'in_doubt' THEN 'uncertain' ELSE g.state END, g.reply, :host, :transport
        FROM changed c JOIN given g ON g.id = c.id WHERE g.tried
        ON CONFLICT DO NOTHING
    ), reached AS (
        SELECT l.id, n.n
        FROM (SELECT lead_id, count(*) AS n FROM changed
              WHERE settled AND state IN ('sent', 'uncertain') AND purpose IN ('chain', 'newsletter')
              GROUP BY lead_id) n
        JOIN lead l ON l.id = n.lead_id
        ORDER BY l.id FOR NO KEY UPDATE OF l
    ), touched AS (
        UPDATE lead l SET touches_out = l.touches_out + r.n FROM reached r WHERE l.id = r.id
    )
    SELECT id, lead_id, state, settled FROM changed
""")

_RENEW = text("""
    UPDATE delivery d SET lease_until = clock_timestamp() + make_interval(secs => :lease)
    FROM unnest(CAST(:ids AS bigint[]), CAST(:tokens AS bigint[])) AS h (id, token)
    WHERE d.id = h.id AND d.lease_token = h.token AND d.state = 'sending'
""")

_EXPIRED = text("""
    SELECT d.id, d.lease_token, d.leased_by FROM delivery d
    WHERE d.state IN ('leased', 'sending') AND d.lease_until < clock_timestamp()
      AND (d.leased_by = :host OR d.lease_until < clock_timestamp() - make_interval(secs => :grace))
    ORDER BY d.lease_until LIMIT :limit
""")

_TRANSPORT = text("""
    INSERT INTO transport_state AS t (name, ok, sentence, since, at)
    VALUES (:name, :ok, :sentence, :now, :now)
    ON CONFLICT (name) DO UPDATE
    SET ok = excluded.ok, sentence = excluded.sentence, at = excluded.at,
        since = CASE WHEN t.ok = excluded.ok AND t.sentence = excluded.sentence
                THEN t.since ELSE excluded.since END
""")

_COMPANY = ("name", "size", "industry", "website", "country", "city")
_PERSON = (
    "email",
    "first_name",
    "last_name",
    "phone",
    "role",
    "language",
    "timezone",
    "country",
    "city",
    "temperature",
    "stage",
    "tags",
    "fields",
    "dates",
)
_FROM_COMPANY = -len(_COMPANY)
_FROM_PERSON = _FROM_COMPANY - len(_PERSON)
_LEAD_ID, _PARAMS = Claimed._fields.index("lead_id"), Claimed._fields.index("params")
_NOBODY: Mapping[str, Any] = {}
_NOTHING: Mapping[str, Any] = {}


def sending(session: Session) -> Sending:
    """How sending stands."""
    row = session.execute(_SENDING).one()
    return Sending(
        stopped=row.sending_stopped,
        live=row.live,
        company_name=row.company_name,
        postal_address=row.postal_address,
        sender_name=row.sender_name,
        sender_email=row.sender_email,
        reply_to=row.reply_to,
        heard=row.heard,
        named=tuple(row.named),
    )


def any_transport_down(session: Session) -> bool:
    """Whether the last word about a way of sending was that it does not work."""
    return session.scalar(select(TransportState.name).where(~TransportState.ok).limit(1)) is not None


def stopped(session: Session) -> bool:
    """Whether somebody has stopped all sending."""
    return bool(session.execute(text("SELECT sending_stopped FROM installation WHERE id = 1")).scalar_one())


def any_due(
    session: Session,
    *,
    live: bool,
    named: Sequence[str] = (),
    invented: str = "skip",
    now: datetime,
    route: Route = EVERY_ROUTE,
) -> bool:
    """Whether a claim would find anything."""
    values = _may_go(live, named, invented, now) | route.as_values()
    return bool(session.execute(_ANY_DUE, values).scalar_one())


def claim(
    session: Session,
    *,
    host: str,
    live: bool,
    named: Sequence[str] = (),
    invented: str = "skip",
    now: datetime,
    limit: int,
    route: Route = EVERY_ROUTE,
) -> list[Claimed]:
    """Lease due deliveries to this host and look up what their mails need. Those that may not go out come
    back with a refusal and are skipped already. Before going `live` those at the `named` addresses alone;
    `invented` is one of INVENTED. Commit before the first byte goes out."""
    values = _may_go(live, named, invented, now) | {
        "limit": limit,
        "host": host,
        "lease": LEASE_SECONDS,
        "none": "{}",
        **route.as_values(),
    }
    return [_claimed(row) for row in session.execute(_CLAIM, values).all()]


def _may_go(live: bool, named: Sequence[str], invented: str, now: datetime) -> dict[str, Any]:
    return {
        "now": now,
        "live": live,
        "before_live": list(BEFORE_LIVE),
        "named": list(named),
        "invented": invented,
    }


def _claimed(row: Any) -> Claimed:
    told = tuple(row)
    lead_id = told[_LEAD_ID]
    lead = _NOBODY if lead_id is None else {"fields": {}, "dates": {}} | lead_values(told)
    return Claimed._make((*told[:_PARAMS], told[_PARAMS] or _NOTHING, lead))


def lead_values(row: Sequence[Any]) -> dict[str, Any]:
    """The values of a lead by the names that mails use; what is not known is missing."""
    # Both statements end with these columns in this order; by position is twice as fast as by name.
    person, company = row[_FROM_PERSON:_FROM_COMPANY], row[_FROM_COMPANY:]
    values = {name: value for name, value in zip(_PERSON, person, strict=True) if value is not None}
    values["company"] = {
        name: value for name, value in zip(_COMPANY, company, strict=True) if value is not None
    }
    return values


_LEAD_VALUES = text("""
    SELECT l.email, l.first_name, l.last_name, l.phone, l.role, l.language, l.timezone, l.country, l.city,
           l.temperature, l.stage, l.tags, l.fields, l.dates,
           o.name AS company_name, o.size AS company_size, o.industry AS company_industry,
           o.website AS company_website, o.country AS company_country, o.city AS company_city
    FROM lead l LEFT JOIN company o ON o.id = l.company_id WHERE l.id = :lead_id AND l.erased_at IS NULL
""")


def values_of_lead(session: Session, lead_id: int) -> dict[str, Any] | None:
    """What mails know of one lead; None when there is none, or none any more."""
    row = session.execute(_LEAD_VALUES, {"lead_id": lead_id}).first()
    return None if row is None else lead_values(row)


def skip(session: Session, reasons: Mapping[int, str], *, now: datetime) -> None:
    """End claimed deliveries as skipped, each for its reason."""
    if reasons:
        values = {"ids": list(reasons), "reasons": list(reasons.values()), "now": now}
        session.execute(_SKIP, values)


def put_back(session: Session, due: Mapping[int, datetime], *, reason: str) -> None:
    """Claimed deliveries that may not go yet, each with the moment to look at it again, in the
    transaction that
    claimed them."""
    if due:
        session.execute(_PUT_BACK, {"ids": list(due), "dues": list(due.values()), "reason": reason})


def record(
    session: Session, outcomes: Sequence[Outcome], *, host: str, now: datetime, transport: str = ""
) -> list[Recorded]:
    """Write the outcomes of a chunk in one statement, with their attempts and the touches of the leads;
    those that were taken. An outcome under a lost lease is not, unless the mail was sent."""
    if not outcomes:
        return []
    values = {"rows": json.dumps(outcomes, default=datetime.isoformat), "host": host, "now": now}
    values["transport"] = transport
    recorded = [Recorded(*row) for row in session.execute(_RECORD, values).all()]
    touched = {one.lead_id for one in recorded if one.settled and one.lead_id is not None}
    segments.mark_dirty(session, touched, because=TOUCHES)
    return recorded


_TOLD = text("""
    SELECT d.id, d.lead_id, d.address, d.purpose, m.key AS mail, p.key AS program, d.step_key AS step
    FROM delivery d
    JOIN mail_version v ON v.id = d.mail_version_id JOIN mail m ON m.id = v.mail_id
    LEFT JOIN program p ON p.id = d.program_id
    WHERE d.id = ANY(:ids)
""")


def told(session: Session, ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """What webhooks tell of deliveries: lead_id, address, purpose, mail, program, step."""
    return {row.id: row._asdict() for row in session.execute(_TOLD, {"ids": list(ids)})}


def renew(session: Session, leases: Sequence[tuple[int, int]]) -> None:
    """Prolong the leases (delivery_id, token) that are still held."""
    ids, tokens = [one for one, _ in leases], [token for _, token in leases]
    session.execute(_RENEW, {"ids": ids, "tokens": tokens, "lease": LEASE_SECONDS})


def expired(session: Session, *, host: str, grace: float, limit: int) -> list[tuple[int, int, str | None]]:
    """(delivery_id, token, host) of leases that have run out; those of other hosts `grace` seconds later,
    because their own journal knows better."""
    rows = session.execute(_EXPIRED, {"host": host, "grace": grace, "limit": limit})
    return [(row.id, row.lease_token, row.leased_by) for row in rows]


def note_transport(session: Session, name: str, *, ok: bool, sentence: str, now: datetime) -> None:
    """Keep how a transport stands, for pages and `doctor`."""
    session.execute(_TRANSPORT, {"name": name, "ok": ok, "sentence": sentence, "now": now})


def transports(session: Session) -> list[TransportState]:
    """How every transport stands."""
    return list(session.scalars(select(TransportState).order_by(TransportState.name)))


def queue(
    session: Session,
    *,
    dedup_key: str,
    purpose: str,
    mail_version_id: int,
    lead_id: int | None,
    address: str | None,
    params: Mapping[str, Any],
    now: datetime,
) -> int | None:
    """A single delivery that rests on no consent of its own, due now; None when it was queued before."""
    statement = insert(Delivery).values(
        dedup_key=dedup_key,
        purpose=purpose,
        mail_version_id=mail_version_id,
        lead_id=lead_id,
        address=address,
        params=dict(params),
        due_at=now,
        created_at=now,
    )
    statement = statement.on_conflict_do_nothing(index_elements=["dedup_key"])
    return session.execute(statement.returning(Delivery.id)).scalar_one_or_none()


def get(session: Session, delivery_id: int) -> Delivery | None:
    return session.get(Delivery, delivery_id)


def attempts_of(session: Session, delivery_id: int) -> list[DeliveryAttempt]:
    """Every try of a delivery, oldest first."""
    query = select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == delivery_id)
    return list(session.scalars(query.order_by(DeliveryAttempt.attempt_no)))


def page(
    session: Session,
    *,
    lead_id: int | None = None,
    state: str | None = None,
    program_id: int | None = None,
    mail_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int = 0,
    limit: int = 50,
) -> list[Delivery]:
    """Deliveries, newest first, older than the id of the last one seen (0: from the top)."""
    query = select(Delivery).order_by(Delivery.id.desc()).limit(limit)
    if before:
        query = query.where(Delivery.id < before)
    if lead_id is not None:
        query = query.where(Delivery.lead_id == lead_id)
    if state is not None:
        query = query.where(Delivery.state == state)
    if program_id is not None:
        query = query.where(Delivery.program_id == program_id)
    if mail_id is not None:
        versions = select(MailVersion.id).where(MailVersion.mail_id == mail_id)
        query = query.where(Delivery.mail_version_id.in_(versions))
    if since is not None:
        query = query.where(Delivery.created_at >= since)
    if until is not None:
        query = query.where(Delivery.created_at < until)
    return list(session.scalars(query))
