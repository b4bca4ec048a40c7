import base64
import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from nurture.errors import Conflict, Invalid, NotFound
from nurture.files.vault import Vault
from nurture.flows.endpoints import (
    Receiver,
    change_endpoint,
    create_endpoint,
    forget_old_keys,
    make_signing_key,
    rotate_secret,
    switch_off,
    try_endpoint,
)
from nurture.flows.post_webhooks import Range, replay_range
from nurture.store import webhook_endpoints
from nurture.store.audit import AuditEntry
from nurture.store.deliveries import Delivery
from nurture.store.users import User
from nurture.store.webhooks import WebhookEndpoint, write_message
from tests.conftest import TUESDAY
from tests.sinks import WebhookSink

BY = "user:1"


def make(db: Session, vault: Vault, url: str, *types: str):
    created = create_endpoint(db, vault, Receiver(url, types), private=True, by=BY, now=TUESDAY)
    db.commit()
    return created


def change(db: Session, vault: Vault, endpoint_id: int, wanted: Receiver, *, private: bool = True):
    return change_endpoint(db, vault, endpoint_id, wanted, private=private, by=BY, now=TUESDAY)


def openly_signed(post, public: str) -> bool:
    """Whether one of the `v1a` signatures of a post is by this key, as the standard describes it."""
    headers = {name.lower(): value for name, value in post.headers.items()}
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("whpk_")))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + post.body
    for given in headers["webhook-signature"].split():
        with suppress(InvalidSignature):
            if given.startswith("v1a,"):
                key.verify(base64.b64decode(given.removeprefix("v1a,")), signed)
                return True
    return False


def test_a_new_endpoint_gives_its_secret_once_and_keeps_it_sealed(db: Session, vault: Vault) -> None:
    created = make(db, vault, "https://crm.example/in", "lead.hot")
    [kept] = db.get_one(WebhookEndpoint, created.id).secrets
    assert created.secret.startswith("whsec_")
    assert created.secret not in kept and vault.open(kept) == created.secret
    assert db.scalars(select(AuditEntry.action)).all() == ["webhook_endpoint.created"]


def test_all_faults_of_a_new_endpoint_are_named_at_once(db: Session, vault: Vault) -> None:
    with pytest.raises(Invalid) as refusal:
        wrong = Receiver("http://127.0.0.1/", ["lead.cold"])
        create_endpoint(db, vault, wrong, private=False, by=BY, now=TUESDAY)
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
    change_endpoint(db, vault, created.id, Receiver(), private=True, disabled=True, by=BY, now=TUESDAY)
    db.commit()
    assert turn() == 0
    with pytest.raises(Conflict):
        try_endpoint(db, created.id, now=TUESDAY)
    change_endpoint(db, vault, created.id, Receiver(), private=True, disabled=False, by=BY, now=TUESDAY)
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
        change(db, vault, created.id, Receiver(url="https://10.0.0.1/"), private=False)
    changed = change(db, vault, created.id, Receiver(types=["lead.hot"]), private=False)
    assert (changed.url, changed.types) == ("https://crm.example/in", ["lead.hot"])
    assert [one.id for one in webhook_endpoints.page(db)] == [created.id]


def test_an_unknown_endpoint_is_not_found(db: Session, vault: Vault) -> None:
    with pytest.raises(NotFound):
        rotate_secret(db, vault, 4711, by=BY, now=TUESDAY)


def test_a_filter_lets_through_only_what_it_asks_for(db, vault, webhook_sink, turn) -> None:
    create_endpoint(
        db,
        vault,
        Receiver(
            webhook_sink.url,
            ["handoff.outcome"],
            {"any": [{"field": "data.outcome", "eq": "won"}, {"field": "data.lead.id", "eq": 7}]},
        ),
        private=True,
        by=BY,
        now=TUESDAY,
    )
    for no, (outcome, lead) in enumerate([("won", 1), ("lost", 2), ("lost", 7)]):
        data = {"outcome": outcome, "lead": {"id": lead}}
        write_message(db, "handoff.outcome", data, lead_id=lead, dedup_key=f"o:{no}", now=TUESDAY)
    db.commit()
    turn()
    told = [json.loads(post.body)["data"] for post in webhook_sink.posts]
    assert sorted((one["outcome"], one["lead"]["id"]) for one in told) == [("lost", 7), ("won", 1)]


