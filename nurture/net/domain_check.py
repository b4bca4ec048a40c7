"""Looks a sending domain up in the DNS and tells what stands there against what should."""

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from nurture.net import spf
from nurture.net.resolver import Records
from nurture.net.spf.check import MOST_QUESTIONS, PASS, TEMPERROR, Ask
from nurture.rules.domains import (
    DKIM,
    DMARC,
    FAIL,
    LINKS,
    MX,
    OK,
    PTR,
    SPF,
    UNKNOWN,
    WARN,
    Finding,
    addresses_of,
    spf_record,
    tags,
)

_MOST_LEVELS = 8  # of the names above, as RFC 9091 and its successor walk them
_POLICIES = ("none", "quarantine", "reject")


@dataclass(frozen=True)
class Key:
    """A DKIM key of the domain: `public` is its TXT record, `state` as in store/domains.py."""

    selector: str
    public: str
    state: str
    until: datetime | None = None


@dataclass(frozen=True)
class Asked:
    """What is to be looked up. `bounces` is the domain of the return path, `servers` the SPF terms of who
    sends, `host` where links of this installation lead, `link_host` the domain's own name for that."""

    name: str
    bounces: str
    servers: Sequence[str]
    keys: Sequence[Key]
    host: str
    link_host: str | None = None


def look(ask: Ask, asked: Asked, *, now: datetime) -> list[Finding]:
    """Every finding, in the order in which a page shows them."""
    return [
        _spf(ask, asked),
        *_dkim(ask, asked, now),
        _dmarc(ask, asked),
        *_mx(ask, asked),
        *(_ptr(ask, ip) for ip in addresses_of(asked.servers)),
        _links(ask, asked),
    ]


def _away(what: str, name: str, kind: str, want: str = "") -> Finding:
    return Finding(what, UNKNOWN, name, kind, "away", want, (), {"name": name})


def _spf(ask: Ask, asked: Asked) -> Finding:
    name = asked.bounces
    answer = ask(name, "TXT")
    if answer.fault:
        return _away(SPF, name, "TXT", spf_record(asked.servers, None))
    records = spf.of_domain(answer.values)
    if len(records) != 1:
        say, about = ("spf_many", {"n": len(records)}) if records else ("spf_missing", {})
        want = spf_record(asked.servers, records[0] if records else None)
        return Finding(SPF, FAIL, name, "TXT", say, want, tuple(records), about)
    return _judged(ask, asked, records[0])


def _judged(ask: Ask, asked: Asked, record: str) -> Finding:
    name = asked.bounces
    tree = spf.walk(ask, record)

    def finding(state: str, say: str, want: str = "", **about: object) -> Finding:
        return Finding(SPF, state, name, "TXT", say, want, (record,), about)

    if tree.away:
        return _away(SPF, tree.away, "TXT")
    if tree.fault:
        return finding(FAIL, "spf_broken", term=tree.fault)
    if tree.questions > MOST_QUESTIONS:
        return finding(FAIL, "spf_long", n=tree.questions)
    if tree.all == "+":
        return finding(FAIL, "spf_open", record.replace("+all", "~all").replace(" all", " ~all"))
    left_out = [term for term in asked.servers if not _allowed(ask, name, term, record, tree)]
    if left_out:
        return finding(
            FAIL, "spf_refuses", spf_record(asked.servers, record), who=", ".join(map(_bare, left_out))
        )
    if tree.all in ("", "?") and "redirect=" not in record.lower():
        want = record.replace("?all", "~all") if tree.all else f"{record} ~all"
        return finding(WARN, "spf_soft_end", want)
    return finding(OK, "spf_ok" if asked.servers else "spf_unnamed", n=tree.questions)


def _allowed(ask: Ask, name: str, term: str, record: str, tree: spf.Walk) -> bool:
    """Whether the record lets this one send: an address must pass as a receiver would see it, another
    domain must be taken in, anything else must stand there."""
    kind, _, value = term.partition(":")
    if kind == "include":
        return value.lower() in tree.includes
    addresses = [value.partition("/")[0]] if kind in ("ip4", "ip6") else []
    if kind == "a" and value:
        addresses = [*ask(value, "A").values, *ask(value, "AAAA").values]
    if not addresses:
        return term.lower() in record.lower().split()
    results = {spf.check_host(ask, one, name).result for one in addresses}
    return results <= {PASS, TEMPERROR}


def _bare(term: str) -> str:
    return term.partition(":")[2] or term


def _dkim(ask: Ask, asked: Asked, now: datetime) -> Iterator[Finding]:
    if not any(key.state != "retired" for key in asked.keys):
        yield Finding(DKIM, WARN, f"…._domainkey.{asked.name}", "TXT", "dkim_none")
    for key in asked.keys:
        name = f"{key.selector}._domainkey.{asked.name}"
        yield _key(key, name, ask(name, "TXT"), now)


def _key(key: Key, name: str, answer: Records, now: datetime) -> Finding:
    if key.state == "retired":
        kept = key.until is not None and now < key.until
        about = {"until": key.until.date().isoformat()} if kept and key.until else {}
        say = "dkim_keep" if kept else "dkim_retired"
        return Finding(DKIM, OK, name, "TXT", say, key.public if kept else "", answer.values, about)
    if answer.fault:
        return _away(DKIM, name, "TXT", key.public)
    state, say = _published(key, answer.values)
    # A new key that is not there yet breaks nothing while another one signs.
    want = "" if state == OK else key.public
    return Finding(DKIM, state, name, "TXT", say, want, answer.values, {"n": len(answer.values)})


