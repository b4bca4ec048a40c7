"""The stream of hits: fast when Redis is there, no burden when it is not."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest
from redis import Redis, RedisError

from nurture.buffers import wake
from nurture.buffers.stream import HitStream, StreamFeed, quick_client


@pytest.fixture
def stream(redis_client: Redis) -> HitStream:
    return HitStream(redis_client)


@pytest.fixture
def mute_port() -> Iterator[int]:
    """A server that lets everybody in and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


def wait_for_length(stream: HitStream, length: int) -> None:
    until = time.monotonic() + 5
    while stream.length() < length and time.monotonic() < until:
        time.sleep(0.005)
    assert stream.length() == length


def test_entries_stay_until_they_are_let_go(stream: HitStream) -> None:
    stream.add([b"one", b"two", b"three"])
    first, second, third = stream.read(10)
    assert (first.line, second.line) == (b"one", b"two")
    stream.let_go([first.number, third.number])
    assert [line for _, line in stream.read(10)] == [b"two"]


def test_a_page_is_read_from_behind_another(stream: HitStream) -> None:
    stream.add([b"%d" % n for n in range(5)])
    first = stream.read(2)
    second = stream.read(2, first[-1].number)
    assert [one.line for one in second] == [b"2", b"3"]
    assert [one.line for one in stream.read(2, second[-1].number)] == [b"4"]


def test_a_decoding_client_reads_the_same(redis_url: str, stream: HitStream) -> None:
    stream.add(['{"ü":1}'.encode()])
    decoding = HitStream(Redis.from_url(redis_url, decode_responses=True))
    assert [line for _, line in decoding.read(1)] == ['{"ü":1}'.encode()]


def test_a_fed_line_arrives_and_wakes_a_pump(redis_url: str, redis_client: Redis, stream: HitStream) -> None:
    feed = StreamFeed(HitStream(quick_client(redis_url)))
    feed.add(b"one")
    assert wake.wait(redis_client, 5)
    wait_for_length(stream, 1)


def test_many_lines_arrive_in_order(redis_url: str, stream: HitStream) -> None:
    feed = StreamFeed(HitStream(quick_client(redis_url)))
    for n in range(2000):
        feed.add(b"%d" % n)
    wait_for_length(stream, 2000)
    assert [line for _, line in stream.read(2000)] == [b"%d" % n for n in range(2000)]


class Held(HitStream):
    """A stream whose Redis does not answer until it is let go."""

    def __init__(self) -> None:
        self.asked, self.let = threading.Event(), threading.Event()

    def add(self, lines: Sequence[bytes]) -> None:
        self.asked.set()
        self.let.wait(30)


def test_whoever_feeds_a_stream_does_not_wait_for_it() -> None:
    held = Held()
    feed = StreamFeed(held)
    for _ in range(1000):
        feed.add(b"one")
    assert held.asked.wait(30)
    assert not held.let.is_set()
    held.let.set()


def test_a_quick_client_gives_up(mute_port: int) -> None:
    for url in ("redis://127.0.0.1:1", f"redis://127.0.0.1:{mute_port}"):
        with pytest.raises(RedisError):
            HitStream(quick_client(url)).add([b"one"])
