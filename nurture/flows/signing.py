"""What signs the mails of a sending process: the keys of the sender's domain, opened once and kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from nurture.files.vault import Vault
from nurture.mail.dkim import SigningKey, load, signed
from nurture.store import domains

_MOST_KEPT = 100


@dataclass(frozen=True)
class Seal:
    """How the mails of one chunk are signed, and where their links lead. `moment`: seconds since 1970."""

    base_url: str
    keys: Sequence[SigningKey] = ()

    def on(self, message: bytes, moment: int) -> bytes:
        """A message of mail/message.py with its signatures, as it is without keys."""
        return signed(message, self.keys, moment, relaxed=True)


class Signing:
    """One for a process. Keys are read at each chunk, so that a new one signs at once; opening them is
    remembered."""

    def __init__(self, vault: Vault | None, base_url: str) -> None:
        self._vault = vault
        self._base_url = base_url
        self._opened: dict[tuple[int, str], SigningKey] = {}

    def of(self, session: Session, domain: str) -> Seal:
        """The seal of mails from this domain. Raises Unavailable when a key does not open: an unsigned mail
        from a domain that signs is worse than a late one."""
        if self._vault is None or not domain:
            return Seal(self._base_url)
        rows = domains.signing(session, domain)
        if not rows:
            return Seal(self._base_url)
        keys = [
            self._key(self._vault, row["key_id"], row["name"], row["selector"], row["sealed"])
            for row in rows
            if row["key_id"] is not None
        ]
        host = rows[0]["link_host"]
        return Seal(f"{urlsplit(self._base_url).scheme}://{host}" if host else self._base_url, keys)

    def _key(self, vault: Vault, key_id: int, domain: str, selector: str, sealed: str) -> SigningKey:
        known = self._opened.get((key_id, sealed))
        if known is None:
            if len(self._opened) >= _MOST_KEPT:
                self._opened.clear()
            known = self._opened[key_id, sealed] = load(domain, selector, vault.open(sealed))
        return known
