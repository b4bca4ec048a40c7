"""Secrets at rest: webhook secrets are sealed before they reach the database (Fernet).

The sealing keys are derived from the ring of secret keys by HKDF (RFC 5869): the newest seals, all open.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from nurture.errors import Unavailable
from nurture.rules.tokens import KeyRing
from nurture.rules.words import _


class Vault:
    """Seals and opens short texts."""

    def __init__(self, ring: KeyRing) -> None:
        self._fernet = MultiFernet([Fernet(_derived(key)) for key in ring.keys])

    def seal(self, plain: str) -> str:
        """The text as it may stand in the database."""
        return self._fernet.encrypt(plain.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text that was sealed; Unavailable when no key of the ring opens it."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise Unavailable(
                _("A stored secret does not open: a key is missing from NURTURE_SECRET_KEY.")
            ) from None


def _derived(key: bytes) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"nurture vault")
    return base64.urlsafe_b64encode(derivation.derive(key))
