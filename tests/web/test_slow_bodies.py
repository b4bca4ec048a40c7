"""Somebody sends bodies byte by byte: everybody else is answered."""

import threading
from collections.abc import Iterator
from io import BytesIO

import pytest
from werkzeug.test import Client, EnvironBuilder, TestResponse, run_wsgi_app
from werkzeug.wrappers import Request

from nurture.web.slow_bodies import MOST_BYTES, SlowBodies

MOST = 3


class Slow(BytesIO):
    """A body that is on its way until `arrive` is called."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self.asked, self._there = threading.Event(), threading.Event()

    def arrive(self) -> None:
        self._there.set()

    def read(self, size: int | None = -1) -> bytes:
        self.asked.set()
        assert self._there.wait(30)
        return super().read(size)


class Sender(threading.Thread):
    """Sends one such body, and keeps the answer."""

    def __init__(self, client: Client, **more: str) -> None:
        super().__init__()
        self.body = Slow(b"all of it")
        self._client, self._more = client, more

    def run(self) -> None:
        self.answer = post(self._client, self.body, **self._more)


def post(client: Client, body: BytesIO, path: str = "/u/x", length: str = "9", **more: str) -> TestResponse:
    builder = EnvironBuilder(path=path, method="POST", input_stream=body)
    environ = builder.get_environ() | {"CONTENT_LENGTH": length} | more
    found = run_wsgi_app(client.application, environ, buffered=True)
    return TestResponse(*found, request=Request(environ))


@pytest.fixture
def client() -> Client:
    def pages(environ, start_response):  # type: ignore[no-untyped-def]
        start_response("200 OK", [])
        return [environ["wsgi.input"].read()]

    return Client(SlowBodies(pages, MOST, patience=0.01))


@pytest.fixture
def senders(client: Client) -> Iterator[list[Sender]]:
    """As many as may be on their way, one of them without saying how much will come."""
    found = [Sender(client), Sender(client), Sender(client, length="", HTTP_TRANSFER_ENCODING="chunked")]
    for one in found:
        one.start()
        assert one.body.asked.wait(30)
    yield found
    for one in found:
        one.body.arrive()
        one.join()


def test_readers_are_answered_whoever_sends_slowly(client: Client, senders: list[Sender]) -> None:
    assert client.get("/c/x").status_code == 200
    refused = post(client, BytesIO(b"all of it"))
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    assert "send it again" in refused.text
    assert post(client, BytesIO(b"all of it"), "/api/v1/signals").json["status"] == 503


def test_what_has_arrived_is_handed_on_whole_and_makes_room(client: Client, senders: list[Sender]) -> None:
    senders[0].body.arrive()
    senders[0].join()
    assert senders[0].answer.data == b"all of it"
    assert post(client, BytesIO(b"all of it")).data == b"all of it"


def test_files_are_not_waited_for_here(client: Client, senders: list[Sender]) -> None:
    assert post(client, BytesIO(b"a file"), length=str(MOST_BYTES + 1)).data == b"a file"
