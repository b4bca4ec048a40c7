"""DKIM (RFC 6376): keys, and the signatures that go before a finished message."""

from nurture.mail.dkim.keys import (
    ED25519,
    RSA,
    KeyFault,
    SigningKey,
    generate,
    import_key,
    load,
    public_value,
    selector_of,
)
from nurture.mail.dkim.sign import signed

__all__ = [
    "ED25519",
    "RSA",
    "KeyFault",
    "SigningKey",
    "generate",
    "import_key",
    "load",
    "public_value",
    "selector_of",
    "signed",
]
