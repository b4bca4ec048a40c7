"""Short signed tokens for public links: purpose-bound, with a key id, never expiring.

A token is `kid.id[.id…].tag`, the ids in hexadecimal. The tag is 144 bits of BLAKE2b keyed for its purpose
(RFC 7693, section 2.9). One hash makes three tags: it is taken over the ids with the last of them divided by
three, and the remainder says which third is the tag. So each token has bits of its own, and the dozen links
of a mail, whose ids follow each other, cost five hashes instead of twelve.

The kid says which key of the ring signed it, so that keys can be added without breaking the links in mails
already sent, and its first letter which form the token has. Those of before are read for ever: a kid of hex
digits alone, the ids in base 36, and HMAC-SHA256 over purpose and ids, cut to 128 bits (RFC 2104, section 5).
"""

import hashlib
import hmac
from binascii import b2a_base64
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat

_URL_SAFE = bytes.maketrans(b"+/", b"-_")  # RFC 4648, section 5; tags need no padding
_TAGS = 3  # of one hash
_TAG_BYTES = 18
_TAG_LENGTH = 24  # in base 64
_DIGEST_BYTES = _TAGS * _TAG_BYTES
_LONGEST = 200
_MOST = 2**63 - 1  # of an id
_OLD_MAC_BYTES = 16


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
    """Four characters that name a key without telling anything about it, the first of them from g to v."""
    hexadecimal = _old_key_id(key)
    return chr(ord("g") + int(hexadecimal[0], 16)) + hexadecimal[1:]


def mint(ring: KeyRing, purpose: str, *ids: int) -> str:
    """A token that says `ids` for `purpose` and nothing else."""
    return mint_for(ring, (purpose,), *ids)[0]


def mint_for(ring: KeyRing, purposes: tuple[str, ...], *ids: int) -> list[str]:
    """A token for each purpose, all of the same ids."""
    if min(ids) < 0:
        raise ValueError("ids are not negative")
    key, last = ring.keys[0], ids[-1]
    before = "".join([f"{one:x}." for one in ids[:-1]])
    told, at = _told(before, last)
    found = []
    for purpose in purposes:
        hashed = _keyed(key, purpose).copy()
        hashed.update(told)
        found.append(hashed.digest()[at : at + _TAG_BYTES])
    tags = _readable(b"".join(found))
    head = f"{key_id(key)}.{before}{last:x}."
    return [f"{head}{tags[start : start + _TAG_LENGTH]}" for start in range(0, len(tags), _TAG_LENGTH)]


def mint_each(
    ring: KeyRing, purpose: str, first: int, seconds: tuple[int, ...], before: str = "", after: str = ""
) -> list[str]:
    """A token for each pair of `first` and one of `seconds`: what `mint` gives, made together, each between
    `before` and `after`."""
    key = ring.keys[0]
    blocks, spelt, places = _plan(seconds)
    shared = _keyed(key, purpose).copy()
    shared.update(f"{_hex(first)}.".encode())
    digests = []
    for block in blocks:
        hashed = shared.copy()
        hashed.update(block)
        digests.append(hashed.digest())
    tags = map(_readable(b"".join(digests)).__getitem__, places)
    head = f"{before}{key_id(key)}.{first:x}."
    return list(map("".join, zip(repeat(head), spelt, tags, repeat(after))))


@lru_cache(maxsize=256)  # the links of a mail are the same for each of its readers
def _plan(seconds: tuple[int, ...]) -> tuple[list[bytes], list[str], list[slice]]:
    """What has to be hashed for these ids; each of them as it stands in its token, with the dot behind it;
    and where among all the tags its own is."""
    blocks = {block: number for number, block in enumerate(dict.fromkeys(one // _TAGS for one in seconds))}
    starts = [(blocks[one // _TAGS] * _TAGS + one % _TAGS) * _TAG_LENGTH for one in seconds]
    places = [slice(start, start + _TAG_LENGTH) for start in starts]
    return [_hex(block).encode() for block in blocks], [f"{_hex(one)}." for one in seconds], places


def read(ring: KeyRing, purpose: str, token: str, count: int) -> tuple[int, ...] | None:
    """The `count` ids of a genuine token for `purpose`; None for everything else, one whose id no row can
    have (2**63 and more) among it."""
    ids = _read(ring, purpose, token, count)
    return ids if ids is not None and max(ids) <= _MOST else None


def _read(ring: KeyRing, purpose: str, token: str, count: int) -> tuple[int, ...] | None:
    kid, *said = token.split(".")
    if len(said) != count + 1 or len(token) > _LONGEST or not token.isascii():
        return None
    if (key := ring.find(kid)) is None:
        return _read_old(ring, purpose, kid, said)
    *spelt, tag = said
    try:
        ids = tuple([int(one, 16) for one in spelt])
    except ValueError:
        return None
    # Spelt as `mint` does, and no other way.
    if min(ids) < 0 or [f"{one:x}" for one in ids] != spelt:
        return None
    before = "".join([f"{one}." for one in spelt[:-1]])
    hashed = _keyed(key, purpose).copy()
    told, at = _told(before, ids[-1])
    hashed.update(told)
    return ids if hmac.compare_digest(_readable(hashed.digest()[at : at + _TAG_BYTES]), tag) else None


def _told(before: str, last: int) -> tuple[bytes, int]:
    """What is hashed for the tag of these ids, and where in the hash it begins."""
    block, place = divmod(last, _TAGS)
    return f"{before}{block:x}".encode(), place * _TAG_BYTES


def _readable(digest: bytes) -> str:
    return b2a_base64(digest, newline=False).translate(_URL_SAFE).decode()


def _hex(number: int) -> str:
    if number < 0:
        raise ValueError("ids are not negative")
    return f"{number:x}"


@lru_cache(maxsize=256)
def _keyed(key: bytes, purpose: str) -> "hashlib.blake2b":
    """The hash that makes the tags of a purpose, to be copied for each. Its key is made of the ring's key
    and the purpose, whatever their lengths."""
    master = key if len(key) <= hashlib.blake2b.MAX_KEY_SIZE else hashlib.blake2b(key).digest()
    own = hashlib.blake2b(purpose.encode(), key=master, person=b"nurture purpose").digest()
    hashed = hashlib.blake2b(key=own, digest_size=_DIGEST_BYTES, person=b"nurture token")
    hashed.update(b":")  # now the block of the key is worked in, once for all that copy this
    return hashed


def _read_old(ring: KeyRing, purpose: str, kid: str, said: list[str]) -> tuple[int, ...] | None:
    """The ids of a token as they were made before."""
    key = next((key for key in ring.keys if _old_key_id(key) == kid), None)
    *spelt, mac = said
    if key is None or not hmac.compare_digest(_old_mac(key, f"{purpose}:{'.'.join(spelt)}"), mac):
        return None
    return tuple(int(one, 36) for one in spelt)


@lru_cache(maxsize=64)
def _old_key_id(key: bytes) -> str:
    return hashlib.sha256(b"kid:" + key).hexdigest()[:4]


def _old_mac(key: bytes, text: str) -> str:
    digest = hmac.digest(key, text.encode(), "sha256")[:_OLD_MAC_BYTES]
    return b2a_base64(digest, newline=False).translate(_URL_SAFE, b"=").decode()
