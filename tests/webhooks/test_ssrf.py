"""Every known way to lead a webhook inside, through the whole request: none gets a connection."""

import socket
import threading
from collections.abc import Iterator

import pytest

from nurture.net.outgoing import Unreached, Way, post
from nurture.net.resolver import resolve

INSIDE = {
    "a number": "https://2130706433/",
    "an octal number": "https://0177.0.0.1/",
    "a long octal number": "https://017700000001/",
    "a hexadecimal number": "https://0x7f000001/",
    "hexadecimal parts": "https://0x7f.0.0.1/",
    "parts left out": "https://127.1/",
    "a trailing dot": "https://127.0.0.1./",
    "wide digits": "https://１２７.０.０.１/",
    "another full stop": "https://127。0。0。1/",
    "circled digits": "https://①②⑦.⓪.⓪.①/",
    "loopback in IPv6": "https://[::1]/",
    "IPv4 mapped": "https://[::ffff:127.0.0.1]/",
    "IPv4 mapped in hexadecimal": "https://[::ffff:7f00:1]/",
    "IPv4 compatible": "https://[::127.0.0.1]/",
    "IPv4 through NAT64": "https://[64:ff9b::7f00:1]/",
    "IPv4 through 6to4": "https://[2002:7f00:1::]/",
    "unspecified": "https://0.0.0.0/",
    "unspecified in IPv6": "https://[::]/",
    "metadata": "https://169.254.169.254/latest/meta-data/",
    "metadata mapped": "https://[::ffff:a9fe:a9fe]/",
    "metadata in IPv6": "https://[fd00:ec2::254]/",
    "carrier-grade NAT": "https://100.64.0.1/",
    "a private network": "https://192.168.0.1/",
    "link-local with a zone": "https://[fe80::1%25lo]/",
    "localhost": "https://localhost/",
    "below localhost": "https://crm.localhost/",
    "a user before an inner address": "https://crm.example@127.0.0.1/",
    "a user with a port before an inner address": "https://crm.example:443@127.0.0.1/",
    "a backslash": "https://crm.example\\@127.0.0.1/",
    "an empty user": "https://@127.0.0.1/",
    "a fragment": "https://127.0.0.1#@crm.example/",
    "a question mark": "https://127.0.0.1?@crm.example/",
    "the port of a mail server": "https://crm.example:25/",
    "the port of Redis": "https://crm.example:6379/",
    "the port of PostgreSQL": "https://crm.example:5432/",
    "the port of plain HTTP": "https://crm.example:80/",
    "plain HTTP": "http://crm.example/",
    "a file": "file:///etc/passwd",
    "gopher": "gopher://127.0.0.1:6379/_FLUSHALL",
    "a line break": "https://crm.example/\r\nHost: inner",
}
NAMES = {
    "a name for loopback": ["127.0.0.1"],
    "a name for loopback in IPv6": ["::1"],
    "a name for metadata": ["169.254.169.254"],
    "a name for an inner address mapped": ["::ffff:10.0.0.1"],
    "one inner address among public ones": ["8.8.8.8", "10.0.0.1"],
    "a name for a translated address": ["64:ff9b::a00:1"],
    "a name for a multicast group": ["224.0.0.1"],
    "an answer that is no address": ["127.1"],
}


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """What was connected to; a connection that is begun at all fails the test in a clear way."""
    made: list[object] = []

    def begun(address: object, *_args: object, **_more: object) -> socket.socket:
        made.append(address)
        raise OSError("no test may leave this machine")

    monkeypatch.setattr(socket, "create_connection", begun)
    yield made


@pytest.mark.parametrize("url", INSIDE.values(), ids=INSIDE)
def test_an_address_that_leads_inside_is_refused_before_any_connection(
    url: str, connections: list[object]
) -> None:
    with pytest.raises(Unreached):
        post(Way(resolve=resolve), url, {}, b"{}")
    assert connections == []


@pytest.mark.parametrize("found", NAMES.values(), ids=NAMES)
def test_a_name_that_leads_inside_is_refused_before_any_connection(
    found: list[str], connections: list[object]
) -> None:
    with pytest.raises(Unreached):
        post(Way(resolve=lambda host, port, seconds: found), "https://crm.example/", {}, b"{}")
    assert connections == []


def test_a_name_that_turns_inside_after_the_check_is_not_asked_again(connections: list[object]) -> None:
    """DNS rebinding: the first answer is checked and is what is connected to."""
    asked = threading.Semaphore(0)

    def rebinding(host: str, port: int, seconds: float) -> list[str]:
        first = not asked.acquire(blocking=False)
        asked.release()
        asked.release()
        return ["8.8.8.8"] if first else ["127.0.0.1"]

    with pytest.raises(Unreached):
        post(Way(resolve=rebinding), "https://crm.example/", {}, b"{}")
    assert connections == [("8.8.8.8", 443)]
