"""Signatures of webhooks: Standard Webhooks 1.0.0, `v1` (HMAC-SHA256) and `v1a` (Ed25519)."""

import base64
import binascii
import hmac
import secrets as randomness
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

TOLERANCE_SECONDS = 300

_PREFIX = "whsec_"
_SIGNING, _VERIFYING = "whsk_", "whpk_"
_KEY_BYTES = 32


class BadSignature(Exception):
    """The message is not genuine, or not of now; `str()` says which."""


def make_secret() -> str:
    """A new secret of 32 random bytes, in the form that receivers expect: `whsec_` and base64."""
    return _PREFIX + base64.b64encode(randomness.token_bytes(_KEY_BYTES)).decode()


def sign(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` field: one signature for each secret, so that secrets can be rotated.

    `timestamp` is seconds since 1970 of this attempt. ValueError for an id with a dot (it would let two
    messages share their signed bytes), for no secret, and for one that is not base64.
    """
    if "." in message_id or not secrets:
        raise ValueError("a signature needs a secret, and an id without a dot")
    return " ".join("v1," + _one(secret, message_id, timestamp, body) for secret in secrets)


@dataclass(frozen=True)
class KeyPair:
    """An Ed25519 pair as the standard writes it: `whsk_` the private part, `whpk_` the public one."""

    signing: str
    verifying: str


def make_key_pair() -> KeyPair:
    """A new pair; only its public part leaves the house."""
    key = Ed25519PrivateKey.generate()
    private, public = key.private_bytes_raw(), key.public_key().public_bytes_raw()
    return KeyPair(
        _SIGNING + base64.b64encode(private).decode(), _VERIFYING + base64.b64encode(public).decode()
    )


def sign_openly(signing_key: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One `v1a` signature, over the same bytes as the others. ValueError for what is no key."""
    try:
        raw = base64.b64decode(signing_key.removeprefix(_SIGNING), validate=True)
    except binascii.Error as fault:
        raise ValueError("the key is not base64") from fault
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1a," + base64.b64encode(Ed25519PrivateKey.from_private_bytes(raw).sign(signed)).decode()


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, *, now: int) -> None:
    """Check a message as a receiver does; raises BadSignature. Headers by lower-case name."""
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "").split()
    if not message_id or not timestamp.isascii() or not timestamp.isdigit() or not given:
        raise BadSignature("a webhook header is missing or unreadable")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise BadSignature("the message is too old or from the future")
    genuine = ["v1," + _one(secret, message_id, int(timestamp), body) for secret in secrets]
    matches = [hmac.compare_digest(one.encode(), other.encode()) for one in genuine for other in given]
    if not any(matches):
        raise BadSignature("no signature of the message is ours")


def _one(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.digest(_key(secret), signed, "sha256")).decode()


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not key:
        raise ValueError("the secret is not base64")
    return key
