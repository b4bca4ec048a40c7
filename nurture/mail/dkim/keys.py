"""Keys that sign for a domain: made, imported, and told to the DNS.

RSA with 2048 bits (rsa-sha256; RFC 8301 takes no less than 1024 and no sha1), Ed25519 (ed25519-sha256,
RFC 8463).
"""

import base64
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from nurture.errors import Refusal
from nurture.rules.words import _

RSA, ED25519 = "rsa", "ed25519"
_RSA_BITS = 2048
_LEAST_BITS, _MOST_BITS = 1024, 4096
_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
_LONGEST_SELECTOR = 100


class KeyFault(Refusal):
    """What was given is no key that mails can be signed with."""


@dataclass(frozen=True)
class SigningKey:
    """A private key with the domain and the selector that it signs for."""

    domain: str
    selector: str
    algorithm: str
    private: RSAPrivateKey | Ed25519PrivateKey

    @property
    def name(self) -> str:
        """The algorithm as it stands in `a=`."""
        return f"{self.algorithm}-sha256"

    def sign(self, data: bytes) -> bytes:
        """The signature over `data`; Ed25519 signs its SHA-256 (RFC 8463)."""
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(data, PKCS1v15(), SHA256())
        return self.private.sign(hashlib.sha256(data).digest())


def generate(algorithm: str) -> str:
    """A new private key as PEM (PKCS #8)."""
    key: RSAPrivateKey | Ed25519PrivateKey
    if algorithm == RSA:
        key = generate_private_key(65537, _RSA_BITS)
    elif algorithm == ED25519:
        key = Ed25519PrivateKey.generate()
    else:
        raise KeyFault(_("The algorithm is rsa or ed25519."))
    return _pem(key)


def import_key(text: str) -> tuple[str, str]:
    """(algorithm, PEM) of a private key in PEM (PKCS #1 or #8), or 32 bytes of Ed25519 in base64. Raises
    KeyFault with the sentence to show."""
    text = text.strip()
    if re.fullmatch(r"[A-Za-z0-9+/]{43}=", text):
        return ED25519, _pem(Ed25519PrivateKey.from_private_bytes(base64.b64decode(text)))
    key = _loaded(text)
    if isinstance(key, RSAPrivateKey) and not _LEAST_BITS <= key.key_size <= _MOST_BITS:
        raise KeyFault(
            _("The RSA key has {bits} bits: receivers want 1024 to 4096, best 2048.").format(
                bits=key.key_size
            )
        )
    return (RSA if isinstance(key, RSAPrivateKey) else ED25519), _pem(key)


def load(domain: str, selector: str, pem: str) -> SigningKey:
    """The key ready to sign."""
    key = _loaded(pem)
    return SigningKey(domain, selector, RSA if isinstance(key, RSAPrivateKey) else ED25519, key)


def public_value(pem: str) -> str:
    """What stands in the TXT record at `selector._domainkey.domain`."""
    key = _loaded(pem)
    if isinstance(key, RSAPrivateKey):
        raw = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={base64.b64encode(raw).decode()}"
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode()}"


def selector_of(text: str) -> str:
    """The selector in lower case. Raises KeyFault when it cannot be part of a name in the DNS."""
    clean = text.strip().lower()
    if len(clean) > _LONGEST_SELECTOR or not _SELECTOR.fullmatch(clean):
        raise KeyFault(_("A selector is letters, digits and hyphens, such as s1."))
    return clean


def _loaded(text: str) -> RSAPrivateKey | Ed25519PrivateKey:
    try:
        key = load_pem_private_key(text.encode("ascii"), password=None)
    except TypeError:
        raise KeyFault(_("The key is locked with a password: unlock it first.")) from None
    except (ValueError, UnsupportedAlgorithm):
        raise KeyFault(
            _("This is not a private key in PEM, as it begins with “-----BEGIN PRIVATE KEY-----”.")
        ) from None
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise KeyFault(_("Mails are signed with RSA or Ed25519; this is another kind of key."))
    return key


def _pem(key: RSAPrivateKey | Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
