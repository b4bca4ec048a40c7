import base64
import json
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from nurture.webhooks.signature import BadSignature, make_secret, sign, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'


def headers(*secrets: str, at: int, body: bytes = BODY) -> dict[str, str]:
    signature = sign(secrets, "msg_1", at, body)
    return {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signature}


def now() -> int:
    return int(datetime.now(UTC).timestamp())


def test_the_published_vector_is_signed_as_published() -> None:
    signature = sign([SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_receiver_with_the_reference_library_accepts_what_we_sign() -> None:
    secret = make_secret()
    body = json.dumps({"type": "lead.hot", "data": {"name": "Zoë"}}, ensure_ascii=False).encode()
    assert Webhook(secret).verify(body, headers(secret, at=now(), body=body))["type"] == "lead.hot"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", headers(secret, at=now(), body=body))


def test_during_a_rotation_receivers_with_either_secret_accept() -> None:
    old, new = make_secret(), make_secret()
    both = headers(new, old, at=now())
    Webhook(old).verify(BODY, both)
    Webhook(new).verify(BODY, both)
    verify([old], both, BODY, now=now())


def test_secrets_are_32_random_bytes() -> None:
    one, other = make_secret(), make_secret()
    assert one.startswith("whsec_") and one != other
    assert len(base64.b64decode(one.removeprefix("whsec_"))) == 32


@pytest.mark.parametrize("shift", [-301, 301])
def test_a_message_of_another_time_is_refused(shift: int) -> None:
    with pytest.raises(BadSignature, match="too old"):
        verify([SECRET], headers(SECRET, at=1_000_000 + shift), BODY, now=1_000_000)


def test_five_minutes_either_way_are_accepted() -> None:
    verify([SECRET], headers(SECRET, at=1_000_300), BODY, now=1_000_000)
    verify([SECRET], headers(SECRET, at=999_700), BODY, now=1_000_000)


@pytest.mark.parametrize(
    "spoil",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "nocomma"},
        {"webhook-signature": "v1,ü"},
        {"webhook-signature": ""},
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "1000001"},
    ],
)
def test_a_message_that_was_tampered_with_is_refused(spoil: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        verify([SECRET], {**headers(SECRET, at=1_000_000), **spoil}, BODY, now=1_000_000)


@pytest.mark.parametrize(
    ("secrets", "message_id"), [([], "msg_1"), ([SECRET], "msg.1"), (["whsec_!"], "msg_1")]
)
def test_what_cannot_be_signed_safely_is_an_error(secrets: list[str], message_id: str) -> None:
    with pytest.raises(ValueError):
        sign(secrets, message_id, 1, BODY)