def _published(key: Key, values: Sequence[str]) -> tuple[str, str]:
    waiting = key.state == "waiting"
    if not values:
        return (WARN, "dkim_missing") if waiting else (FAIL, "dkim_gone")
    bad = WARN if waiting else FAIL
    if len(values) > 1:
        return bad, "dkim_many"
    said, wanted = tags(values[0]), tags(key.public)
    if said.get("p") == "":
        return bad, "dkim_revoked"
    if said.get("p") != wanted["p"] or said.get("k", "rsa") != wanted["k"]:
        return bad, "dkim_other"
    if "y" in said.get("t", "").split(":"):
        return WARN, "dkim_testing"
    return OK, "dkim_found" if waiting else "dkim_ok"


def _dmarc(ask: Ask, asked: Asked) -> Finding:
    name = f"_dmarc.{asked.name}"
    want = f"v=DMARC1; p=none; rua=mailto:dmarc@{asked.name}"
    above = asked.name
    for _level in range(_MOST_LEVELS):
        answer = ask(f"_dmarc.{above}", "TXT")
        if answer.fault:
            return _away(DMARC, f"_dmarc.{above}", "TXT", want)
        records = [text for text in answer.values if text.lower().replace(" ", "").startswith("v=dmarc1")]
        if records:
            return _policy(asked, above, records, want)
        above = above.partition(".")[2]
        if "." not in above:
            break
    return Finding(DMARC, FAIL, name, "TXT", "dmarc_missing", want)


def _policy(asked: Asked, above: str, records: list[str], want: str) -> Finding:
    def finding(state: str, say: str, want: str = "", **about: object) -> Finding:
        return Finding(DMARC, state, f"_dmarc.{above}", "TXT", say, want, tuple(records), about)

    if len(records) > 1:
        return finding(FAIL, "dmarc_many", n=len(records))
    said = tags(records[0])
    policy = said.get("p", "").lower()
    if above != asked.name:
        policy = said.get("sp", policy).lower()
    if policy not in _POLICIES:
        return finding(FAIL, "dmarc_broken", want)
    if said.get("aspf", "r").lower() == "s" and asked.bounces != asked.name:
        return finding(WARN, "dmarc_strict_spf", policy=policy, bounces=asked.bounces)
    if said.get("pct", "100") != "100" and policy != "none":
        return finding(WARN, "dmarc_partial", policy=policy, pct=said["pct"])
    if above != asked.name:
        return finding(OK, "dmarc_above", policy=policy, above=above)
    if "rua" not in said:
        return finding(WARN, "dmarc_silent", f"{records[0].rstrip('; ')}; rua=mailto:dmarc@{asked.name}",
                       policy=policy)  # fmt: skip
    return finding(OK, "dmarc_ok", policy=policy, rua=said["rua"].removeprefix("mailto:"))


def _mx(ask: Ask, asked: Asked) -> Iterator[Finding]:
    for name in dict.fromkeys((asked.name, asked.bounces)):
        missing = "mx_missing" if name == asked.name else "mx_bounces"
        state = WARN if name == asked.name else FAIL
        answer = ask(name, "MX")
        if answer.fault:
            yield _away(MX, name, "MX")
            continue
        hosts = [value.split()[-1].rstrip(".") for value in answer.values]
        about = {"name": name, "hosts": ", ".join(hosts)}
        if hosts == [""]:
            yield Finding(MX, state, name, "MX", "mx_null", "", answer.values, about)
        elif hosts:
            yield Finding(MX, OK, name, "MX", "mx_ok", "", answer.values, about)
        else:
            yield Finding(MX, state, name, "MX", missing, f"10 {asked.host}." if name != asked.name else "",
                          (), about)  # fmt: skip


def _ptr(ask: Ask, ip: str) -> Finding:
    name = ipaddress.ip_address(ip).reverse_pointer
    answer = ask(name, "PTR")
    if answer.fault:
        return _away(PTR, name, "PTR")
    hosts = [value.rstrip(".") for value in answer.values]
    if not hosts:
        return Finding(PTR, FAIL, name, "PTR", "ptr_missing", "", (), {"ip": ip})
    kind = "AAAA" if ":" in ip else "A"
    good = next((host for host in hosts if ip in ask(host, kind).values), None)
    if good is None:
        return Finding(PTR, FAIL, name, "PTR", "ptr_circle", "", answer.values, {"ip": ip, "host": hosts[0]})
    return Finding(PTR, OK, name, "PTR", "ptr_ok", "", answer.values, {"ip": ip, "host": good})


def _links(ask: Ask, asked: Asked) -> Finding:
    about = {"name": asked.link_host, "host": asked.host}
    if not asked.link_host:
        return Finding(LINKS, OK, asked.host, "", "links_none", about=about)
    name, want = asked.link_host, f"{asked.host}."
    answer = ask(name, "CNAME")
    if answer.fault:
        return _away(LINKS, name, "CNAME", want)
    if [value.rstrip(".").lower() for value in answer.values] == [asked.host]:
        return Finding(LINKS, OK, name, "CNAME", "links_ok", "", answer.values, about)
    there, here = ask(name, "A").values, ask(asked.host, "A").values
    if there and set(there) == set(here):
        return Finding(LINKS, OK, name, "A", "links_ok", "", there, about)
    say = "links_elsewhere" if answer.values or there else "links_missing"
    return Finding(LINKS, WARN, name, "CNAME", say, want, answer.values or there, about)
