"""What holds for DKIM-Signature fields without asking the DNS (RFC 6376; RFC 8301; RFC 8058, section 4)."""

import base64
import hashlib
import re
from collections.abc import Iterator

from nurture.mail.dkim.canonical import relaxed_body
from nurture.mail.standards.fields import Fields, texts, values
from nurture.rules.domains import tags

_ALGORITHMS = ("rsa-sha256", "ed25519-sha256")
_SIGNED = ("subject", "date", "to", "message-id")
_SIGNED_IF_THERE = ("list-unsubscribe", "list-unsubscribe-post")
_NEEDED = ("v", "a", "b", "bh", "d", "h", "s")


def signature_faults(fields: Fields, body: bytes) -> list[str]:
    sender = _domain(texts(fields, "from"))
    signatures = [tags(text) for text in texts(fields, "dkim-signature")]
    found = [fault for one in signatures for fault in _faults(one, fields, body)]
    if signatures and not any(_aligned(one.get("d", "").lower(), sender) for one in signatures):
        found.append("No signature is of the domain that stands in From.")
    return found


def _faults(one: dict[str, str], fields: Fields, body: bytes) -> list[str]:
    missing = [name for name in _NEEDED if not one.get(name)]
    if missing:
        return [f"A signature lacks {', '.join(missing)}."]
    found = []
    if one["v"] != "1" or one["a"].lower() not in _ALGORITHMS:
        found.append("A signature is of a kind that receivers do not take.")
    if "l" in one:
        found.append("A signature covers a part of the body only (l=).")
    found += _faults_of_header(one["h"].lower().split(":"), fields)
    if one.get("c", "").lower() == "relaxed/relaxed":
        digest = base64.b64encode(hashlib.sha256(relaxed_body(body)).digest()).decode()
        if digest != one["bh"]:
            found.append("The body is not the one that was signed.")
    return found


def _faults_of_header(signed: list[str], fields: Fields) -> Iterator[str]:
    if signed.count("from") < 2:
        yield "From can be added to without breaking the signature."
    asked = (*_SIGNED, *(name for name in _SIGNED_IF_THERE if values(fields, name)))
    for name in asked:
        if name not in signed:
            yield f"{name} is not signed."


def _domain(senders: list[str]) -> str:
    return re.sub(r"[>\s].*", "", senders[0].rpartition("@")[2]).lower() if senders else ""


def _aligned(signed: str, sender: str) -> bool:
    return bool(signed) and (sender == signed or sender.endswith(f".{signed}"))
