"""What the DNS should say of a domain that mails come from, and what is found, in words.

SPF is RFC 7208, DKIM RFC 6376 and RFC 8463, DMARC RFC 7489; what the great mailbox providers ask of those
who send in bulk is that all three stand.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nurture.rules.words import _

OK, WARN, FAIL, UNKNOWN = "ok", "warn", "fail", "unknown"
SPF, DKIM, DMARC, MX, PTR, LINKS = "spf", "dkim", "dmarc", "mx", "ptr", "links"
# Without these a mail does not prove where it comes from.
PROOF = (SPF, DKIM, DMARC)

_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_TERM = re.compile(r"(?:ip4:|ip6:|include:|a:|mx:|a$|mx$|exists:)\S*", re.I)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `name` and `kind` say where in the DNS, `want` what should stand there
    ("" where nothing has to be done), `found` what does. `say` and `about` make the sentence."""

    what: str
    state: str
    name: str
    kind: str
    say: str
    want: str = ""
    found: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "state": self.state,
            "name": self.name,
            "kind": self.kind,
            "say": self.say,
            "want": self.want,
            "found": list(self.found),
            "about": dict(self.about),
        }

    @staticmethod
    def from_json(kept: Mapping[str, Any]) -> "Finding":
        return Finding(**{**kept, "found": tuple(kept["found"])})


def proves(findings: Iterable[Finding]) -> bool | None:
    """Whether mails from here prove where they come from; None when no name server could say."""
    states = [one.state for one in findings if one.what in PROOF]
    if FAIL in states:
        return False
    return None if UNKNOWN in states or not states else True


def is_name(text: str) -> bool:
    """Whether this can be the name of a domain, in A-labels."""
    return len(text) <= 253 and bool(_NAME.fullmatch(text))


def term_of(word: str) -> str | None:
    """Who sends, as an SPF term: an address or a network becomes `ip4:…` or `ip6:…`, a name `a:…`; terms
    stay as they are. None for anything else."""
    word = word.strip()
    if _TERM.fullmatch(word):
        return word if _address_is_good(word) else None
    try:
        network = ipaddress.ip_network(word, strict=False)
    except ValueError:
        return f"a:{word.lower()}" if is_name(word.lower()) else None
    whole = network.prefixlen == network.max_prefixlen
    return f"ip{network.version}:{network.network_address if whole else network}"


def _address_is_good(word: str) -> bool:
    kind, _, value = word.partition(":")
    if kind.lower() not in ("ip4", "ip6"):
        return bool(value) or kind.lower() in ("a", "mx")
    try:
        return ipaddress.ip_network(value, strict=False).version == int(kind[2])
    except ValueError:
        return False


def addresses_of(terms: Sequence[str]) -> list[str]:
    """The single addresses among the terms: those that should have a name of their own."""
    found = []
    for term in terms:
        kind, _, value = term.partition(":")
        if kind.lower() in ("ip4", "ip6"):
            network = ipaddress.ip_network(value, strict=False)
            if network.num_addresses == 1:
                found.append(str(network.network_address))
    return found


def spf_record(terms: Sequence[str], present: str | None) -> str:
    """The record to publish: the terms added to the present one, before what stands for everybody else."""
    if not present:
        return " ".join(["v=spf1", *(terms or ["mx"]), "~all"])
    words = present.split()
    known = {word.lower().lstrip("+") for word in words}
    missing = [term for term in terms if term.lower() not in known]
    at = next(
        (n for n, word in enumerate(words) if re.fullmatch(r"[+\-?~]?all|redirect=\S+", word, re.I)), None
    )
    if at is None:
        return " ".join([*words, *missing, "~all"])
    rest = ["~all" if re.fullmatch(r"[+?]?all", word, re.I) else word for word in words[at:]]
    return " ".join([*words[:at], *missing, *rest])


def tags(record: str) -> dict[str, str]:
    """`k=v; k=v` as DKIM and DMARC write it (RFC 6376, section 3.2); white space inside values is dropped."""
    found: dict[str, str] = {}
    for part in record.split(";"):
        name, is_tag, value = part.partition("=")
        if is_tag:
            found.setdefault(name.strip().lower(), re.sub(r"\s+", "", value))
    return found


def words_of(what: str) -> str:
    """What a finding is about."""
    return _WHAT[what]()


def sentence(finding: Finding) -> str:
    """What was found, for people."""
    return _SENTENCES[finding.say]().format(**finding.about)


