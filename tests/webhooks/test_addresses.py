import pytest

from nurture.net.addresses import canonical, may_reach

NEVER = (
    "0.0.0.0 0.1.2.3 169.254.169.254 192.0.0.8 192.0.2.1 192.88.99.1 198.18.0.1 198.19.255.255 198.51.100.7",
    "203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 :: ::127.0.0.1 ::10.0.0.1",
    "::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1 2001:2::1 2001:db8::1 2002:7f00:1::",
    "3fff::1 5f00::1 fe80::1 fec0::1 ff02::1",
)
PRIVATE = (
    "10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254 127.0.0.1 127.8.8.8 172.16.0.1 172.31.255.255",
    "192.168.1.1 ::1 fc00::1 fd12:3456::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:c0a8:101",
)
PUBLIC = (
    "8.8.8.8 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 198.17.0.1 198.20.0.1",
    "223.255.255.255 2606:4700::1111 2a00:1450::1 ::ffff:8.8.8.8",
)


def each(lines: tuple[str, ...]) -> list[str]:
    return " ".join(lines).split()


@pytest.mark.parametrize("text", each(NEVER))
def test_special_addresses_are_never_reached(text: str) -> None:
    assert not may_reach(canonical(text), private=False)
    assert not may_reach(canonical(text), private=True)


@pytest.mark.parametrize("text", each(PRIVATE))
def test_inner_addresses_are_reached_only_where_they_are_opened(text: str) -> None:
    assert not may_reach(canonical(text), private=False)
    assert may_reach(canonical(text), private=True)


@pytest.mark.parametrize("text", each(PUBLIC))
def test_public_addresses_are_reached(text: str) -> None:
    assert may_reach(canonical(text), private=False)


@pytest.mark.parametrize("text", ["fe80::1%eth0", "127.1", "0x7f000001", "2130706433", "", "localhost"])
def test_what_is_not_an_address_in_its_standard_form_is_none(text: str) -> None:
    with pytest.raises(ValueError):
        canonical(text)
