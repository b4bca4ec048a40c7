import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, sessionmaker
from standardwebhooks import Webhook

from nurture.errors import NotFound
from nurture.files.vault import Vault
from nurture.flows.post_webhooks import post_webhooks, replay
from nurture.net.outgoing import Way
from nurture.rules.tokens import KeyRing
from nurture.store import webhook_endpoints, webhook_posts, webhooks
from nurture.store.webhooks import WebhookAttempt, WebhookEndpoint, WebhookMessage, WebhookPost, write_message
from nurture.webhooks.post import THREADS, Poster
from nurture.webhooks.signature import make_secret
from tests.conftest import TUESDAY
from tests.flows.ripe_leads import an_endpoint
from tests.sinks import ReceivedPost, WebhookSink
from tests.webhooks.receivers import RawReceiver

SECRET = make_secret()
Turn = Callable[..., int]


@pytest.fixture
def vault() -> Vault:
    return Vault(KeyRing((b"k" * 32,)))


@pytest.fixture
def poster() -> Iterator[Poster]:
    poster = Poster(Way(private=True, connect_seconds=1, total_seconds=2), real_seconds=time.time)
    yield poster
    poster.close()


@pytest.fixture
def turn(sessions: sessionmaker[Session], poster: Poster, vault: Vault) -> Turn:
    """One call of the flow that waits for all it has begun."""

    def run(now: datetime = TUESDAY, patience: float = 10.0, limit: int = 200) -> int:
        return post_webhooks(sessions, poster, vault, now=now, patience=patience, limit=limit)

    return run


@pytest.fixture
def listen(db: Session, vault: Vault) -> Callable[..., int]:
    return lambda url, *types: an_endpoint(db, url, vault.seal(SECRET), *types)


def write(db: Session, key: str = "fact", kind: str = "lead.hot") -> str:
    message_id = write_message(db, kind, {"n": key}, lead_id=None, dedup_key=key, now=TUESDAY)
    db.commit()
    assert message_id is not None
    return message_id


def posts(db: Session) -> list[WebhookPost]:
    db.rollback()
    query = select(WebhookPost).order_by(WebhookPost.id).execution_options(populate_existing=True)
    return list(db.scalars(query))


def attempts(db: Session) -> list[WebhookAttempt]:
    db.rollback()
    return list(db.scalars(select(WebhookAttempt).order_by(WebhookAttempt.id)))


def endpoint(db: Session, endpoint_id: int) -> WebhookEndpoint:
    db.rollback()
    return db.get_one(WebhookEndpoint, endpoint_id, populate_existing=True)


def test_a_message_reaches_the_receiver_signed_and_is_recorded(
    db: Session, webhook_sink: WebhookSink, turn: Turn, listen
) -> None:
    listen(webhook_sink.url)
    message_id = write(db)
    assert turn() == 1

    [post] = webhook_sink.posts
    assert post.headers["webhook-id"] == message_id
    assert post.headers["content-type"] == "application/json"
    assert abs(int(post.headers["webhook-timestamp"]) - time.time()) < 10
    told = Webhook(SECRET).verify(post.body, post.headers)
    assert told == {"type": "lead.hot", "timestamp": "2026-03-03T10:00:00Z", "data": {"n": "fact"}}
    assert [one.state for one in posts(db)] == ["delivered"]
    assert [(one.status, one.attempt_no, one.error) for one in attempts(db)] == [(200, 1, "")]
    assert turn() == 0


def test_the_same_fact_is_written_once(db: Session, listen) -> None:
    listen("http://127.0.0.1:9/")
    write(db)
    assert write_message(db, "lead.hot", {"n": 2}, lead_id=None, dedup_key="fact", now=TUESDAY) is None
    db.commit()
    assert db.scalar(select(func.count()).select_from(WebhookPost)) == 1


def test_an_endpoint_hears_only_the_types_it_listens_to(db: Session, listen) -> None:
    everything, hot = listen("http://127.0.0.1:9/all"), listen("http://127.0.0.1:9/hot", "lead.hot")
    write(db, "a", "lead.hot")
    write(db, "b", "lead.ready")
    assert [one.endpoint_id for one in posts(db)] == [everything, hot, everything]


