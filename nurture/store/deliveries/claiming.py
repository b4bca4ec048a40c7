"""Deliveries are claimed: what is due and may go, under lease, with what its mail needs to know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store.deliveries.leasing import LEASE_SECONDS
from nurture.store.deliveries.values import lead_values

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
    """The two switches, who sends, whether a webhook endpoint listens to every mail sent, and whether mails
    carry the link that nobody sees. `named` are the addresses that get mail before the go-live switch is
    turned: the test addresses and our own people."""

    stopped: bool
    live: bool
    company_name: str
    postal_address: str
    sender_name: str
    sender_email: str
    reply_to: str | None
    heard: bool
    trap_link: bool
    named: tuple[str, ...] = ()


class Claimed(NamedTuple):
    """A delivery under lease, with what its mail needs to know. `refusal` is why it must not go out, ""
    if it may. `lead` holds plain values by the names that mails use."""

    id: int
    token: int
    attempt_no: int
    purpose: str
    consent_purpose: str | None
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

    @property
    def needs_consent(self) -> bool:
        return self.consent_purpose is not None


_SENDING = text("""
    SELECT sending_stopped, live, company_name, postal_address, sender_name, sender_email, reply_to,
           trap_link,
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


# In the order of the claim, so that the index of what is due is walked and never the table.
_ANY_DUE = text(f"""
    SELECT coalesce((SELECT true FROM delivery d WHERE {_MAY_GO} ORDER BY d.due_at, d.id LIMIT 1), false)
""")


# One statement: claim, look at lead and consent, lease. What must not go out ends here as skipped. OFFSET 0:
# every lead and company is looked up once, by its key; the planner would rather read the whole tables.
_CLAIM = text(f"""
    WITH due AS (
        SELECT d.id, d.lead_id, d.program_id, d.enrollment_id, d.newsletter_id, d.purpose,
               d.consent_purpose, d.address
        FROM delivery d
        WHERE {_MAY_GO}
        ORDER BY d.due_at, d.id
        LIMIT :limit
        FOR UPDATE OF d SKIP LOCKED
    ), looked AS (
        SELECT d.id, coalesce(d.address, l.email) AS address, c.consent_id, p.key AS program_key,
               CASE WHEN l.erased_at IS NOT NULL THEN 'erased'
                    WHEN d.purpose = 'test' AND NOT CAST(:live AS boolean)
                         AND lower(d.address) <> ALL(:named) THEN 'not_live'
                    WHEN l.demo AND CAST(:invented AS text) = 'skip' AND d.purpose <> 'test' THEN 'demo'
                    WHEN coalesce(d.address, l.email) IS NULL THEN 'no_address'
                    WHEN d.consent_purpose IS NOT NULL AND c.granted IS NOT TRUE THEN 'no_consent'
                    -- It was in hand when that happened, and came back to be sent another time.
                    WHEN (SELECT n.state FROM newsletter n WHERE n.id = d.newsletter_id) = 'cancelled'
                         THEN 'newsletter_cancelled'
                    WHEN (SELECT e.state FROM enrollment e WHERE e.id = d.enrollment_id) = 'ended' THEN 'left'
                    ELSE '' END AS refusal,
               CASE WHEN coalesce(d.address, l.email) = l.email THEN l.email_norm END AS email_norm,
               l.email, l.first_name, l.last_name, l.phone, l.role, l.language, l.timezone,
               l.country, l.city, l.temperature, l.stage, l.tags,
               nullif(l.fields, CAST(:none AS jsonb)) AS fields,
               nullif(l.dates, CAST(:none AS jsonb)) AS dates,
               o.name AS company_name, o.size AS company_size, o.industry AS company_industry,
               o.website AS company_website, o.country AS company_country, o.city AS company_city
        FROM due d
        LEFT JOIN LATERAL (SELECT * FROM lead WHERE lead.id = d.lead_id OFFSET 0) l ON true
        LEFT JOIN LATERAL (
            SELECT * FROM lead_consent k
            WHERE k.lead_id = d.lead_id AND k.purpose = d.consent_purpose OFFSET 0
        ) c ON true
        LEFT JOIN LATERAL (SELECT * FROM company WHERE company.id = l.company_id OFFSET 0) o ON true
        LEFT JOIN program p ON p.id = d.program_id
    ), claimed AS (
        UPDATE delivery d
        SET state = CASE WHEN k.refusal = '' THEN 'sending' ELSE 'skipped' END,
            reason = k.refusal,
            settled_at = CASE WHEN k.refusal = '' THEN d.settled_at ELSE :now END,
            address = k.address,
            consent_id = coalesce(k.consent_id, d.consent_id),
            lease_token = d.lease_token + 1,
            lease_until = CASE WHEN k.refusal = '' THEN clock_timestamp() + make_interval(secs => :lease) END,
            leased_by = :host,
            first_tried_at = coalesce(d.first_tried_at, :now),
            booked_scopes = CAST(:booked AS text[]), booked_at = :booked_at
        FROM looked k WHERE k.id = d.id
        RETURNING d.id, d.lease_token, d.attempt_no, d.purpose, d.consent_purpose, k.refusal,
                  d.address, k.email_norm, CAST(d.message_id AS text), d.mail_version_id, d.lead_id,
                  k.program_key, d.step_key, d.first_tried_at, nullif(d.params, CAST(:none AS jsonb)),
                  k.email, k.first_name, k.last_name, k.phone, k.role, k.language, k.timezone,
                  k.country, k.city, k.temperature, k.stage, k.tags, k.fields, k.dates, k.company_name,
                  k.company_size, k.company_industry, k.company_website, k.company_country, k.company_city
    )
    SELECT * FROM claimed ORDER BY 1
""")


_SKIP = text("""
    UPDATE delivery d SET state = 'skipped', reason = s.reason, settled_at = :now, lease_until = NULL
    FROM unnest(CAST(:ids AS bigint[]), CAST(:reasons AS text[])) AS s (id, reason)
    WHERE d.id = s.id
""")


_PUT_BACK = text("""
    UPDATE delivery d
    SET state = 'ready', reason = :reason, due_at = b.due_at, lease_until = NULL,
        booked_scopes = NULL, booked_at = NULL,
        first_tried_at = CASE WHEN d.attempt_no > 0 THEN d.first_tried_at END
    FROM unnest(CAST(:ids AS bigint[]), CAST(:dues AS timestamptz[])) AS b (id, due_at)
    WHERE d.id = b.id AND d.state = 'sending'
""")


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
        trap_link=row.trap_link,
        named=tuple(row.named),
    )


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
    booked: Sequence[str] = (),
) -> list[Claimed]:
    """Lease due deliveries to this host and look up what their mails need. Those that may not go out come
    back with a refusal and are skipped already. Before going `live` those at the `named` addresses alone;
    `invented` is one of INVENTED; `booked` are the quotas that each was booked on. Commit before the first
    byte goes out."""
    values = _may_go(live, named, invented, now) | {
        "limit": limit,
        "host": host,
        "lease": LEASE_SECONDS,
        "none": "{}",
        "booked": list(booked) or None,
        "booked_at": now if booked else None,
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
