"""Posts on their way: claimed under a lease, recorded attempt by attempt, posted again on demand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store.webhooks import WebhookMessage


@dataclass(frozen=True, slots=True)
class ClaimedPost:
    """A post that is ours until its lease ends: `attempt_no` counts this attempt, `secrets`,
    the signing keys (newest first) and the values of `headers` are sealed."""

    id: int
    lease_token: int
    attempt_no: int
    endpoint_id: int
    message_id: str
    url: str
    secrets: list[str]
    body: bytes
    signing_key: str | None
    signing_key_before: str | None
    mapping: str | None
    headers: dict[str, str]


LEASE_SECONDS = 60
AT_ONCE = 4

_RECLAIM = text("""
    WITH lapsed AS (
        SELECT id FROM webhook_post
        WHERE state = 'posting' AND lease_until < clock_timestamp()
        ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED
    ), back AS (
        UPDATE webhook_post p SET state = 'pending', lease_until = NULL
        FROM lapsed WHERE p.id = lapsed.id RETURNING p.id, p.attempt_no
    )
    INSERT INTO webhook_attempt (post_id, attempt_no, at, millis, error)
    SELECT id, attempt_no, :now, 0, :sentence FROM back
""")


def reclaim_posts(session: Session, sentence: str, *, now: datetime) -> None:
    """Make posts due again whose process died between the claim and the record, and record that."""
    session.execute(_RECLAIM, {"now": now, "sentence": sentence})


# The lateral part takes a few from each endpoint, so that a long queue before one receiver stands in
# nobody else's way; an endpoint that is failing is asked by one post at a time.
_CLAIM = text("""
    WITH busy AS (
        SELECT endpoint_id, count(*) AS posts FROM webhook_post WHERE state = 'posting' GROUP BY endpoint_id
    ), chosen AS (
        SELECT due.id FROM webhook_endpoint e
        LEFT JOIN busy ON busy.endpoint_id = e.id
        CROSS JOIN LATERAL (
            SELECT p.id, p.due_at FROM webhook_post p
            WHERE p.endpoint_id = e.id AND p.state = 'pending' AND p.due_at <= :now
            ORDER BY p.due_at, p.id
            LIMIT greatest(
                0, (CASE WHEN e.failing_since IS NULL THEN :at_once ELSE 1 END) - coalesce(busy.posts, 0)
            )
            FOR UPDATE SKIP LOCKED
        ) due
        WHERE e.disabled_at IS NULL
        ORDER BY due.due_at, due.id LIMIT :limit
    )
    UPDATE webhook_post p
    SET state = 'posting', attempt_no = p.attempt_no + 1, lease_token = p.lease_token + 1,
        lease_until = clock_timestamp() + make_interval(secs => :lease)
    FROM chosen, webhook_endpoint e, webhook_message m
    WHERE p.id = chosen.id AND e.id = p.endpoint_id AND m.id = p.message_id
    RETURNING p.id, p.lease_token, p.attempt_no, p.endpoint_id, p.message_id,
        coalesce(m.url, e.url) AS url, e.secrets, m.body, e.signing_key, e.signing_key_before,
        e.mapping, e.headers
""")


def claim_posts(session: Session, *, now: datetime, limit: int) -> list[ClaimedPost]:
    """Take up to `limit` due posts, spread over the endpoints; commit before posting."""
    given = {"now": now, "limit": limit, "at_once": AT_ONCE, "lease": LEASE_SECONDS}
    return [ClaimedPost(**row._mapping) for row in session.execute(_CLAIM, given)]


@dataclass(frozen=True, slots=True)
class PostResult:
    """What came of one attempt. `state`: delivered, failed, or pending (again at `due_at`); `sent` the body
    where it had another shape than the message's own."""

    state: str
    due_at: datetime
    millis: int
    status: int | None = None
    reply: str = ""
    error: str = ""
    sent: bytes | None = None


