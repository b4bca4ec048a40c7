"""Header fields as bytes that every server takes: ASCII, folded, nothing injected.

RFC 5322 (fields, folding), RFC 2047 (encoded words, 75 characters at most, never inside an address),
RFC 5891 (domains as A-labels).
"""

import base64
import re
from functools import lru_cache

import idna

from nurture.errors import Refusal
from nurture.mail.prepare import one_line
from nurture.rules.words import _

_LONGEST_LINE = 76
_LONGEST_NAME = 60  # as it is: longer ones are folded, which only encoded words allow anywhere
_WORD_BYTES = 45  # of UTF-8: 60 characters of base64 within an encoded word of 72
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~ ]*")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(?:\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*")
_HOST = re.compile(r"(?!-)[A-Za-z0-9-]+(?<!-)(?:\.(?!-)[A-Za-z0-9-]+(?<!-))*")
_LONGEST_ADDRESS = 254


class AddressFault(Refusal):
    """No mail can be sent to, or from, this address."""


def address(raw: str) -> str:
    """The address as it stands on the wire: an ASCII local part, the domain in A-labels. Raises
    AddressFault, also for local parts that would need SMTPUTF8 (RFC 6531)."""
    local, at, domain = raw.strip().rpartition("@")
    if not local.isascii():
        raise AddressFault(_("Letters such as ü or я before the @ cannot be written to (SMTPUTF8)."))
    if not at or not _LOCAL.fullmatch(local):
        raise AddressFault(_("The address cannot be written to."))
    ready = f"{local}@{_a_labels(domain)}"
    if len(ready) > _LONGEST_ADDRESS:
        raise AddressFault(_("The address is too long."))
    return ready


@lru_cache(maxsize=4096)  # most mails go to a few domains
def _a_labels(domain: str) -> str:
    if domain.isascii() and _HOST.fullmatch(domain):
        return domain.lower()
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as fault:
        raise AddressFault(_("The domain of the address does not exist.")) from fault


def mailbox(name: str, ready_address: str) -> str:
    """`name <address>`, the name quoted or encoded as needed."""
    clean = one_line(name)
    if not clean:
        return ready_address
    if not clean.isascii() or "=?" in clean or len(clean) > _LONGEST_NAME:
        return f"{encoded_words(clean)} <{ready_address}>"
    if not _ATOMS.fullmatch(clean):
        clean = '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{clean} <{ready_address}>"


def unstructured(text: str) -> str:
    """A subject: as it is while ASCII, else in encoded words. Folded after the field name."""
    clean = one_line(text)
    if len(clean) < _LONGEST_NAME and clean.isascii() and "=?" not in clean:
        return clean  # nearly always: nothing to fold
    if clean.isascii() and "=?" not in clean and all(len(word) < 60 for word in clean.split(" ")):
        return folded(clean)
    return encoded_words(clean)


def folded(text: str, *, used: int = 12) -> str:
    """ASCII text broken before words, so that no line is longer than 76 where that is possible."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        room = _LONGEST_LINE - (used if not lines else 1)
        if line and len(line) + 1 + len(word) > room:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\r\n ".join([*lines, line])


def encoded_words(text: str) -> str:
    """The text in encoded words of UTF-8, whole characters in each, one a line."""
    chunks: list[bytes] = [b""]
    for sign in text:
        octets = sign.encode("utf-8", "replace")
        if len(chunks[-1]) + len(octets) > _WORD_BYTES:
            chunks.append(b"")
        chunks[-1] += octets
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(chunk).decode()}?=" for chunk in chunks)


def field(name: str, value: str) -> str:
    """One field with its line end."""
    return f"{name}: {value}\r\n"
