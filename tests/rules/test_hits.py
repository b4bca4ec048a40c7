"""Hits as lines, their ids, where they came from and where they may lead."""

import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.rules.hits import Hit, NotAHit, clean, read, write
from nurture.rules.ids import millis_of, time_of, uuid7
from nurture.rules.redirects import location
from nurture.rules.visitors import is_near, visitor_ip

AT = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)


@given(st.integers(0, 30_000_000_000_000), st.binary(min_size=10, max_size=10))
def test_an_id_carries_its_time_and_is_a_version_7(millis: int, noise: bytes) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)
    number = uuid7(millis_of(moment), noise)
    assert time_of(number) == moment
    assert (number.version, number.variant) == (7, "specified in RFC 4122")


def test_the_example_of_the_rfc_comes_out() -> None:
    # RFC 9562, appendix A.6: 017F22E2-79B0-7CC3-98C4-DC0C0C07398F; its random bits are 0xCC3 and
    # 0x18C4DC0C0C07398F.
    noise = (0xCC3 << 62 | 0x18C4DC0C0C07398F).to_bytes(10, "big")
    assert str(uuid7(0x017F22E279B0, noise)) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_later_ids_sort_later() -> None:
    first, second = uuid7(1000, b"\xff" * 10), uuid7(1001, bytes(10))
    assert first < second
    assert str(first) < str(second)


def hit(**rest: object) -> Hit:
    values: dict[str, object] = {
        "id": uuid7(millis_of(AT), bytes(10)),
        "kind": "click",
        "delivery_id": 5,
        "link_id": 6,
        "method": "GET",
        "ua": "Mozilla/5.0",
        "ip": "198.51.100.7",
        "headers": {"referer": "https://mail.example/"},
    }
    return Hit(**(values | rest))  # type: ignore[arg-type]


@given(st.text(), st.text())
def test_a_hit_is_one_ascii_line_whatever_the_visitor_sent(ua: str, referer: str) -> None:
    line = write(hit(ua=clean(ua), headers={"referer": clean(referer)}))
    assert line.isascii()
    assert b"\n" not in line
    assert read(line) == hit(ua=clean(ua), headers={"referer": clean(referer)})


@given(st.binary(max_size=200))
def test_a_torn_line_is_refused_and_never_breaks_the_reader(rest: bytes) -> None:
    with pytest.raises(NotAHit):
        read(b'{"id":' + rest)


@pytest.mark.parametrize(
    "wrong",
    [
        {"delivery_id": 0},
        {"delivery_id": 1 << 63},
        {"link_id": None},
        {"kind": "visit"},
        {"delivery_id": True},
    ],
)
def test_a_line_that_no_door_wrote_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(NotAHit):
        read(write(hit(**wrong)))


def test_control_characters_do_not_reach_the_database() -> None:
    assert clean("a\x00b\ud800c") == "a\ufffdb\ufffdc"
    assert len(clean("x" * 10_000)) == 400


@pytest.mark.parametrize(
    ("peer", "claims", "visitor"),
    [
        ("198.51.100.7", "", "198.51.100.7"),
        ("198.51.100.7", "192.0.2.1", "198.51.100.7"),
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "203.0.113.99, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("127.0.0.1", "rubbish", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("::1", "2001:db8::5", "2001:db8::5"),
        ("::ffff:10.1.2.3", "198.51.100.7", "198.51.100.7"),
        ("", "198.51.100.7", None),
    ],
)
def test_the_forwarded_address_is_believed_from_near_proxies_only(
    peer: str, claims: str, visitor: str | None
) -> None:
    assert visitor_ip(peer, claims) == visitor


@pytest.mark.parametrize(
    ("target", "header"),
    [
        ("https://example.com/a?b=c&d=%20#e", "https://example.com/a?b=c&d=%20#e"),
        ("https://bücher.example/straße?q=ü", "https://xn--bcher-kva.example/stra%C3%9Fe?q=%C3%BC"),
        ("javascript:alert(1)", None),
        ("//example.com/", None),
        ("https:///nowhere", None),
        ("https://example.com/\r\nSet-Cookie: a=b", None),
        ("https://example.com/ with space", None),
        ("ftp://example.com/", None),
        ("https://[broken", None),
        ("", None),
    ],
)
def test_only_web_addresses_are_written_into_the_header(target: str, header: str | None) -> None:
    assert location(target) == header


def test_hits_are_told_apart_to_the_millisecond() -> None:
    assert hit().at == AT
    assert hit(id=uuid7(millis_of(AT + timedelta(milliseconds=7)), bytes(10))).at - AT == timedelta(
        milliseconds=7
    )


def test_addresses_of_private_networks_are_near_and_all_others_are_not() -> None:
    near = (
        "127.0.0.1",
        "10.1.2.3",
        "172.31.0.1",
        "192.168.7.7",
        "169.254.1.1",
        "::1",
        "fd00::1",
        "::ffff:10.0.0.1",
    )
    far = (
        "172.32.0.1",
        "192.169.0.1",
        "100.1.2.3",
        "8.8.8.8",
        "2001:db8::1",
        "10.nowhere",
        "",
        "::ffff:8.8.8.8",
    )
    assert [one for one in near if not is_near(one)] == [one for one in far if is_near(one)] == []


def test_of_endless_texts_no_more_is_remembered_than_is_kept() -> None:
    tracemalloc.start()
    try:
        for number in range(30):
            clean(f"{number}{'x' * 500_000}")
        held, _most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 1_000_000
