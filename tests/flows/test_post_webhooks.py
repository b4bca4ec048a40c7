"""A webhook: written once, signed, posted to whoever listens, and recorded."""

import time

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker
from standardwebhooks import Webhook

from nurture.files.vault import Vault
from nurture.flows.post_webhooks import post_webhooks
from nurture.net.outgoing import Way
from nurture.rules.tokens import KeyRing
from nurture.store.webhooks import WebhookMessage, WebhookPost, write_message
from nurture.webhooks.post import Poster
from tests.conftest import TUESDAY
from tests.flows.posting import SECRET, Turn, attempts, listen, poster, posts, turn, vault, write
from tests.flows.ripe_leads import an_endpoint
from tests.sinks import WebhookSink
from tests.webhooks.receivers import RawReceiver

__all__ = ["listen", "poster", "turn", "vault"]


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
