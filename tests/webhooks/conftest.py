"""What messages are posted with: the keys of a test, and a turn of the pump that posts them."""

import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.orm import Session, sessionmaker

from nurture.files.vault import Vault
from nurture.flows.post_webhooks import post_webhooks
from nurture.net.outgoing import Way
from nurture.rules.tokens import KeyRing
from nurture.webhooks.post import Poster
from tests.conftest import TUESDAY


@pytest.fixture
def vault() -> Vault:
    return Vault(KeyRing((b"k" * 32,)))


@pytest.fixture
def turn(sessions: sessionmaker[Session], vault: Vault) -> Iterator[Callable[[], int]]:
    poster = Poster(Way(private=True), real_seconds=time.time)
    yield lambda: post_webhooks(sessions, poster, vault, now=TUESDAY, patience=10)
    poster.close()
