"""A finished message with its signatures before it: relaxed/relaxed, no `l=`, the fields that matter signed
once more than they stand there, so that none can be added (RFC 6376, sections 3.7, 5.4 and 8.15).

The hash of the body is made once, whatever the number of signatures. A body differs from recipient to
recipient (their links), so it is made once a mail and cannot be made once a mailing.
"""

import base64
import hashlib
from collections.abc import Sequence
from functools import lru_cache

from nurture.mail.dkim.canonical import fields_of, relaxed_body, relaxed_field
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
    head, _gap, body = message.partition(b"\r\n\r\n")
    hashed = hashlib.sha256(body if relaxed else relaxed_body(body))
    digest = base64.b64encode(hashed.digest()).decode()
    names, covered = _covered(fields_of(head))
    return b"".join(_signature(key, names, covered, digest, moment) for key in keys) + message


def _covered(fields: list[tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
    """The names for `h=` and the relaxed fields in that order; of several the last comes first."""
    by_name: dict[bytes, list[bytes]] = {}
    for name, field in fields:
        by_name.setdefault(name, []).append(field)
    names: list[bytes] = []
    lines: list[bytes] = []
    for name, once_more in _ORDER:
        found = by_name.get(name, ())
        names += [name] * (len(found) + once_more)
        lines += [relaxed_field(field) for field in reversed(found)]
    lines.append(b"")
    return b":".join(names), b"\r\n".join(lines)


def _signature(key: SigningKey, names: bytes, covered: bytes, digest: str, moment: int) -> bytes:
    """One field. Its own relaxed form, with `b=` empty, is the last thing that is signed."""
    begin = (
        f"DKIM-Signature: v=1; a={key.name}; c=relaxed/relaxed; d={key.domain};\r\n"
        f" s={key.selector}; t={moment};\r\n"
        f" h={_folded(names.decode())};\r\n"
        f" bh={digest};\r\n"
        f" b="
    ).encode("ascii")
    data = covered + relaxed_field(begin)
    value = base64.b64encode(key.sign(data, hashlib.sha256(data).digest())).decode("ascii")
    lines = [value[at : at + _LINE] for at in range(0, len(value), _LINE)]
    return begin + "\r\n ".join(lines).encode("ascii") + b"\r\n"


@lru_cache(maxsize=64)  # mails of one kind have the same fields
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