def test_a_filter_that_asks_about_anything_else_is_refused(db, vault) -> None:
    for wrong in ({"temperature": "hot"}, {"field": "email", "eq": "x"}, {"weather": "fine"}):
        with pytest.raises(Invalid) as refusal:
            receiver = Receiver("https://crm.example/in", [], wrong)
            create_endpoint(db, vault, receiver, private=True, by=BY, now=TUESDAY)
        assert list(refusal.value.errors) == ["filter"]


def test_a_filter_can_be_taken_away(db, vault) -> None:
    created = make(db, vault, "https://crm.example/in")
    narrow = {"field": "data.grade", "eq": "A"}
    change(db, vault, created.id, Receiver(filter=narrow))
    assert db.get_one(WebhookEndpoint, created.id).filter == narrow
    change(db, vault, created.id, Receiver(filter={}))
    assert db.get_one(WebhookEndpoint, created.id).filter is None


def test_a_key_pair_signs_beside_the_secret(db, vault, webhook_sink, turn) -> None:
    created = make(db, vault, webhook_sink.url)
    public = make_signing_key(db, vault, created.id, by=BY, now=TUESDAY)
    try_endpoint(db, created.id, now=TUESDAY)
    db.commit()
    turn()
    [post] = webhook_sink.posts
    headers = {name.lower(): value for name, value in post.headers.items()}
    Webhook(created.secret).verify(post.body, headers)
    assert openly_signed(post, public)
    assert not openly_signed(replace(post, body=post.body + b" "), public)


def test_a_key_pair_is_changed_in_peace_and_old_keys_can_be_forgotten(db, vault, webhook_sink, turn) -> None:
    created = make(db, vault, webhook_sink.url)
    first = make_signing_key(db, vault, created.id, by=BY, now=TUESDAY)
    second = make_signing_key(db, vault, created.id, by=BY, now=TUESDAY)
    newer = rotate_secret(db, vault, created.id, by=BY, now=TUESDAY)
    try_endpoint(db, created.id, now=TUESDAY)
    db.commit()
    turn()
    forget_old_keys(db, created.id, by=BY, now=TUESDAY)
    try_endpoint(db, created.id, now=TUESDAY)
    db.commit()
    turn()
    during, after = webhook_sink.posts
    assert openly_signed(during, first) and openly_signed(during, second)
    assert openly_signed(after, second) and not openly_signed(after, first)
    Webhook(created.secret).verify(during.body, during.headers)
    Webhook(newer).verify(after.body, after.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(created.secret).verify(after.body, after.headers)


def test_what_was_given_up_in_a_stretch_of_time_goes_out_again_under_its_ids(
    db, vault, webhook_sink, turn
) -> None:
    make(db, vault, webhook_sink.url)
    for no in range(4):
        at = TUESDAY + timedelta(hours=no)
        write_message(db, "lead.erased", {"lead": {"id": no}}, lead_id=no, dedup_key=f"e:{no}", now=at)
    db.execute(text("UPDATE webhook_post SET due_at = :now"), {"now": TUESDAY})
    db.commit()
    turn()
    db.execute(text("UPDATE webhook_post SET state = 'failed' WHERE id % 2 = 0"))
    db.commit()
    first = {post.headers["webhook-id"] for post in webhook_sink.posts}
    stretch = Range(TUESDAY, TUESDAY + timedelta(hours=3))
    assert replay_range(db, stretch, by=BY, now=TUESDAY) == 1
    db.commit()
    turn()
    again = [post.headers["webhook-id"] for post in webhook_sink.posts[4:]]
    assert len(again) == 1 and set(again) < first
    assert replay_range(db, replace(stretch, delivered_too=True), by=BY, now=TUESDAY) == 3
    with pytest.raises(Invalid):
        replay_range(db, Range(TUESDAY, TUESDAY), by=BY, now=TUESDAY)


def test_the_administrators_hear_once_that_a_receiver_was_switched_off(db, vault) -> None:
    admin = User(email="mira@x.example", name="Mira", role="admin", password_hash="-", created_at=TUESDAY)
    db.add(admin)
    created = make(db, vault, "https://crm.example/in")
    for _ in range(2):
        switch_off(db, created.id, "It has taken nothing for five days.", now=TUESDAY)
    [mail] = db.scalars(select(Delivery)).all()
    assert (mail.address, mail.purpose) == ("mira@x.example", "notice")
    assert mail.params["reason"] == "It has taken nothing for five days."
