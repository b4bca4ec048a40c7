"""A house that posts its webhooks, and what it has noted of each."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from nurture.files.vault import Vault
from nurture.flows.post_webhooks import post_webhooks
from nurture.net.outgoing import Way
from nurture.rules.tokens import KeyRing
from nurture.store.webhooks import WebhookAttempt, WebhookEndpoint, WebhookPost, write_message
from nurture.webhooks.post import Poster
from nurture.webhooks.signature import make_secret
from tests.conftest import TUESDAY
from tests.flows.ripe_leads import an_endpoint

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