def test_plentiful_messages_are_kept_only_while_somebody_listens(db: Session, listen) -> None:
    listen("http://127.0.0.1:9/", "lead.hot")
    assert write_message(db, "delivery.sent", {}, lead_id=None, dedup_key="d:1", now=TUESDAY) is None
    listen("http://127.0.0.1:9/", "delivery.sent")
    assert write_message(db, "delivery.sent", {}, lead_id=None, dedup_key="d:2", now=TUESDAY) is not None


def test_a_hot_lead_is_kept_when_nobody_listens_yet(db: Session) -> None:
    write(db)
    assert db.scalar(select(func.count()).select_from(WebhookMessage)) == 1


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


def test_slow_receivers_do_not_delay_the_others(
    db: Session, webhook_sink: WebhookSink, turn: Turn, listen, poster: Poster
) -> None:
    with RawReceiver(lambda stream, head: time.sleep(1.5)) as slow:
        for n in range(3):
            listen(slow.url() + str(n))
        listen(webhook_sink.url)
        for n in range(40):
            write(db, f"fact {n}")
        began = time.monotonic()
        while len(webhook_sink.posts) < 40:
            turn(patience=0.2)
            assert time.monotonic() - began < 1.4, "a slow receiver held up the others"
        assert poster.free < THREADS
        poster.close()


def test_a_failing_receiver_is_asked_by_one_post_at_a_time(
    db: Session, webhook_sink: WebhookSink, turn: Turn, listen, sessions: sessionmaker[Session]
) -> None:
    hooked = listen(webhook_sink.url)
    for n in range(10):
        write(db, f"fact {n}")
    with sessions.begin() as session:
        assert len(webhook_posts.claim_posts(session, now=TUESDAY, limit=100)) == webhook_posts.AT_ONCE
        session.rollback()
    db.get_one(WebhookEndpoint, hooked).failing_since = TUESDAY
    db.commit()
    with sessions.begin() as session:
        assert len(webhook_posts.claim_posts(session, now=TUESDAY, limit=100)) == 1


A_PROCESS = """
import sys, time
from datetime import datetime
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from nurture.files.vault import Vault
from nurture.flows.post_webhooks import post_webhooks
from nurture.net.outgoing import Way
from nurture.rules.tokens import KeyRing
from nurture.webhooks.post import Poster

poster = Poster(Way(private=True), real_seconds=time.time)
now = datetime.fromisoformat(sys.argv[2])
sessions = sessionmaker(create_engine(sys.argv[1]))
post_webhooks(sessions, poster, Vault(KeyRing((b"k" * 32,))), now=now, patience=60)
"""


def test_killed_between_post_and_record_the_message_comes_again_under_its_id(
    db: Session, webhook_sink: WebhookSink, turn: Turn, listen, database_url: str
) -> None:
    listen(webhook_sink.url)
    write(db)
    webhook_sink.delay = 15  # the message has arrived, its answer is still on the way
    process = subprocess.Popen([sys.executable, "-c", A_PROCESS, database_url, TUESDAY.isoformat()])
    while not webhook_sink.posts:
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()

    webhook_sink.delay = 0
    assert turn(TUESDAY + timedelta(hours=1)) == 0  # the lease runs on the database's clock, not on `now`
    db.execute(text("UPDATE webhook_post SET lease_until = clock_timestamp() - interval '1 second'"))
    db.commit()
    turn(TUESDAY + timedelta(hours=1))

    assert len(webhook_sink.posts) == 2
    assert len({(post.headers["webhook-id"], post.body) for post in webhook_sink.posts}) == 1
    assert [one.state for one in posts(db)] == ["delivered"]
    assert ["cut off" in one.error for one in attempts(db)] == [True, False]