_RECORD_ATTEMPT = text("""
    INSERT INTO webhook_attempt (post_id, attempt_no, at, status, millis, reply, error, sent)
    VALUES (:id, :attempt_no, :now, :status, :millis, :reply, :error, :sent)
""")
# A delivery that I was told of is one, whatever has become of my lease; a failure counts only under it.
_RECORD_POST = text("""
    UPDATE webhook_post
    SET state = :state, due_at = :due_at, lease_until = NULL,
        delivered_at = CASE WHEN :state = 'delivered' THEN CAST(:now AS timestamptz) ELSE delivered_at END
    WHERE id = :id AND (:state = 'delivered' OR (lease_token = :token AND state = 'posting'))
""")


def record_post(session: Session, post: ClaimedPost, result: PostResult, *, now: datetime) -> None:
    """Append the attempt and move the post on."""
    session.execute(
        _RECORD_ATTEMPT,
        {
            "id": post.id,
            "attempt_no": post.attempt_no,
            "now": now,
            "status": result.status,
            "millis": result.millis,
            "reply": result.reply,
            "error": result.error,
            "sent": result.sent,
        },
    )
    session.execute(
        _RECORD_POST,
        {
            "id": post.id,
            "token": post.lease_token,
            "state": result.state,
            "due_at": result.due_at,
            "now": now,
        },
    )


def hold_back(session: Session, endpoint_id: int, until: datetime) -> None:
    """The receiver has asked for quiet: nothing waiting for it is due before `until`."""
    session.execute(
        text("""
            UPDATE webhook_post SET due_at = :until
            WHERE endpoint_id = :id AND state = 'pending' AND due_at < :until
        """),
        {"id": endpoint_id, "until": until},
    )


_REPLAY = text("""
    INSERT INTO webhook_post (message_id, endpoint_id, due_at)
    SELECT m.id, e.id, :now FROM webhook_message m
    JOIN webhook_endpoint e ON e.disabled_at IS NULL
    WHERE m.id = :id AND (
        EXISTS (SELECT FROM webhook_post p WHERE p.message_id = m.id AND p.endpoint_id = e.id)
        OR (m.type NOT IN ('webhook.test', 'chain.step') AND e.filter IS NULL
            AND (e.types = '{}' OR m.type = ANY(e.types)))
    )
    ON CONFLICT (message_id, endpoint_id) DO UPDATE
    SET state = 'pending', attempt_no = 0, due_at = :now, delivered_at = NULL
    WHERE webhook_post.state <> 'posting'
    RETURNING id
""")


def replay(session: Session, message_id: str, now: datetime) -> int | None:
    """Post a message again, under its own id, to every endpoint it went to before or that listens now; to
    how many. None when there is no such message. A post under way is left alone, and so is an endpoint
    that is switched off."""
    if session.get(WebhookMessage, message_id) is None:
        return None
    return len(session.execute(_REPLAY, {"id": message_id, "now": now}).all())


_REPLAY_RANGE = text("""
    UPDATE webhook_post p SET state = 'pending', attempt_no = 0, due_at = :now, delivered_at = NULL
    FROM webhook_message m, webhook_endpoint e
    WHERE m.id = p.message_id AND e.id = p.endpoint_id AND e.disabled_at IS NULL
        AND m.created_at >= :since AND m.created_at < :until
        AND (CAST(:endpoint AS bigint) IS NULL OR e.id = :endpoint)
        AND (CAST(:types AS text[]) = '{}' OR m.type = ANY(CAST(:types AS text[])))
        AND (CASE WHEN :all THEN p.state IN ('failed', 'delivered') ELSE p.state = 'failed' END)
    RETURNING p.id
""")


def replay_range(
    session: Session,
    *,
    since: datetime,
    until: datetime,
    endpoint_id: int | None,
    types: Sequence[str],
    delivered_too: bool,
    now: datetime,
) -> int:
    """Post again what was written in a stretch of time: what was given up, or everything that is not under
    way; how many posts."""
    given = {
        "since": since,
        "until": until,
        "endpoint": endpoint_id,
        "types": list(types),
        "all": delivered_too,
        "now": now,
    }
    return len(session.execute(_REPLAY_RANGE, given).all())
