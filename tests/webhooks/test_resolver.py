import socket
import threading
import time
from collections.abc import Iterator

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from nurture.net.resolver import Dns, Records, resolve

ZONE = {
    ("example.com.", "TXT"): '"v=spf1 include:_spf.example.com " "-all"',
    ("example.com.", "MX"): "10 mail.example.com.",
}


@pytest.fixture
def name_server() -> Iterator[int]:
    """Answers from ZONE on a port of loopback; names outside it do not exist, `silent.` gets no answer."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                data, peer = server.recvfrom(4096)
            except OSError:
                return
            query = dns.message.from_wire(data)
            name, kind = str(query.question[0].name), dns.rdatatype.to_text(query.question[0].rdtype)
            if name == "silent.":
                continue
            answer = dns.message.make_response(query)
            if (name, kind) in ZONE:
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, ZONE[name, kind]))
            else:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            server.sendto(answer.to_wire(), peer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield int(server.getsockname()[1])
    server.close()


def test_records_are_read_with_their_strings_joined(name_server: int) -> None:
    dns_ = Dns(["127.0.0.1"], port=name_server)
    assert dns_.records("example.com", "TXT") == Records(("v=spf1 include:_spf.example.com -all",))
    assert dns_.records("example.com", "MX") == Records(("10 mail.example.com.",))


def test_a_name_without_records_is_empty_and_not_a_fault(name_server: int) -> None:
    assert Dns(["127.0.0.1"], port=name_server).records("nowhere.example", "TXT") == Records()


def test_a_name_server_that_does_not_answer_is_a_fault_in_a_sentence(name_server: int) -> None:
    asked = Dns(["127.0.0.1"], port=name_server, seconds=0.3).records("silent", "TXT")
    assert asked.values == () and asked.fault is not None


def test_an_address_is_its_own_answer() -> None:
    assert resolve("127.0.0.1", 443, 2) == ["127.0.0.1"]


def test_a_look_up_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    hold = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_given, **_more: [hold.wait(5)][:0])
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        resolve("slow.example", 443, 0.2)
    assert time.monotonic() - began < 1
    hold.set()
