"""A message that is asked for again goes out again under its id."""

import pytest
from sqlalchemy.orm import Session

from nurture.errors import NotFound
from nurture.flows.post_webhooks import replay
from nurture.store import webhook_endpoints, webhooks
from tests.conftest import TUESDAY
from tests.flows.posting import Turn, listen, poster, turn, vault, write
from tests.sinks import WebhookSink

__all__ = ["listen", "poster", "turn", "vault"]


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
