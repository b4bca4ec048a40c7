"""Post webhooks: claim what is due, post several at once, record every attempt, come back later for days."""

import random
import time
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Invalid, NotFound, Unavailable
from nurture.files.vault import Vault
from nurture.flows.endpoints import switch_off
from nurture.flows.shape_messages import mapped
from nurture.rules.backoff import LONGEST, wait_after
from nurture.rules.words import _
from nurture.store import webhook_endpoints, webhook_posts
from nurture.store.audit import audit
from nurture.store.webhook_posts import ClaimedPost, PostResult
from nurture.webhooks.post import Answer, Failure, Poster

log = structlog.get_logger()

# How long one call waits for the receivers it has asked. Slower ones go on beside the caller's next
# work and are recorded when they answer.
PATIENCE_SECONDS = 0.2
# An endpoint that has taken nothing for so long is disabled, and says so where it is listed.
FAILING_FOR = timedelta(hours=120)

_ROUND_SECONDS = 0.02
_GONE = 410
# Kept in English, told in the reader's language where it is shown.
_N = str
_LAPSED = _N("The attempt was cut off; whether the receiver got it is not known.")
_FAILED_TOO_LONG = _N("It has taken nothing for five days.")


def post_webhooks(
    sessions: sessionmaker[Session],
    poster: Poster,
    vault: Vault,
    *,
    now: datetime,
    limit: int = 200,
    patience: float = PATIENCE_SECONDS,
) -> int:
    """Post what is due at `now`; how many posts were begun (0 = idle).

    Claims are committed before anything is posted and lapse after 60 s, so a process that dies between
    post and record has the message posted again, under the same id. Slow receivers keep their own
    threads; nobody else waits for them.
    """
    with sessions.begin() as session:
        webhook_posts.reclaim_posts(session, _(_LAPSED), now=now)
    end = time.monotonic() + patience
    begun = 0
    ours: set[Future[None]] = set()
    while True:
        claimed = _claim(sessions, min(poster.free, limit - begun), now)
        begun += len(claimed)
        ours |= {poster.begin(partial(_post, sessions, poster, vault, post, now)) for post in claimed}
        left = end - time.monotonic()
        if not ours or left <= 0:
            break
        ours = wait(ours, min(_ROUND_SECONDS, left)).not_done
    return begun


def replay(session: Session, message_id: str, now: datetime, by: str = "system") -> int:
    """Post a message again to every endpoint that listens now, under its own id, with all its tries; to
    how many."""
    count = webhook_posts.replay(session, message_id, now)
    if count is None:
        raise NotFound(_("There is no such webhook message."))
    audit(session, by, "webhook_message.replayed", f"webhook_message:{message_id}", now=now)
    return count


@dataclass(frozen=True, slots=True)
class Range:
    """Which messages to post again: those written from `since` to before `until`, of `types` (none: all), to
    one endpoint or to all; what was given up, or with `delivered_too` everything."""

    since: datetime
    until: datetime
    endpoint_id: int | None = None
    types: tuple[str, ...] = ()
    delivered_too: bool = False


def replay_range(session: Session, wanted: Range, *, by: str, now: datetime) -> int:
    """Post again what was written in a stretch of time, under the ids it had; how many posts. Raises
    Invalid."""
    if wanted.until <= wanted.since:
        sentence = _("The end lies before the beginning.")
        raise Invalid(sentence, {"to": [sentence]})
    count = webhook_posts.replay_range(
        session,
        since=wanted.since,
        until=wanted.until,
        endpoint_id=wanted.endpoint_id,
        types=wanted.types,
        delivered_too=wanted.delivered_too,
        now=now,
    )
    audit(session, by, "webhook_message.range_replayed", "webhook_messages", now=now, detail={"n": count})
    return count


def _claim(sessions: sessionmaker[Session], count: int, now: datetime) -> list[ClaimedPost]:
    if count <= 0:
        return []
    with sessions.begin() as session:
        return webhook_posts.claim_posts(session, now=now, limit=count)


def _post(
    sessions: sessionmaker[Session], poster: Poster, vault: Vault, post: ClaimedPost, now: datetime
) -> None:
    """One attempt and its record, on a thread of its own."""
    sent, outcome = _send(poster, vault, post)
    with sessions.begin() as session:
        webhook_posts.record_post(session, post, _result(post, sent, outcome, now), now=now)
        _judge_endpoint(session, post.endpoint_id, outcome, now)
    log.info(
        "webhook attempt",
        post=post.id,
        endpoint=post.endpoint_id,
        attempt=post.attempt_no,
        status=outcome.status if isinstance(outcome, Answer) else None,
    )


def _send(poster: Poster, vault: Vault, post: ClaimedPost) -> tuple[bytes | None, Answer | Failure]:
    """The body where it has a shape of its own, and what came of it."""
    try:
        secrets = [vault.open(sealed) for sealed in post.secrets]
        keys = [vault.open(sealed) for sealed in (post.signing_key, post.signing_key_before) if sealed]
        headers = {name: vault.open(sealed) for name, sealed in post.headers.items()}
        shaped = mapped(post.mapping, post.body) if post.mapping else None
    except (Unavailable, Invalid) as reason:
        return None, Failure(str(reason), 0)
    body = post.body if shaped is None else shaped
    return shaped, poster.send(post.url, post.message_id, body, secrets, keys, headers)


def _result(post: ClaimedPost, sent: bytes | None, outcome: Answer | Failure, now: datetime) -> PostResult:
    state, due_at = _next(post, outcome, now)
    if isinstance(outcome, Failure):
        return PostResult(state, due_at, outcome.millis, error=outcome.sentence, sent=sent)
    complaint = _complaint(outcome)
    return PostResult(state, due_at, outcome.millis, outcome.status, outcome.reply, complaint, sent)


def _next(post: ClaimedPost, outcome: Answer | Failure, now: datetime) -> tuple[str, datetime]:
    if isinstance(outcome, Answer) and outcome.taken:
        return "delivered", now
    if isinstance(outcome, Answer) and outcome.status == _GONE:
        return "failed", now
    pause = wait_after(post.attempt_no, draw=random.random(), asked=_asked(outcome))
    return ("failed", now) if pause is None else ("pending", now + pause)


def _asked(outcome: Answer | Failure) -> timedelta | None:
    if isinstance(outcome, Failure) or outcome.retry_after is None:
        return None
    return min(timedelta(seconds=outcome.retry_after), LONGEST)


def _complaint(answer: Answer) -> str:
    if answer.taken:
        return ""
    if answer.status == _GONE:
        return _("The receiver says that this address is gone.")
    if 300 <= answer.status < 400:
        return _("The receiver answered with a redirect, and redirects are not followed.")
    return _("The receiver did not take the message.")


def _judge_endpoint(session: Session, endpoint_id: int, outcome: Answer | Failure, now: datetime) -> None:
    if isinstance(outcome, Answer) and outcome.taken:
        webhook_endpoints.note_success(session, endpoint_id, now=now)
        return
    failing_since = webhook_endpoints.note_failure(session, endpoint_id, now=now)
    if isinstance(outcome, Answer) and outcome.status == _GONE:
        switch_off(session, endpoint_id, _complaint(outcome), now=now)
    elif now - failing_since >= FAILING_FOR:
        switch_off(session, endpoint_id, _(_FAILED_TOO_LONG), now=now)
    asked = _asked(outcome)
    if asked is not None:
        webhook_posts.hold_back(session, endpoint_id, now + asked)
