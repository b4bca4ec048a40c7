"""Short signed tokens for public links: purpose-bound, with a key id, never expiring.

A token is `kid.id[.id…].mac`: the ids in base 36, the mac an HMAC-SHA256 over purpose and ids,
cut to 128 bits (RFC 2104 section 5 allows half the hash). The kid says which key of the ring signed
it, so that keys can be added without breaking the links in mails already sent.
"""

import hashlib
import hmac
from binascii import b2a_base64
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_MAC_BYTES = 16
_BLOCK = 64  # of SHA-256, in bytes
_URL_SAFE = bytes.maketrans(b"+/", b"-_")  # RFC 4648, section 5, without padding


@dataclass(frozen=True)
class KeyRing:
    """Signing keys, newest first; the newest signs, all of them verify."""

    keys: tuple[bytes, ...]

    @property
    def newest(self) -> bytes:
        return self.keys[0]

    def find(self, kid: str) -> bytes | None:
        return next((key for key in self.keys if key_id(key) == kid), None)


@lru_cache(maxsize=64)  # a mail holds a dozen tokens, all signed by one key
def key_id(key: bytes) -> str:
    """Four characters that name a key without telling anything about it."""
    return hashlib.sha256(b"kid:" + key).hexdigest()[:4]


def mint(ring: KeyRing, purpose: str, *ids: int) -> str:
    """A token that says `ids` for `purpose` and nothing else."""
    body = ".".join([_base36(number) for number in ids])
    return f"{key_id(ring.newest)}.{body}.{_mac(ring.newest, purpose, body)}"


def mint_each(ring: KeyRing, purpose: str, first: int, seconds: Iterable[int]) -> list[str]:
    """A token for each pair of `first` and one of `seconds`: what `mint` gives, made together. The mails of
    a newsletter hold a dozen of them each, and hashing what they share once is half of the work."""
    key = ring.newest
    start = f"{_base36(first)}."
    inside, outside = _keyed(key, purpose)
    shared = inside.copy()
    shared.update(start.encode())
    head = f"{key_id(key)}.{start}"
    tokens = []
    for second in seconds:
        body = _base36(second)
        inner, outer = shared.copy(), outside.copy()
        inner.update(body.encode())
        outer.update(inner.digest())
        mac = b2a_base64(outer.digest()[:_MAC_BYTES], newline=False).translate(_URL_SAFE, b"=").decode()
        tokens.append(f"{head}{body}.{mac}")
    return tokens


def read(ring: KeyRing, purpose: str, token: str, count: int) -> tuple[int, ...] | None:
    """The `count` ids of a genuine token for `purpose`; None for everything else."""
    parts = token.split(".")
    if len(parts) != count + 2 or len(token) > 200 or not token.isascii():
        return None
    key = ring.find(parts[0])
    body = ".".join(parts[1:-1])
    if key is None or not hmac.compare_digest(_mac(key, purpose, body), parts[-1]):
        return None
    return tuple(int(part, 36) for part in parts[1:-1])


def _mac(key: bytes, purpose: str, body: str) -> str:
    inside, outside = _keyed(key, purpose)
    inner, outer = inside.copy(), outside.copy()
    inner.update(body.encode())
    outer.update(inner.digest())
    return b2a_base64(outer.digest()[:_MAC_BYTES], newline=False).translate(_URL_SAFE, b"=").decode()


@lru_cache(maxsize=256)
def _keyed(key: bytes, purpose: str) -> "tuple[hashlib._Hash, hashlib._Hash]":
    """The inner and the outer hash of HMAC-SHA256 (RFC 2104, section 2) with the key in them, the inner one
    with the purpose too: they are copied for each token, a third of the cost of beginning anew."""
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
    inner.update(f"{purpose}:".encode())
    return inner, hashlib.sha256(bytes(byte ^ 0x5C for byte in block))


@lru_cache(maxsize=4096)
def _base36(number: int) -> str:
    if number < 0:
        raise ValueError("ids are not negative")
    text = ""
    while True:
        number, rest = divmod(number, 36)
        text = _DIGITS[rest] + text
        if not number:
            return text
