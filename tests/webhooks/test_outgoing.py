import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from nurture.net.outgoing import READ_BYTES, Reply, Unreached, Way, post
from nurture.net.resolver import resolve
from tests.webhooks.receivers import RawReceiver, certificate, saying

OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def way(*addresses: str, private: bool = True, total: float = 5, connect: float = 2, **more) -> Way:
    """A way out on which every name leads to `addresses`, or to where it really leads."""
    found = (lambda host, port, seconds: list(addresses)) if addresses else resolve
    return Way(private=private, total_seconds=total, connect_seconds=connect, resolve=found, **more)


def test_a_post_reaches_the_receiver_with_its_headers_and_body() -> None:
    with RawReceiver(saying(OK)) as receiver:
        reply = post(
            way(), receiver.url(), {"Content-Type": "application/json", "webhook-id": "msg_1"}, b"{}"
        )
    assert reply == Reply(200, {"content-length": "2"}, b"ok")
    head = receiver.heads[0].decode()
    assert head.startswith("POST /hook HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{receiver.port}\r\n" in head
    assert "webhook-id: msg_1\r\n" in head
    assert head.endswith("\r\n\r\n{}")


def test_tls_keeps_host_and_sni_while_the_connection_goes_to_the_checked_address(tmp_path: Path) -> None:
    server, client = certificate(tmp_path, "crm.example")
    with RawReceiver(saying(OK), tls=server) as receiver:
        url = receiver.url("crm.example", "https")
        assert post(way("127.0.0.1", tls=client), url, {}, b"{}").status == 200
    assert receiver.names == ["crm.example"]
    assert f"Host: crm.example:{receiver.port}".encode() in receiver.heads[0]


def test_a_certificate_of_another_name_is_not_accepted(tmp_path: Path) -> None:
    server, client = certificate(tmp_path, "crm.example")
    with (
        RawReceiver(saying(OK), tls=server) as receiver,
        pytest.raises(Unreached, match="certificate is not valid"),
    ):
        post(way("127.0.0.1", tls=client), receiver.url("other.example", "https"), {}, b"{}")
    assert receiver.heads == []


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(tmp_path: Path) -> None:
    server, _client = certificate(tmp_path, "crm.example")
    with RawReceiver(saying(OK), tls=server) as receiver, pytest.raises(Unreached, match="certificate"):
        post(way("127.0.0.1"), receiver.url("crm.example", "https"), {}, b"{}")


def test_a_name_that_leads_inside_is_not_connected_to() -> None:
    with RawReceiver(saying(OK)) as receiver, pytest.raises(Unreached, match="private or special"):
        post(way("127.0.0.1", private=False), "https://crm.example:8443/", {}, b"{}")
    assert receiver.heads == []


@pytest.mark.parametrize("inner", ["10.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "fe80::1%lo"])
def test_one_inner_address_among_public_ones_is_enough_to_refuse(inner: str) -> None:
    with pytest.raises(Unreached, match="private or special"):
        post(way("8.8.8.8", inner, private=False), "https://crm.example/", {}, b"{}")


def test_the_name_is_looked_up_once_so_a_second_answer_cannot_lead_elsewhere() -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int, seconds: float) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    with RawReceiver(saying(OK)) as receiver:
        found = Way(private=True, resolve=rebinding)
        post(found, receiver.url("crm.example"), {}, b"{}")
    assert asked == ["crm.example"]
    assert len(receiver.heads) == 1


def test_a_spelled_out_number_that_the_system_takes_for_loopback_is_refused() -> None:
    with pytest.raises(Unreached, match="private or special"):
        post(way(private=False), "https://2130706433/", {}, b"{}")


def test_the_next_address_is_tried_when_the_first_refuses() -> None:
    with RawReceiver(saying(OK)) as receiver:
        assert post(way("127.0.0.9", "127.0.0.1"), receiver.url("crm.example"), {}, b"").status == 200


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_an_answer_and_is_not_followed(status: str) -> None:
    with RawReceiver(saying(OK)) as elsewhere:
        text = f"HTTP/1.1 {status}\r\nLocation: {elsewhere.url()}\r\nContent-Length: 0\r\n\r\n"
        with RawReceiver(saying(text)) as receiver:
            assert post(way(), receiver.url(), {}, b"{}").status == int(status[:3])
    assert elsewhere.heads == []


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawReceiver(saying(OK)) as proxy, RawReceiver(saying(OK)) as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "")
        post(way(), receiver.url(), {}, b"{}")
    assert (len(proxy.heads), len(receiver.heads)) == (0, 1)


def test_no_more_than_64_kilobytes_are_read() -> None:
    def endless(stream: socket.socket, _head: bytes) -> None:
        stream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            stream.sendall(b"x" * 65536)

    with RawReceiver(endless) as receiver:
        assert len(post(way(), receiver.url(), {}, b"{}").body) == READ_BYTES


def test_a_body_cut_short_keeps_its_status() -> None:
    with RawReceiver(saying("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")) as receiver:
        assert post(way(), receiver.url(), {}, b"{}") == Reply(200, {"content-length": "100"}, b"half")


def test_a_chunked_answer_is_read() -> None:
    text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n"
    with RawReceiver(saying(text)) as receiver:
        assert post(way(), receiver.url(), {}, b"{}").body == b"yes"


@pytest.mark.parametrize("part", ["head", "body", "handshake"])
def test_a_receiver_that_drips_is_left_when_the_total_time_is_over(part: str) -> None:
    def drip(stream: socket.socket, _head: bytes) -> None:
        stream.sendall(b"HTTP/1.1 200 OK\r\n" + (b"Content-Length: 9000\r\n\r\n" if part == "body" else b""))
        while True:
            stream.sendall(b"x")
            time.sleep(0.05)

    with RawReceiver(drip) as receiver, pytest.raises(Unreached, match="in time"):
        # In the handshake the receiver says nothing at all: it waits for a plain request.
        url = receiver.url("crm.example", "https") if part == "handshake" else receiver.url()
        post(way("127.0.0.1", total=0.5), url, {}, b"{}")


def test_a_receiver_that_never_answers_is_left_too() -> None:
    hold = threading.Event()
    with RawReceiver(lambda _stream, _head: bool(hold.wait(5))) as receiver:
        with pytest.raises(Unreached, match="did not answer in time"):
            post(way(total=0.3), receiver.url(), {}, b"{}")
        hold.set()


def test_a_name_that_is_not_looked_up_in_time_is_a_sentence() -> None:
    def slow(host: str, port: int, seconds: float) -> list[str]:
        raise TimeoutError

    with pytest.raises(Unreached, match="not looked up in time"):
        post(Way(private=True, resolve=slow), "http://crm.example/", {}, b"{}")


def test_a_name_that_does_not_exist_is_a_sentence() -> None:
    def unknown(host: str, port: int, seconds: float) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(Unreached, match="host name is not known"):
        post(Way(private=True, resolve=unknown), "http://crm.example/", {}, b"{}")


def test_a_refused_connection_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreached, match="refused the connection"):
        post(way(), f"http://127.0.0.1:{port}/", {}, b"{}")


def test_a_connection_that_nobody_takes_ends_in_the_connect_time() -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    port = listener.getsockname()[1]
    waiting = [socket.socket() for _ in range(4)]
    for one in waiting:
        one.setblocking(False)
        with suppress(BlockingIOError):
            one.connect(("127.0.0.1", port))
    time.sleep(0.05)
    with pytest.raises(Unreached, match="did not take the connection in time"):
        post(way(connect=0.4), f"http://127.0.0.1:{port}/", {}, b"{}")
    for one in [*waiting, listener]:
        one.close()


@pytest.mark.parametrize(
    "text", ["SSH-2.0-OpenSSH\r\n", "HTTP/1.1 abc\r\n\r\n", "220 mail.example ESMTP\r\n"]
)
def test_what_does_not_speak_http_is_a_sentence(text: str) -> None:
    with RawReceiver(saying(text)) as receiver, pytest.raises(Unreached, match="not HTTP"):
        post(way(), receiver.url(), {}, b"{}")


def test_a_connection_closed_without_an_answer_is_a_sentence() -> None:
    with RawReceiver(lambda _stream, _head: None) as receiver, pytest.raises(Unreached):
        post(way(), receiver.url(), {}, b"{}")
