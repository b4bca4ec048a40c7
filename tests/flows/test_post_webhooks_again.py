"""A post that was not taken comes again, later and later, until it is taken or given up."""

import json
import time
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from standardwebhooks import Webhook

from tests.conftest import TUESDAY
from tests.flows.posting import SECRET, Turn, attempts, endpoint, listen, poster, posts, turn, vault, write
from tests.sinks import ReceivedPost, WebhookSink

__all__ = ["listen", "poster", "turn", "vault"]


def test_a_refused_message_comes_again_by_the_schedule_with_the_same_id(
    db: Session, webhook_sink: WebhookSink, turn: Turn, listen
) -> None:
    hooked = listen(webhook_sink.url)
    webhook_sink.script = [500, 503, 200]
    write(db)
    turn(TUESDAY)
    assert turn(TUESDAY + timedelta(seconds=3)) == 0
    turn(TUESDAY + timedelta(seconds=6))
    assert endpoint(db, hooked).failing_since == TUESDAY
    assert turn(TUESDAY + timedelta(minutes=4)) == 0
    turn(TUESDAY + timedelta(minutes=6))

    assert len({post.headers["webhook-id"] for post in webhook_sink.posts}) == 1
    assert [post.body for post in webhook_sink.posts] == [webhook_sink.posts[0].body] * 3
    assert [one.status for one in attempts(db)] == [500, 503, 200]
    assert [one.state for one in posts(db)] == ["delivered"]
    assert endpoint(db, hooked).failing_since is None


def test_after_ten_tries_over_three_days_a_post_has_failed(
    db: Session, webhook_sink: WebhookSink, turn: Turn, listen
) -> None:
    listen(webhook_sink.url)
    webhook_sink.script = lambda post: 500
    write(db)
    now = TUESDAY
    for _ in range(10):
        turn(now)
        now = max(now, posts(db)[0].due_at)
    assert [one.state for one in posts(db)] == ["failed"]
    assert len(attempts(db)) == 10
    assert timedelta(hours=67) < now - TUESDAY < timedelta(hours=84)
    assert turn(now + timedelta(days=30)) == 0


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(
    db: Session, webhook_sink: WebhookSink, turn: Turn, listen, status: int
) -> None:
    with WebhookSink() as elsewhere:
        listen(webhook_sink.url)
        webhook_sink.script = lambda post: (status, {"location": elsewhere.url})
        write(db)
        turn()
        assert elsewhere.posts == []
    assert [one.state for one in posts(db)] == ["pending"]
    assert "redirect" in attempts(db)[0].error


def test_a_receiver_that_is_gone_is_not_asked_again(
    db: Session, webhook_sink: WebhookSink, turn: Turn, listen
) -> None:
    hooked = listen(webhook_sink.url)
    webhook_sink.script = [410]
    write(db, "a")
    turn()
    assert [one.state for one in posts(db)] == ["failed"]
    assert "gone" in endpoint(db, hooked).disabled_reason
    write(db, "b")
    turn(TUESDAY + timedelta(days=1))
    assert len(webhook_sink.posts) == 1


def test_retry_after_is_honoured_for_everything_that_waits_there(
    db: Session, webhook_sink: WebhookSink, turn: Turn, listen
) -> None:
    listen(webhook_sink.url)
    webhook_sink.script = lambda post: (429, {"retry-after": "3600"})
    for key in "abcdefgh":
        write(db, key)
    turn(TUESDAY)
    asked = len(webhook_sink.posts)
    assert asked < 8
    assert turn(TUESDAY + timedelta(minutes=59)) == 0
    webhook_sink.script = []
    turn(TUESDAY + timedelta(minutes=61))
    assert len(webhook_sink.posts) == asked + 8


def test_retry_after_may_be_a_date(db: Session, webhook_sink: WebhookSink, turn: Turn, listen) -> None:
    listen(webhook_sink.url)
    in_an_hour = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 3600))
    webhook_sink.script = lambda post: (503, {"retry-after": in_an_hour})
    write(db)
    turn(TUESDAY)
    assert timedelta(minutes=59) < posts(db)[0].due_at - TUESDAY <= timedelta(hours=1)


def test_a_receiver_that_is_down_loses_nothing_and_says_why(db: Session, turn: Turn, listen) -> None:
    with WebhookSink() as sink:
        url = sink.url
    listen(url)
    write(db)
    turn()
    [attempt] = attempts(db)
    assert (attempt.status, attempt.error) == (None, "The receiver refused the connection.")
    assert [one.state for one in posts(db)] == ["pending"]


def test_an_endpoint_that_took_nothing_for_five_days_is_disabled(
    db: Session, webhook_sink: WebhookSink, turn: Turn, listen
) -> None:
    hooked = listen(webhook_sink.url)
    webhook_sink.script = lambda post: 500
    write(db, "a")
    turn(TUESDAY)
    db.execute(text("UPDATE webhook_post SET due_at = :at"), {"at": TUESDAY + timedelta(days=5)})
    db.commit()
    turn(TUESDAY + timedelta(days=5))
    assert endpoint(db, hooked).disabled_at == TUESDAY + timedelta(days=5)
    assert "five days" in endpoint(db, hooked).disabled_reason


def test_every_fact_arrives_at_least_once_under_faults_of_a_third(
    db: Session, webhook_sink: WebhookSink, turn: Turn, listen
) -> None:
    seen = 0

    def moody(post: ReceivedPost) -> int | tuple[int, dict[str, str]]:
        nonlocal seen
        seen += 1
        return (500, 200, 302, 200, 429, 200, 200)[seen % 7]

    listen(webhook_sink.url)
    webhook_sink.script = moody
    for n in range(50):
        write(db, f"fact {n}")
    now = TUESDAY
    while any(one.state != "delivered" for one in posts(db)):
        turn(now)
        now += timedelta(hours=6)
        assert now < TUESDAY + timedelta(days=5)
    facts = {json.loads(post.body)["data"]["n"] for post in webhook_sink.posts}
    assert facts == {f"fact {n}" for n in range(50)}
    for post in webhook_sink.posts:
        Webhook(SECRET).verify(post.body, post.headers)
