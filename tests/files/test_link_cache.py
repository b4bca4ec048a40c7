"""Link targets are known from memory and file, and looked up when they are new."""

import threading
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest

from nurture.files import link_cache
from nurture.files.link_cache import Away, LinkCache


class Source:
    """A table of links that can be away, or answer slowly."""

    def __init__(self, **links: str) -> None:
        self.links = {int(number[1:]): url for number, url in links.items()}
        self.away = False
        self.hold = threading.Event()
        self.hold.set()
        self.answered = 0
        self.asked: list[tuple[int, frozenset[int]]] = []

    def __call__(self, after: int, wanted: Collection[int]) -> list[tuple[int, str]]:
        self.asked.append((after, frozenset(wanted)))
        self.hold.wait(60)
        self.answered += 1
        if self.away:
            raise ConnectionError("gone")
        return [(number, url) for number, url in self.links.items() if number > after or number in wanted]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "links.jsonl"


@pytest.fixture
def cached(path: Path) -> Iterator[Callable[..., LinkCache]]:
    """Makes caches over the same file, each like a process started anew."""
    made: list[LinkCache] = []

    def make(source: Source, **settings: float) -> LinkCache:
        made.append(LinkCache(path, source, **settings))
        return made[-1]

    yield make
    for cache in made:
        cache.close()


def test_a_link_is_found_and_kept_in_the_file(cached: Callable[..., LinkCache]) -> None:
    assert cached(Source(_5="https://example.com/a")).target(5) == "https://example.com/a"
    gone = Source()
    gone.away = True
    assert cached(gone).target(5) == "https://example.com/a"


def test_no_such_link_is_told_from_cannot_tell(cached: Callable[..., LinkCache]) -> None:
    source = Source(_5="https://example.com/a")
    cache = cached(source)
    assert cache.target(6) is None
    source.away = True
    with pytest.raises(Away):
        cache.target(7)


def test_a_link_made_after_the_start_is_looked_up_at_once(cached: Callable[..., LinkCache]) -> None:
    source = Source(_5="https://example.com/a")
    cache = cached(source, refresh_seconds=60)
    assert cache.target(5)
    source.links[6] = "https://example.com/b"
    assert cache.target(6) == "https://example.com/b"


def test_a_link_made_after_the_start_is_found_in_the_background(cached: Callable[..., LinkCache]) -> None:
    source = Source(_5="https://example.com/a")
    cache = cached(source, refresh_seconds=0.01)
    assert cache.target(5)
    source.links[6] = "https://example.com/b"
    before = source.answered
    while source.answered < before + 2:  # the second look began after the first was kept
        time.sleep(0.01)
    source.away = True
    assert cache.target(6) == "https://example.com/b"


def test_a_reader_waits_no_longer_than_the_patience(cached: Callable[..., LinkCache]) -> None:
    source = Source()
    source.hold.clear()
    cache = cached(source, patience=0.05)
    with pytest.raises(Away):
        cache.target(5)
    assert source.answered == 0
    source.hold.set()


def test_readers_do_not_queue_up_behind_a_source_that_is_away(cached: Callable[..., LinkCache]) -> None:
    source = Source()
    source.away = True
    cache = cached(source)
    with pytest.raises(Away):
        cache.target(5)
    asked = len(source.asked)
    for _ in range(100):
        with pytest.raises(Away):
            cache.target(5)
    assert len(source.asked) <= asked + 1


def test_a_source_that_comes_back_is_asked_again(
    cached: Callable[..., LinkCache],
) -> None:
    source = Source(_5="https://example.com/a")
    source.away = True
    cache = cached(source, refresh_seconds=0.01)
    with pytest.raises(Away):
        cache.target(5)
    source.away = False
    time.sleep(0.2)
    assert cache.target(5) == "https://example.com/a"


def test_what_cannot_be_a_redirect_is_not_taken_in(cached: Callable[..., LinkCache]) -> None:
    cache = cached(Source(_5="javascript:alert(1)", _6="https://bücher.example/"))
    assert cache.target(5) is None
    assert cache.target(6) == "https://xn--bcher-kva.example/"


def test_a_damaged_file_is_read_where_it_makes_sense(path: Path, cached: Callable[..., LinkCache]) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(
        b'[1, "https://example.com/1"]\nnonsense\n[2]\n[3, "javascript:alert(3)"]\n"4"\n[5, "https://example.co'
    )
    gone = Source()
    gone.away = True
    cache = cached(gone)
    assert cache.target(1) == "https://example.com/1"
    with pytest.raises(Away):
        cache.target(3)


def test_a_file_is_replaced_whole(path: Path, cached: Callable[..., LinkCache]) -> None:
    link_cache.append(path, {1: "https://example.com/1"})
    link_cache.rewrite(path, {2: "https://example.com/2"})
    gone = Source()
    gone.away = True
    cache = cached(gone)
    assert cache.target(2) == "https://example.com/2"
    with pytest.raises(Away):
        cache.target(1)
