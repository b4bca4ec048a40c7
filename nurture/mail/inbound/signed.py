"""Whether a post is really from the provider: the signatures that providers document. Pure.

Amazon SNS (signature versions 1 and 2, certificate named in the message), Mailgun (HMAC-SHA256 over
timestamp and token), SendGrid (ECDSA P-256 over timestamp and body), and for those that sign nothing
(Postmark, Mailjet, the generic one) a name and a password in the address of the post (RFC 7617).
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

_SNS_HOST = re.compile(r"sns\.[a-z0-9-]{3,40}\.amazonaws\.com(?:\.cn)?")
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


_SIGNED_FOR = timedelta(hours=12)


class BadKey(ValueError):
    """The key that was entered is none of this provider's kind."""


def sns_message(body: bytes) -> Mapping[str, Any] | None:
    """The message of SNS in a post; None when it is not wrapped in one (raw delivery)."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    wrapped = isinstance(said, dict) and ("Signature" in said or "SigningCertURL" in said)
    return said if wrapped else None


def sns_certificate_url(said: Mapping[str, Any]) -> str | None:
    """Where its certificate lies; None when that is not a place of Amazon's."""
    url = said.get("SigningCertURL")
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    ours = parts.scheme == "https" and port in (None, 443) and "@" not in parts.netloc
    named = bool(_SNS_HOST.fullmatch(parts.hostname or "")) and parts.path.endswith(".pem")
    return url if ours and named else None


def is_signed_by_sns(said: Mapping[str, Any], certificate: bytes) -> bool:
    """Whether the message bears the signature of this certificate (PEM)."""
    names = _NOTIFICATION if said.get("Type") == "Notification" else _CONFIRMATION
    pairs = [(name, said[name]) for name in names if isinstance(said.get(name), str)]
    data = "".join(f"{name}\n{value}\n" for name, value in pairs).encode("utf-8", "replace")
    algorithm = {"1": SHA1(), "2": SHA256()}.get(str(said.get("SignatureVersion")))
    try:
        key = x509.load_pem_x509_certificate(certificate).public_key()
        signature = base64.b64decode(str(said.get("Signature", "")), validate=True)
        if algorithm is None or not isinstance(key, RSAPublicKey):
            return False
        key.verify(signature, data, PKCS1v15(), algorithm)
    except (ValueError, InvalidSignature):
        return False
    return True


def _by_mailgun(key: str, body: bytes, _headers: Mapping[str, str]) -> bool:
    try:
        said = json.loads(body)["signature"]
        told = f"{said['timestamp']}{said['token']}".encode()
        given = str(said["signature"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
    wanted = hmac.new(key.encode(), told, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace"))


def is_stale(provider: str, body: bytes, now: datetime) -> bool:
    """Whether a post was signed too long ago, or ahead, to be the provider's own try. Only Mailgun signs
    without the words, so that an old signature fits any; it tries for eight hours."""
    if provider != "mailgun":
        return False
    try:
        signed_at = float(json.loads(body)["signature"]["timestamp"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return True
    return not abs(now.timestamp() - signed_at) <= _SIGNED_FOR.total_seconds()


def _by_sendgrid(key: str, body: bytes, headers: Mapping[str, str]) -> bool:
    stamp = headers.get("x-twilio-email-event-webhook-timestamp", "")
    given = headers.get("x-twilio-email-event-webhook-signature", "")
    try:
        signature = base64.b64decode(given, validate=True)
        _sendgrid_key(key).verify(signature, stamp.encode("utf-8", "replace") + body, ECDSA(SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True


def _sendgrid_key(key: str) -> EllipticCurvePublicKey:
    try:
        found = load_der_public_key(base64.b64decode("".join(key.split()), validate=True))
    except (ValueError, binascii.Error) as fault:
        raise BadKey(str(fault)) from fault
    if not isinstance(found, EllipticCurvePublicKey):
        raise BadKey("not a key on an elliptic curve")
    return found


def _by_password(key: str, _body: bytes, headers: Mapping[str, str]) -> bool:
    given = headers.get("authorization", "")
    wanted = f"Basic {base64.b64encode(key.encode()).decode()}"
    return hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace"))


CHECKS: Mapping[str, Callable[[str, bytes, Mapping[str, str]], bool]] = {
    "mailgun": _by_mailgun,
    "sendgrid": _by_sendgrid,
    "postmark": _by_password,
    "mailjet": _by_password,
    "generic": _by_password,
}


def usable(provider: str, key: str) -> bool:
    """Whether this can be the provider's key: `name:password` where it signs nothing."""
    if CHECKS[provider] is _by_password:
        name, colon, password = key.partition(":")
        return bool(name and colon and password)
    if provider == "sendgrid":
        try:
            _sendgrid_key(key)
        except BadKey:
            return False
    return bool(key.strip())
