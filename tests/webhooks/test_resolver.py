import socket
import threading
from collections.abc import Iterator

import pytest

from nurture.net.resolver import Dns, Records, resolve
from tests.name_server import SILENT, NameServer, Zone

ZONE: Zone = {
    ("example.com", "TXT"): ["v=spf1 include:_spf.example.com ", "-all"],
    ("example.com", "MX"): ["10 mail.example.com."],
    ("silent", "TXT"): SILENT,
}


@pytest.fixture
def asked() -> Iterator[tuple[str, int]]:
    with NameServer(ZONE) as server:
        yield server.address


def test_records_are_read_with_their_strings_joined(asked: tuple[str, int]) -> None:
    dns_ = Dns([asked])
    assert dns_.records("example.com", "TXT") == Records(("v=spf1 include:_spf.example.com -all",))
    assert dns_.records("example.com", "MX") == Records(("10 mail.example.com.",))


def test_a_name_without_records_is_empty_and_not_a_fault(asked: tuple[str, int]) -> None:
    assert Dns([asked]).records("nowhere.example", "TXT") == Records()


def test_a_name_server_that_does_not_answer_is_a_fault_in_a_sentence(asked: tuple[str, int]) -> None:
    answer = Dns([asked], seconds=0.3).records("silent", "TXT")
    assert answer.values == () and answer.fault is not None


def test_an_address_is_its_own_answer() -> None:
    assert resolve("127.0.0.1", 443, 2) == ["127.0.0.1"]


def test_a_look_up_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    hold, answered = threading.Event(), []

    def slowly(*_given: object, **_more: object) -> list[object]:
        answered.append(hold.wait(60))
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    with pytest.raises(TimeoutError):
        resolve("slow.example", 443, 0.2)
    assert answered == []
    hold.set()
