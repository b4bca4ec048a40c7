"""A finished message with its signatures before it: relaxed/relaxed, no `l=`, the fields that matter signed
once more than they stand there, so that none can be added (RFC 6376, sections 3.7, 5.4 and 8.15).

The hash of the body is made once, whatever the number of signatures. A body differs from recipient to
recipient (their links), so it is made once a mail and cannot be made once a mailing.
"""

import base64
import hashlib
from collections.abc import Sequence
from functools import lru_cache

from nurture.mail.dkim.canonical import relaxed_body, relaxed_fields
from nurture.mail.dkim.keys import SigningKey

# Signed wherever they stand, and once more: one that is added on the way breaks the signature.
OVERSIGNED = (
    b"from",
    b"to",
    b"cc",
    b"subject",
    b"date",
    b"reply-to",
    b"message-id",
    b"mime-version",
    b"content-type",
    b"list-unsubscribe",  # RFC 8058: these two must be covered
    b"list-unsubscribe-post",
)
# Signed where they stand. Feedback-ID must be, for Gmail to take it for ours.
SIGNED = (b"list-id", b"feedback-id", b"precedence", b"auto-submitted", b"content-transfer-encoding")
_ORDER = (*((name, 1) for name in OVERSIGNED), *((name, 0) for name in SIGNED))
_LINE = 72


def signed(message: bytes, keys: Sequence[SigningKey], moment: int, *, relaxed: bool = False) -> bytes:
    """The message with one DKIM-Signature for each key; `moment` in seconds since 1970. `relaxed` is its
    maker's word that the body is in relaxed form, as mail/message.py builds them."""
    if not keys:
        return message
    end = message.find(b"\r\n\r\n")
    head, body = (message[:end], memoryview(message)[end + 4 :]) if end >= 0 else (message, memoryview(b""))
    hashed = hashlib.sha256(body if relaxed else relaxed_body(bytes(body)))
    digest = base64.b64encode(hashed.digest())
    standing, lines = relaxed_fields(head)
    names, chosen = _order(standing)
    covered = b"\r\n".join([*(lines[place] for place in chosen), b""])
    return b"".join((*(_signature(key, names, covered, digest, moment) for key in keys), message))


@lru_cache(maxsize=64)  # mails of one kind have the same fields
def _order(standing: tuple[bytes, ...]) -> tuple[bytes, tuple[int, ...]]:
    """The names for `h=` and the places of the fields in that order; of several the last comes first."""
    names: list[bytes] = []
    chosen: list[int] = []
    for name, once_more in _ORDER:
        places = [place for place, other in enumerate(standing) if other == name]
        names += [name] * (len(places) + once_more)
        chosen += reversed(places)
    return b":".join(names), tuple(chosen)


def _signature(key: SigningKey, names: bytes, covered: bytes, digest: bytes, moment: int) -> bytes:
    """One field. Its own relaxed form, with `b=` empty, is the last thing that is signed."""
    begin, relaxed = _begun(key.name, key.domain, key.selector, names, moment)
    data = b"".join((covered, relaxed, digest, b"; b="))
    value = base64.b64encode(key.sign(data))
    lines = [value[at : at + _LINE] for at in range(0, len(value), _LINE)]
    return b"".join((begin, digest, b";\r\n b=", b"\r\n ".join(lines), b"\r\n"))


@lru_cache(maxsize=64)  # mails of one kind and second say the same
def _begun(algorithm: str, domain: str, selector: str, names: bytes, moment: int) -> tuple[bytes, bytes]:
    """The field up to the hash of the body, as it is written and in relaxed form."""
    begin = (
        f"DKIM-Signature: v=1; a={algorithm}; c=relaxed/relaxed; d={domain};\r\n"
        f" s={selector}; t={moment};\r\n"
        f" h={_folded(names.decode())};\r\n"
        f" bh="
    ).encode("ascii")
    _names, (relaxed,) = relaxed_fields(begin)
    return begin, relaxed


def _folded(names: str) -> str:
    """The list in lines; folds around colons do not count (RFC 6376, section 3.5)."""
    lines, line = [], ""
    for name in names.split(":"):
        if line and len(line) + len(name) > _LINE - 8:
            lines.append(line + ":")
            line = name
        else:
            line = f"{line}:{name}" if line else name
    return "\r\n  ".join([*lines, line])