_WHAT = {
    SPF: lambda: _("SPF: who may send"),
    DKIM: lambda: _("DKIM: the signature"),
    DMARC: lambda: _("DMARC: what receivers do"),
    MX: lambda: _("MX: where answers arrive"),
    PTR: lambda: _("PTR: the name of the server"),
    LINKS: lambda: _("Links: their own address"),
}

_SENTENCES = {
    "away": lambda: _("No name server answered for {name}: the check is repeated."),
    "spf_missing": lambda: _("There is no SPF record: receivers cannot tell who may send."),
    "spf_many": lambda: _("There are {n} SPF records; receivers then take none of them. Leave one."),
    "spf_broken": lambda: _("Receivers cannot use the record: {term} is wrong, or leads to no record."),
    "spf_long": lambda: _(
        "The record can cost {n} look-ups, and receivers stop after 10: take in fewer others, or write their"
        " networks out."
    ),
    "spf_open": lambda: _("The record lets everybody send (+all): it protects nobody."),
    "spf_refuses": lambda: _("{who} may not send by this record."),
    "spf_soft_end": lambda: _("The record says nothing about all others: end it with ~all or -all."),
    "spf_unnamed": lambda: _(
        "There is one record, {n} of 10 look-ups. Say below who sends for this domain, and it is checked"
        " whether the record allows it."
    ),
    "spf_ok": lambda: _("All who send for this domain may, with {n} of 10 look-ups."),
    "dkim_none": lambda: _(
        "No key signs here. That is right only if your mail server or provider signs for this domain."
    ),
    "dkim_missing": lambda: _("The record is not there yet. Mails are signed as soon as it is found."),
    "dkim_gone": lambda: _("This key signs, and its record is gone: receivers see a broken signature."),
    "dkim_other": lambda: _("Another key stands there."),
    "dkim_revoked": lambda: _("The record says that this key is revoked."),
    "dkim_many": lambda: _("There are {n} records; receivers may take the wrong one. Leave one."),
    "dkim_testing": lambda: _("The key is right, but marked as a trial (t=y): receivers may ignore it."),
    "dkim_ok": lambda: _("The key is published and signs."),
    "dkim_found": lambda: _("The key is published: mails are signed with it from now on."),
    "dkim_keep": lambda: _("Leave this record until {until}: mails signed with it are still on their way."),
    "dkim_retired": lambda: _("This key no longer signs: its record can go."),
    "dmarc_missing": lambda: _("There is no DMARC record. The great mailbox providers ask for one."),
    "dmarc_many": lambda: _("There are {n} DMARC records; receivers then take none of them. Leave one."),
    "dmarc_broken": lambda: _("The record has no policy (p=none, quarantine or reject)."),
    "dmarc_strict_spf": lambda: _(
        "The policy {policy} stands, but bounces go to {bounces} and SPF must match to the letter (aspf=s):"
        " only the signature proves these mails."
    ),
    "dmarc_partial": lambda: _("The policy {policy} is applied to {pct} % of the mails only."),
    "dmarc_silent": lambda: _(
        "The policy {policy} stands. Without a report address (rua=) you never learn who misuses your name."
    ),
    "dmarc_ok": lambda: _("The policy {policy} stands, and reports go to {rua}."),
    "dmarc_above": lambda: _("The policy {policy} of {above} holds for this domain too."),
    "mx_missing": lambda: _("No server takes mail for {name}: answers do not arrive."),
    "mx_bounces": lambda: _("No server takes mail for {name}: bounces do not arrive."),
    "mx_null": lambda: _("{name} says that it takes no mail at all (a null MX)."),
    "mx_ok": lambda: _("Mail to {name} arrives at {hosts}."),
    "ptr_missing": lambda: _("{ip} has no name. Many receivers refuse mail from such servers."),
    "ptr_circle": lambda: _("{ip} is called {host}, but that name leads elsewhere."),
    "ptr_ok": lambda: _("{ip} is called {host}, and that name leads back to it."),
    "links_none": lambda: _("Links in mails lead to {host}, the address of this installation."),
    "links_missing": lambda: _("{name} leads nowhere yet: links go to {host} until it does."),
    "links_elsewhere": lambda: _("{name} leads to another place than {host}: links go to {host} directly."),
    "links_ok": lambda: _("Links in mails from here lead to {name}."),
}
