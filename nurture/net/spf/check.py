"""`check_host` (RFC 7208, section 4): may this address send for this domain? With the limits that receivers
keep: ten questions, two of them in vain, ten hosts of an MX or PTR."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

from nurture.net.resolver import Records
from nurture.net.spf.macros import expand, values
from nurture.net.spf.terms import BadRecord, Term, of_domain, parse

Ask = Callable[[str, str], Records]

PASS, FAIL, SOFTFAIL, NEUTRAL, NONE = "pass", "fail", "softfail", "neutral", "none"
PERMERROR, TEMPERROR = "permerror", "temperror"
MOST_QUESTIONS, MOST_IN_VAIN, MOST_HOSTS = 10, 2, 10
_SIGNS = {"+": PASS, "-": FAIL, "~": SOFTFAIL, "?": NEUTRAL}


@dataclass(frozen=True)
class Result:
    """What a receiver concludes; `why` names the term or the limit behind an error."""

    result: str
    why: str = ""


class _Permanent(Exception):
    """The record cannot be used."""


class _Temporary(Exception):
    """No name server answered."""


def check_host(ask: Ask, ip: str, domain: str, sender: str = "", helo: str = "") -> Result:
    """The result for a mail from `sender` (postmaster of the domain if empty) that comes from `ip`."""
    address = ipaddress.ip_address(ip)
    one = _Check(ask, address, sender or f"postmaster@{domain}", helo or domain)
    try:
        return Result(one.of(domain))
    except (_Permanent, BadRecord) as fault:
        return Result(PERMERROR, str(fault))
    except _Temporary as fault:
        return Result(TEMPERROR, str(fault))


@dataclass
class _Check:
    ask: Ask
    ip: IPv4Address | IPv6Address
    sender: str
    helo: str
    questions: int = field(default=0)
    in_vain: int = field(default=0)

    def of(self, domain: str) -> str:
        answer = self.ask(domain, "TXT")
        if answer.fault:
            raise _Temporary(domain)
        records = of_domain(answer.values)
        if not records:
            return NONE
        if len(records) > 1:
            raise _Permanent(domain)
        for term in parse(records[0]):
            if term.name == "redirect":
                return self._redirected(self._name(term, domain))
            if self._matches(term, domain):
                return _SIGNS[term.sign]
        return NEUTRAL

    def _redirected(self, target: str) -> str:
        self._count()
        result = self.of(target)
        if result == NONE:
            raise _Permanent(target)
        return result

    def _matches(self, term: Term, domain: str) -> bool:
        if term.asks:
            self._count()
        if term.name == "all":
            return True
        if term.name in ("ip4", "ip6"):
            return self.ip in ipaddress.ip_network(term.value)
        name = self._name(term, domain)
        if term.name == "include":
            return self._included(name)
        if term.name == "exists":
            return bool(self._records(name, "A"))
        if term.name == "a":
            return self._is_at(name, term)
        if term.name == "mx":
            hosts = [record.split()[-1].rstrip(".") for record in self._records(name, "MX")]
            if len(hosts) > MOST_HOSTS:
                raise _Permanent(name)
            return any(host and self._is_at(host, term) for host in hosts)
        return self._points_back(name)

    def _included(self, target: str) -> bool:
        result = self.of(target)
        if result == NONE:
            raise _Permanent(target)
        return result == PASS

    def _is_at(self, name: str, term: Term) -> bool:
        kind, length = ("A", term.v4) if self.ip.version == 4 else ("AAAA", term.v6)
        return any(
            self.ip in ipaddress.ip_network(f"{address}/{length}", strict=False)
            for address in self._records(name, kind)
        )

    def _points_back(self, target: str) -> bool:
        names = [name.rstrip(".").lower() for name in self._records(self.ip.reverse_pointer, "PTR")]
        kind = "A" if self.ip.version == 4 else "AAAA"
        for name in names[:MOST_HOSTS]:
            inside = name == target.lower() or name.endswith(f".{target.lower()}")
            if inside and str(self.ip) in self._records(name, kind):
                return True
        return False

    def _name(self, term: Term, domain: str) -> str:
        known = values(self.ip, self.sender, domain, self.helo)
        return expand(term.value, known) if term.value else domain

    def _count(self) -> None:
        self.questions += 1
        if self.questions > MOST_QUESTIONS:
            raise _Permanent("10")

    def _records(self, name: str, kind: str) -> tuple[str, ...]:
        answer = self.ask(name, kind)
        if answer.fault:
            raise _Temporary(name)
        if not answer.values:
            self.in_vain += 1
            if self.in_vain > MOST_IN_VAIN:
                raise _Permanent(name)
        return answer.values
