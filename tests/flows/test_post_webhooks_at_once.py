"""Many posts and many that post: nobody holds up another, and a death loses nothing."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.store import webhook_posts
from nurture.store.webhooks import WebhookEndpoint
from nurture.webhooks.post import THREADS, Poster
from tests.conftest import TUESDAY
from tests.flows.posting import Turn, attempts, listen, poster, posts, turn, vault, write
from tests.sinks import WebhookSink
from tests.webhooks.receivers import RawReceiver

__all__ = ["listen", "poster", "turn", "vault"]


def test_slow_receivers_do_not_delay_the_others(
    db: Session, webhook_sink: WebhookSink, turn: Turn, listen, poster: Poster
) -> None:
    answers = threading.Event()
    with RawReceiver(lambda stream, head: answers.wait(60)) as slow:
        for n in range(3):
            listen(slow.url() + str(n))
        listen(webhook_sink.url)
        for n in range(40):
            write(db, f"fact {n}")
        for _ in range(40):
            if len(webhook_sink.posts) < 40:
                turn(patience=0.2)
        assert len(webhook_sink.posts) == 40, "a slow receiver held up the others"
        assert poster.free < THREADS, "which has not answered yet"
        answers.set()
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
    turn()  # pumps that find as many under way as a receiver is sent at once leave it the rest
    assert len(webhook_sink.posts) == 30
    assert len({post.headers["webhook-id"] for post in webhook_sink.posts}) == 30
