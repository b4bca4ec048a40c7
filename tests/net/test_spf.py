"""Who may send, read as RFC 7208 tells receivers to."""

import ipaddress
from collections.abc import Callable

import pytest

from nurture.net.resolver import Records
from nurture.net.spf import BadRecord, check_host, parse, walk
from nurture.net.spf.macros import expand, values
from tests.name_server import SILENT, Zone

OURS, OTHERS = "203.0.113.5", "198.51.100.9"


def asking(zone: Zone) -> Callable[[str, str], Records]:
    def ask(name: str, kind: str) -> Records:
        found = zone.get((name.lower(), kind), ())
        return Records(fault="silent") if found is SILENT else Records(tuple(found))

    return ask


@pytest.mark.parametrize(
    ("record", "ip", "result"),
    [
        ("v=spf1 ip4:203.0.113.0/24 -all", OURS, "pass"),
        ("v=spf1 ip4:203.0.113.0/24 -all", OTHERS, "fail"),
        ("v=spf1 ip4:203.0.113.5 ~all", OTHERS, "softfail"),
        ("v=spf1 ip4:203.0.113.5 ?all", OTHERS, "neutral"),
        ("v=spf1 ip4:203.0.113.5", OTHERS, "neutral"),
        ("v=spf1 -ip4:203.0.113.5 +all", OURS, "fail"),
        ("v=spf1 ip6:2001:db8::/32 -all", "2001:db8:1::7", "pass"),
        ("v=spf1 a -all", OURS, "pass"),
        ("v=spf1 a/24 -all", "203.0.113.77", "pass"),
        ("v=spf1 a:mail.firm.example -all", "203.0.113.8", "pass"),
        ("v=spf1 mx -all", "203.0.113.8", "pass"),
        ("v=spf1 mx -all", OTHERS, "fail"),
        ("v=spf1 include:relay.example -all", OTHERS, "pass"),
        ("v=spf1 include:relay.example -all", "192.0.2.1", "fail"),
        ("v=spf1 redirect=relay.example", OTHERS, "pass"),
        ("v=spf1 redirect=relay.example", "192.0.2.1", "fail"),
        ("v=spf1 redirect=nothing.example", OURS, "permerror"),
        ("v=spf1 include:nothing.example ~all", OURS, "permerror"),
        ("v=spf1 include:slow.example ~all", OURS, "temperror"),
        ("v=spf1 ptr -all", OURS, "pass"),
        ("v=spf1 ptr -all", OTHERS, "fail"),
        ("v=spf1 exists:%{ir}.allowed.example -all", OURS, "pass"),
        ("v=spf1 exists:%{ir}.allowed.example -all", OTHERS, "fail"),
        ("v=spf1 ipv4:203.0.113.5 -all", OURS, "permerror"),
        ("v=spf1 ip4:203.0.113.500 -all", OURS, "permerror"),
        ("v=spf1 -all ip4:203.0.113.5", OURS, "fail"),
        ("v=spf1 exp=why.example unknown=1 ip4:203.0.113.5 -all", OURS, "pass"),
        ("V=SPF1 IP4:203.0.113.5 -ALL", OURS, "pass"),
    ],
)
def test_a_record_allows_whom_it_names(record: str, ip: str, result: str) -> None:
    zone = {
        ("firm.example", "TXT"): (record, "something else"),
        ("firm.example", "A"): (OURS,),
        ("firm.example", "MX"): ("10 mail.firm.example.",),
        ("mail.firm.example", "A"): ("203.0.113.8",),
        ("relay.example", "TXT"): ("v=spf1 ip4:198.51.100.0/24 -all",),
        ("slow.example", "TXT"): SILENT,
        ("5.113.0.203.in-addr.arpa", "PTR"): ("mail.other.example.", "out.firm.example."),
        ("out.firm.example", "A"): (OURS,),
        ("5.113.0.203.allowed.example", "A"): ("127.0.0.2",),
    }
    assert check_host(asking(zone), ip, "firm.example").result == result


def test_no_record_is_none_and_two_are_an_error() -> None:
    assert check_host(asking({}), OURS, "firm.example").result == "none"
    two = {("firm.example", "TXT"): ("v=spf1 -all", "v=spf1 mx -all")}
    assert check_host(asking(two), OURS, "firm.example").result == "permerror"


def test_an_eleventh_question_is_an_error() -> None:
    def chain(length: int) -> Zone:
        zone: dict[tuple[str, str], tuple[str, ...]] = {
            ("firm.example", "TXT"): ("v=spf1 include:n1.example -all",)
        }
        for n in range(1, length):
            zone[f"n{n}.example", "TXT"] = (f"v=spf1 include:n{n + 1}.example -all",)
        zone[f"n{length}.example", "TXT"] = (f"v=spf1 ip4:{OURS} -all",)
        return zone

    assert check_host(asking(chain(10)), OURS, "firm.example").result == "pass"
    assert check_host(asking(chain(11)), OURS, "firm.example").result == "permerror"
    assert walk(asking(chain(11)), "v=spf1 include:n1.example -all").questions == 11


def test_a_record_that_includes_itself_ends() -> None:
    zone = {("firm.example", "TXT"): ("v=spf1 include:firm.example -all",)}
    assert check_host(asking(zone), OURS, "firm.example").result == "permerror"
    assert walk(asking(zone), zone["firm.example", "TXT"][0]).includes == ["firm.example"]


def test_a_third_question_in_vain_is_an_error() -> None:
    record = "v=spf1 a:x1.example a:x2.example a:x3.example ip4:203.0.113.5 -all"
    zone = {("firm.example", "TXT"): (record,)}
    assert check_host(asking(zone), OURS, "firm.example").result == "permerror"


@pytest.mark.parametrize(
    ("text", "name"),
    [  # RFC 7208, section 7.4
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{d1}", "com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l}", "strong-bad"),
        ("%{l-}", "strong.bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
    ],
)
def test_macros_are_those_of_the_rfc(text: str, name: str) -> None:
    ip = ipaddress.ip_address("192.0.2.3")
    known = values(ip, "strong-bad@email.example.com", "email.example.com", "helo.example")
    assert expand(text, known) == name


@pytest.mark.parametrize("record", ["v=spf1 a:%{q}.example -all", "v=spf1 a:%x -all", "v=spf1 a:%{d0} -all"])
def test_a_macro_that_is_none_is_an_error(record: str) -> None:
    zone = {("firm.example", "TXT"): (record,)}
    assert check_host(asking(zone), OURS, "firm.example").result == "permerror"


@pytest.mark.parametrize(
    "record",
    ["v=spf1 include -all", "v=spf1 all:x", "v=spf1 ip4:2001:db8::1", "v=spf1 ip6:192.0.2.1", "v=spf1 a/33",
     "v=spf1 ptr/24", "v=spf1 redirect=", "v=spf1 redirect=a.example redirect=b.example"],
)  # fmt: skip
def test_a_broken_term_is_named(record: str) -> None:
    with pytest.raises(BadRecord):
        parse(record)