def test_an_answer_that_comes_after_the_lease_has_passed_on_counts(
    db: Session, listen, sessions: sessionmaker[Session]
) -> None:
    listen("http://127.0.0.1:9/")
    write(db)
    with sessions.begin() as session:
        [mine] = webhook_posts.claim_posts(session, now=TUESDAY, limit=10)
    db.execute(text("UPDATE webhook_post SET lease_until = clock_timestamp() - interval '1 second'"))
    db.commit()
    with sessions.begin() as session:
        webhook_posts.reclaim_posts(session, "cut off", now=TUESDAY)
        [theirs] = webhook_posts.claim_posts(session, now=TUESDAY, limit=10)
    failed = webhook_posts.PostResult("failed", TUESDAY, 1, 500)
    delivered = webhook_posts.PostResult("delivered", TUESDAY, 1, 200)
    with sessions.begin() as session:
        webhook_posts.record_post(session, mine, failed, now=TUESDAY)
    assert posts(db)[0].state == "posting"
    with sessions.begin() as session:
        webhook_posts.record_post(session, mine, delivered, now=TUESDAY)
        webhook_posts.record_post(session, theirs, failed, now=TUESDAY)
    assert posts(db)[0].state == "delivered"


def test_two_pumps_at_once_post_each_message_once(
    db: Session, webhook_sink: WebhookSink, turn: Turn, listen
) -> None:
    listen(webhook_sink.url)
    for n in range(30):
        write(db, f"fact {n}")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: turn(), range(4)))
    assert len(webhook_sink.posts) == 30
    assert len({post.headers["webhook-id"] for post in webhook_sink.posts}) == 30


def test_a_replayed_message_goes_out_again_under_its_id(
    db: Session, webhook_sink: WebhookSink, turn: Turn, listen
) -> None:
    listen(webhook_sink.url)
    message_id = write(db)
    turn()
    assert replay(db, message_id, TUESDAY) == 1
    db.commit()
    turn()
    assert [post.headers["webhook-id"] for post in webhook_sink.posts] == [message_id] * 2
    assert len(webhooks.attempts_of(db, message_id)) == 2


def test_replay_reaches_an_endpoint_that_joined_later(
    db: Session, webhook_sink: WebhookSink, turn: Turn, listen
) -> None:
    message_id = write(db)
    listen(webhook_sink.url)
    assert turn() == 0
    assert replay(db, message_id, TUESDAY) == 1
    db.commit()
    turn()
    assert len(webhook_sink.posts) == 1


def test_a_replayed_test_message_stays_with_the_endpoint_it_was_for(
    db: Session, webhook_sink: WebhookSink, turn: Turn, listen
) -> None:
    listen(webhook_sink.url + "/other")
    tried = listen(webhook_sink.url + "/tried", "lead.hot")
    message_id = webhook_endpoints.post_test(db, tried, {}, now=TUESDAY)
    assert replay(db, message_id, TUESDAY) == 1
    db.commit()
    turn()
    assert [post.path for post in webhook_sink.posts] == ["/hook/tried"]


def test_an_unknown_message_cannot_be_replayed(db: Session) -> None:
    with pytest.raises(NotFound):
        replay(db, "msg_unknown", TUESDAY)


def test_a_long_reply_is_kept_up_to_4_kilobytes(db: Session, turn: Turn, listen) -> None:
    body = b"<b>\x00" + b"x" * 10_000

    def wordy(stream, head) -> None:
        stream.sendall(b"HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    with RawReceiver(wordy) as receiver:
        listen(receiver.url())
        write(db)
        turn()
    [attempt] = attempts(db)
    assert len(attempt.reply) == 4096
    assert attempt.reply.startswith("<b>\N{REPLACEMENT CHARACTER}xx")


def test_a_private_receiver_is_never_connected_to_unless_it_is_allowed(
    db: Session, sessions: sessionmaker[Session], webhook_sink: WebhookSink, vault: Vault, listen
) -> None:
    listen(webhook_sink.url)
    write(db)
    careful = Poster(Way(private=False), real_seconds=time.time)
    post_webhooks(sessions, careful, vault, now=TUESDAY, patience=10)
    careful.close()
    assert webhook_sink.posts == []
    assert attempts(db)[0].error == "The address must begin with https://."


def test_a_secret_that_does_not_open_is_said_and_nothing_unsigned_leaves(
    db: Session, webhook_sink: WebhookSink, turn: Turn
) -> None:
    an_endpoint(db, webhook_sink.url, Vault(KeyRing((b"other" * 8,))).seal(SECRET))
    write(db)
    turn()
    assert webhook_sink.posts == []
    assert "does not open" in attempts(db)[0].error


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
