"""An SPF record as terms (RFC 7208, sections 4.5, 4.6 and 12)."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

_MECHANISM = re.compile(
    r"(?P<sign>[+\-?~]?)(?P<name>all|include|a|mx|ptr|ip4|ip6|exists)"
    r"(?::(?P<value>[^/]+(?:/[^/]*%\{[^/]*)?|[0-9a-fA-F:.]+))?(?P<cidr>(?:/\d{1,3})?(?://\d{1,3})?)",
    re.I,
)
_MODIFIER = re.compile(r"(?P<name>[a-z][a-z0-9_.-]*)=(?P<value>\S*)", re.I)
_NEED_VALUE = ("include", "ip4", "ip6", "exists")
_LONGEST = 4_000


class BadRecord(ValueError):
    """The record breaks the grammar: receivers treat it as a permanent error. `str()` names the term."""


@dataclass(frozen=True)
class Term:
    """A mechanism (`sign` is `+ - ~ ?`) or, without a sign, a modifier. `v4` and `v6` are prefix lengths."""

    sign: str
    name: str
    value: str = ""
    v4: int = 32
    v6: int = 128

    @property
    def asks(self) -> bool:
        """Whether it costs one of the ten questions."""
        return self.name in ("include", "a", "mx", "ptr", "exists", "redirect")


def of_domain(texts: Sequence[str]) -> list[str]:
    """The SPF records among the TXT records of a domain: there must be exactly one."""
    return [text for text in texts if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]


def parse(record: str) -> list[Term]:
    """The terms in order; modifiers last, unknown ones left out. Raises BadRecord."""
    if len(record) > _LONGEST:
        raise BadRecord(record[:40])
    mechanisms: list[Term] = []
    modifiers: dict[str, Term] = {}
    for word in record.split(" ")[1:]:
        if not word:
            continue
        found = _MODIFIER.fullmatch(word)
        if found and not _MECHANISM.fullmatch(word):
            name = found["name"].lower()
            if name in ("redirect", "exp") and (name in modifiers or not found["value"]):
                raise BadRecord(word)
            modifiers[name] = Term("", name, found["value"])
            continue
        mechanisms.append(_mechanism(word))
    return [*mechanisms, *(term for name, term in modifiers.items() if name == "redirect")]


def _mechanism(word: str) -> Term:
    found = _MECHANISM.fullmatch(word)
    if not found:
        raise BadRecord(word)
    name, value, cidr = found["name"].lower(), found["value"] or "", found["cidr"]
    if (name in _NEED_VALUE) != bool(value) and (name in _NEED_VALUE or name == "all"):
        raise BadRecord(word)
    if name in ("ip4", "ip6"):
        return _network(word, found["sign"] or "+", name, value, cidr)
    if cidr and name not in ("a", "mx"):
        raise BadRecord(word)
    first, _, second = cidr.partition("//")
    v4 = int(first.removeprefix("/")) if first else 32
    v6 = int(second) if second else 128
    if v4 > 32 or v6 > 128:
        raise BadRecord(word)
    return Term(found["sign"] or "+", name, value.rstrip("."), v4, v6)


def _network(word: str, sign: str, name: str, value: str, cidr: str) -> Term:
    try:
        network = ipaddress.ip_network(f"{value}{cidr}", strict=False)
    except ValueError:
        raise BadRecord(word) from None
    if network.version != (4 if name == "ip4" else 6):
        raise BadRecord(word)
    return Term(sign, name, str(network))
