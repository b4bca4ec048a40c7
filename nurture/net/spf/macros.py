"""Macros in the names of an SPF record (RFC 7208, section 7)."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import quote

from nurture.net.spf.terms import BadRecord

_MACRO = re.compile(r"%(?:\{([slodipvhcrt])(\d{0,3})(r?)([.\-+,/_=]*)\}|([%_-])|(.?))", re.I)
_LITERAL = {"%": "%", "_": " ", "-": "%20"}
_LONGEST = 253


def values(ip: IPv4Address | IPv6Address, sender: str, domain: str, helo: str) -> Mapping[str, str]:
    """What each letter stands for. `p` is `unknown`, as the RFC allows and wishes."""
    local, _, host = sender.rpartition("@")
    dotted = str(ip) if ip.version == 4 else ".".join(ip.exploded.replace(":", ""))
    return {
        "s": sender, "l": local or "postmaster", "o": host, "d": domain, "i": dotted, "p": "unknown",
        "v": "in-addr" if ip.version == 4 else "ip6", "h": helo, "c": str(ip), "r": "unknown", "t": "0",
    }  # fmt: skip


def expand(text: str, known: Mapping[str, str]) -> str:
    """The name with its macros replaced, cut from the left to 253 characters. Raises BadRecord."""

    def one(found: re.Match[str]) -> str:
        letter, digits, reverse, delimiters, literal, wrong = found.groups()
        if literal:
            return _LITERAL[literal]
        if letter is None or wrong:
            raise BadRecord(text)
        parts = re.split(f"[{re.escape(delimiters or '.')}]", known[letter.lower()])
        parts = parts[::-1] if reverse else parts
        if digits:
            if int(digits) == 0:
                raise BadRecord(text)
            parts = parts[-int(digits) :]
        value = ".".join(parts)
        return quote(value, safe="-._~") if letter.isupper() else value

    name = _MACRO.sub(one, text)
    while len(name) > _LONGEST and "." in name:
        name = name.partition(".")[2]
    return name.rstrip(".")
