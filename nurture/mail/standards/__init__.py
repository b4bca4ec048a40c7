"""Reads a finished message as a strict receiver would, on its raw bytes.

RFC 5321 and 5322 (line lengths, required fields), 2045 to 2047 and 2387 (encodings, parts), 3834
(automatic mail), 6376 (signatures), 8058 and 2369 (one-click), 2919 (List-Id), Gmail's Feedback-ID rules.
"""

from email import message_from_bytes

from nurture.mail.standards.body import body_faults
from nurture.mail.standards.fields import Fields, field_faults, read_fields
from nurture.mail.standards.lists import MARKETING, SERVICE, list_faults, looks_like
from nurture.mail.standards.octets import octet_faults
from nurture.mail.standards.ours import own_faults
from nurture.mail.standards.signature import signature_faults

SERVICE_PURPOSES = frozenset(("confirmation", "notice", "transactional"))

__all__ = ["MARKETING", "SERVICE", "SERVICE_PURPOSES", "Fields", "check", "faults"]


def check(raw: bytes, kind: str | None = None) -> list[str]:
    """One sentence for each breach of the standards; empty for a mail that conforms. `kind` is marketing or
    service; None: as its own fields make it look."""
    head, gap, body = raw.partition(b"\r\n\r\n")
    if not gap:
        return [*octet_faults(raw), "There is no empty line between header and body."]
    fields = read_fields(head)
    message = message_from_bytes(raw)
    return [
        *octet_faults(raw),
        *field_faults(fields),
        *body_faults(message),
        *list_faults(fields, message, kind or looks_like(fields)),
        *signature_faults(fields, body),
    ]


def faults(raw: bytes, purpose: str) -> list[str]:
    """The same for a mail of ours, which promises more: what it is made of, and no line that begins with a
    dot."""
    kind = SERVICE if purpose in SERVICE_PURPOSES else MARKETING
    return [*check(raw, kind), *own_faults(raw)]
