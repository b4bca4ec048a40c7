import time

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from standardwebhooks import Webhook

from nurture.errors import Conflict, Invalid, NotFound
from nurture.files.vault import Vault
from nurture.flows.endpoints import change_endpoint, create_endpoint, rotate_secret, try_endpoint
from nurture.flows.post_webhooks import post_webhooks
from nurture.net.outgoing import Way
from nurture.rules.tokens import KeyRing
from nurture.store import webhook_endpoints
from nurture.store.audit import AuditEntry
from nurture.store.webhooks import WebhookEndpoint, write_message
from nurture.webhooks.post import Poster
from tests.conftest import TUESDAY
from tests.sinks import WebhookSink

BY = "user:1"


@pytest.fixture
def vault() -> Vault:
    return Vault(KeyRing((b"k" * 32,)))


@pytest.fixture
def turn(sessions: sessionmaker[Session], vault: Vault):
    poster = Poster(Way(private=True), real_seconds=time.time)
    yield lambda: post_webhooks(sessions, poster, vault, now=TUESDAY, patience=10)
    poster.close()


def make(db: Session, vault: Vault, url: str, *types: str):
    created = create_endpoint(db, vault, url, types, private=True, by=BY, now=TUESDAY)
    db.commit()
    return created


def test_a_new_endpoint_gives_its_secret_once_and_keeps_it_sealed(db: Session, vault: Vault) -> None:
    created = make(db, vault, "https://crm.example/in", "lead.hot")
    [kept] = db.get_one(WebhookEndpoint, created.id).secrets
    assert created.secret.startswith("whsec_")
    assert created.secret not in kept and vault.open(kept) == created.secret
    assert db.scalars(select(AuditEntry.action)).all() == ["webhook_endpoint.created"]


def test_all_faults_of_a_new_endpoint_are_named_at_once(db: Session, vault: Vault) -> None:
    with pytest.raises(Invalid) as refusal:
        create_endpoint(db, vault, "http://127.0.0.1/", ["lead.cold"], private=False, by=BY, now=TUESDAY)
    assert sorted(refusal.value.errors) == ["types", "url"]
    assert "lead.cold" in refusal.value.errors["types"][0]


def test_a_test_message_goes_to_one_endpoint_whatever_it_listens_to(
    db: Session, vault: Vault, webhook_sink: WebhookSink, turn
) -> None:
    make(db, vault, webhook_sink.url + "/other")
    created = make(db, vault, webhook_sink.url + "/tried", "lead.hot")
    message_id = try_endpoint(db, created.id, now=TUESDAY)
    db.commit()
    turn()
    [post] = webhook_sink.posts
    assert (post.path, post.headers["webhook-id"]) == ("/hook/tried", message_id)
    assert Webhook(created.secret).verify(post.body, post.headers)["type"] == "webhook.test"


def test_what_waits_for_an_endpoint_goes_out_when_it_is_switched_on_again(
    db: Session, vault: Vault, webhook_sink: WebhookSink, turn
) -> None:
    created = make(db, vault, webhook_sink.url)
    write_message(db, "lead.hot", {}, lead_id=None, dedup_key="a", now=TUESDAY)
    change_endpoint(db, created.id, private=True, disabled=True, by=BY, now=TUESDAY)
    db.commit()
    assert turn() == 0
    with pytest.raises(Conflict):
        try_endpoint(db, created.id, now=TUESDAY)
    change_endpoint(db, created.id, private=True, disabled=False, by=BY, now=TUESDAY)
    db.commit()
    assert turn() == 1
    assert len(webhook_sink.posts) == 1


def test_after_a_rotation_messages_carry_both_signatures(
    db: Session, vault: Vault, webhook_sink: WebhookSink, turn
) -> None:
    created = make(db, vault, webhook_sink.url)
    newer = rotate_secret(db, vault, created.id, by=BY, now=TUESDAY)
    write_message(db, "lead.hot", {}, lead_id=None, dedup_key="a", now=TUESDAY)
    db.commit()
    turn()
    [post] = webhook_sink.posts
    for secret in (created.secret, newer):
        Webhook(secret).verify(post.body, post.headers)
    rotate_secret(db, vault, created.id, by=BY, now=TUESDAY)
    assert len(db.get_one(WebhookEndpoint, created.id).secrets) == 2


def test_a_changed_address_is_checked_like_a_new_one(db: Session, vault: Vault) -> None:
    created = make(db, vault, "https://crm.example/in")
    with pytest.raises(Invalid):
        change_endpoint(db, created.id, private=False, by=BY, now=TUESDAY, url="https://10.0.0.1/")
    changed = change_endpoint(db, created.id, private=False, by=BY, now=TUESDAY, types=["lead.hot"])
    assert (changed.url, changed.types) == ("https://crm.example/in", ["lead.hot"])
    assert [one.id for one in webhook_endpoints.page(db)] == [created.id]


def test_an_unknown_endpoint_is_not_found(db: Session, vault: Vault) -> None:
    with pytest.raises(NotFound):
        rotate_secret(db, vault, 4711, by=BY, now=TUESDAY)
