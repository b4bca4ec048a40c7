"""The tracking door answers whatever is away, misleads nobody, and writes down all it saw."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import Client, TestResponse

from nurture.buffers.stream import HitStream, StreamFeed, quick_client
from nurture.files.link_cache import LinkCache
from nurture.files.spool import Spool, draining
from nurture.flows.links import link_source
from nurture.flows.record import record
from nurture.rules.hits import TRAP_TARGET
from nurture.rules.tokens import KeyRing, mint
from nurture.web.tracking import PIXEL, TrackingDoor, nowhere
from tests.clock import StandingClock
from tests.mailed import LINKS, a_delivery, a_lead, a_mailing

RING = KeyRing((b"a signing key of thirty-two bytes.",))
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36"
)
ANNA = {"User-Agent": CHROME, "X-Forwarded-For": "198.51.100.7", "Referer": "https://webmail.example/"}
NO_REDIS = "redis://127.0.0.1:1"
NO_DATABASE = "postgresql+psycopg://nobody@127.0.0.1:1/none"

Doors = Callable[..., Client]


class Visitor(Client):
    """Comes through the proxy on this machine."""

    def open(self, *args: Any, **rest: Any) -> TestResponse:
        rest.setdefault("environ_base", {"REMOTE_ADDR": "127.0.0.1"})
        return super().open(*args, **rest)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def door(home: Path, redis_url: str, database_url: str, clock: StandingClock) -> Iterator[Doors]:
    """Opens the door of a process that has just started, over the parts it is given."""
    kept: list[LinkCache] = []

    def opened(*, redis: str = redis_url, database: str = database_url) -> Client:
        engine = create_engine(database, connect_args={"connect_timeout": 2})
        links = LinkCache(home / "links.jsonl", link_source(sessionmaker(engine)))
        kept.append(links)
        feed = StreamFeed(HitStream(quick_client(redis)))
        return Visitor(
            TrackingDoor(nowhere, ring=RING, spool=Spool(home / "spool"), stream=feed, links=links, now=clock)
        )

    yield opened
    for links in kept:
        links.close()


def click(client: Client, delivery_id: int, link_id: int, tail: str = "", **headers: str) -> TestResponse:
    return client.get(f"/c/{mint(RING, 'click', delivery_id, link_id)}{tail}", headers=ANNA | headers)


def spooled(home: Path) -> list[dict[str, object]]:
    with draining(home / "spool", 10_000) as drained:
        assert drained is not None
        return [json.loads(line) for line in drained.lines]


def test_a_click_leads_to_the_stored_link(db: Session, door: Doors) -> None:
    mailing = a_mailing(db)
    answer = click(door(), 1, mailing.link_ids[1])
    assert (answer.status_code, answer.headers["Location"]) == (302, LINKS[1])
    assert "no-store" in answer.headers["Cache-Control"]


def test_an_open_is_one_transparent_pixel_that_nobody_keeps(door: Doors) -> None:
    answer = door().get(f"/o/{mint(RING, 'open', 1)}.gif", headers=ANNA)
    assert (answer.status_code, answer.data, answer.mimetype) == (200, PIXEL, "image/gif")
    assert "no-store" in answer.headers["Cache-Control"]


def test_what_the_door_saw_is_written_down_with_its_raw_facts(
    db: Session, door: Doors, home: Path, clock: StandingClock
) -> None:
    mailing = a_mailing(db)
    click(door(), 7, mailing.link_ids[0])
    (hit,) = spooled(home)
    assert hit["kind"] == "click"
    assert (hit["delivery_id"], hit["link_id"]) == (7, mailing.link_ids[0])
    assert (hit["ua"], hit["ip"], hit["method"]) == (CHROME, "198.51.100.7", "GET")
    assert hit["at"] == clock.now.isoformat()
    assert hit["headers"] == {"referer": "https://webmail.example/", "x-forwarded-for": "198.51.100.7"}


def test_a_hit_reaches_the_stream_too(door: Doors, home: Path, redis_client: Redis) -> None:
    door().get(f"/o/{mint(RING, 'open', 3)}.gif", headers=ANNA)
    stream, until = HitStream(redis_client), time.monotonic() + 5
    while not stream.length() and time.monotonic() < until:
        time.sleep(0.005)
    ((_, line),) = stream.read(10)
    assert [json.loads(line)] == spooled(home)


@pytest.mark.parametrize(
    "tail",
    [
        "?url=https://evil.example/",
        "?u=//evil.example&to=https://evil.example&redirect=evil.example",
        "?next=%0d%0aLocation:%20https://evil.example",
    ],
)
def test_nothing_in_the_query_decides_where_a_click_leads(db: Session, door: Doors, tail: str) -> None:
    mailing = a_mailing(db)
    assert click(door(), 1, mailing.link_ids[0], tail).headers["Location"] == LINKS[0]


def test_forged_and_damaged_tokens_lead_nowhere_and_leave_no_trace(
    db: Session, door: Doors, home: Path
) -> None:
    mailing = a_mailing(db)
    good = mint(RING, "click", 1, mailing.link_ids[0])
    stranger = mint(KeyRing((b"the key of somebody else, 32 bytes",)), "click", 1, mailing.link_ids[0])
    other_purpose = mint(RING, "unsubscribe", 1, mailing.link_ids[0])
    client = door()
    for token in (good[:-1], good + "A", good.upper(), stranger, other_purpose, "", "%00", "ö", "../" + good):
        answer = client.get(f"/c/{token}", headers=ANNA)
        assert answer.status_code == 404, token
        assert "Location" not in answer.headers
    assert client.get(f"/o/{good}.gif").status_code == 404
    assert client.get(f"/o/{mint(RING, 'open', 1)}").status_code == 404
    assert spooled(home) == []


def test_a_link_that_never_was_leads_nowhere(db: Session, door: Doors) -> None:
    answer = click(door(), 1, 999_999)
    assert answer.status_code == 404
    assert "<script" not in answer.text


def test_a_look_by_head_is_answered_without_a_body_and_written_down(
    db: Session, door: Doors, home: Path
) -> None:
    mailing = a_mailing(db)
    answer = door().head(f"/c/{mint(RING, 'click', 1, mailing.link_ids[0])}", headers=ANNA)
    assert (answer.status_code, answer.data) == (302, b"")
    assert spooled(home)[0]["method"] == "HEAD"


def test_other_paths_and_methods_go_on_to_the_pages(home: Path) -> None:
    seen: list[tuple[str, str]] = []

    def pages(environ, start_response):  # type: ignore[no-untyped-def]
        seen.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        start_response("204 No Content", [])
        return []

    class Nothing:
        def add(self, line: bytes) -> None: ...
        def append(self, line: bytes) -> None: ...
        def target(self, link_id: int) -> None: ...

    nothing = Nothing()
    client = Client(TrackingDoor(pages, ring=RING, spool=nothing, stream=nothing, links=nothing, now=None))  # type: ignore[arg-type]
    token = mint(RING, "click", 1, 1)
    client.get("/")
    client.get("/overview/")
    client.post(f"/c/{token}")
    client.post("/u/whatever")
    assert seen == [("GET", "/"), ("GET", "/overview/"), ("POST", f"/c/{token}"), ("POST", "/u/whatever")]


def test_redirects_work_with_redis_and_postgres_away_after_a_restart_too(
    db: Session, door: Doors, home: Path, sessions: sessionmaker[Session], clock: StandingClock
) -> None:
    mailing, lead = a_mailing(db), a_lead(db)
    delivery = a_delivery(db, mailing, lead)
    assert click(door(), delivery, mailing.link_ids[0]).status_code == 302
    again = door(redis=NO_REDIS, database=NO_DATABASE)
    for number, target in zip(mailing.link_ids, LINKS, strict=True):
        assert click(again, delivery, number).headers["Location"] == target
        assert again.get(f"/o/{mint(RING, 'open', delivery)}.gif", headers=ANNA).data == PIXEL
        clock.advance(seconds=30)
    # What was clicked meanwhile counts once they are back.
    away = HitStream(quick_client(NO_REDIS))
    assert record(sessions, away, [home / "spool"], now=clock.now) == 7
    assert db.scalar(text("SELECT count(*) FROM signal WHERE kind = 'clicked'")) == 4


def knocks_at(server: socket.socket) -> int:
    """How many have come to this server since it stands there."""
    server.setblocking(False)
    came = 0
    with suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            came += 1
    return came


def test_the_link_that_nobody_sees_leads_to_a_page_that_says_so_with_redis_and_postgres_away_too(
    db: Session, door: Doors, home: Path
) -> None:
    mailing = a_mailing(db)
    number = db.scalar(
        text("INSERT INTO link (mail_version_id, no, url, label) VALUES (:id, 0, :to, '#trap') RETURNING id"),
        {"id": mailing.mail_version_id, "to": TRAP_TARGET},
    )
    db.commit()
    there = f"../unseen/{mint(RING, 'view', 7)}"
    assert click(door(), 7, number or 0).headers["Location"] == there
    again = door(redis=NO_REDIS, database=NO_DATABASE)
    assert click(again, 7, number or 0).headers["Location"] == there
    head = again.head(f"/c/{mint(RING, 'click', 7, number or 0)}", headers=ANNA)
    assert (head.status_code, head.headers["Location"]) == (302, there)
    assert "noindex" in head.headers["X-Robots-Tag"]
    assert [hit["link_id"] for hit in spooled(home)] == [number] * 3


def test_a_mute_redis_and_a_mute_database_do_not_hold_up_a_known_link(
    db: Session, door: Doors, home: Path
) -> None:
    mailing = a_mailing(db)
    click(door(), 1, mailing.link_ids[0])
    listening = [closing(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
    with listening[0] as mute_redis, listening[1] as mute_database:
        redis, database = (one.getsockname()[1] for one in (mute_redis, mute_database))
        silent = door(
            redis=f"redis://127.0.0.1:{redis}",
            database=f"postgresql+psycopg://nobody@127.0.0.1:{database}/none",
        )
        for _ in range(50):
            assert click(silent, 1, mailing.link_ids[0]).status_code == 302
        assert knocks_at(mute_database) < 10  # the door looks for new links by itself; no click does


def test_a_link_nobody_can_look_up_now_asks_for_patience_and_is_written_down(door: Doors, home: Path) -> None:
    client = door(redis=NO_REDIS, database=NO_DATABASE)
    answer = click(client, 1, 5)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert len(spooled(home)) == 1


def test_a_full_disk_does_not_stop_a_reader(db: Session, door: Doors, home: Path) -> None:
    mailing = a_mailing(db)
    client = door()
    (home / "spool").parent.mkdir(parents=True, exist_ok=True)
    (home / "spool").write_text("a file where the folder should be")
    assert click(client, 1, mailing.link_ids[0]).status_code == 302


def test_a_door_that_breaks_inside_still_answers(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Broken:
        def add(self, line: bytes) -> None:
            raise RuntimeError("anna@example.com")

        append = add

        def target(self, link_id: int) -> str:
            raise RuntimeError("anna@example.com")

    broken = Broken()
    client = Client(
        TrackingDoor(
            nowhere,
            ring=RING,
            spool=broken,
            stream=broken,
            links=broken,
            now=StandingClock(None),  # type: ignore[arg-type]
        )
    )
    assert click(client, 1, 1).status_code == 503
    assert "anna" not in capsys.readouterr().out


def test_a_stranger_cannot_lend_himself_an_address(db: Session, door: Doors, home: Path) -> None:
    client = door()
    client.get(f"/o/{mint(RING, 'open', 1)}.gif", headers=ANNA, environ_base={"REMOTE_ADDR": "203.0.113.50"})
    assert spooled(home)[0]["ip"] == "203.0.113.50"


def test_hostile_headers_are_kept_as_harmless_text(door: Doors, home: Path) -> None:
    client = door()
    hostile = "<script>\u00fc" + "x" * 5000
    client.get(f"/o/{mint(RING, 'open', 1)}.gif", headers={"User-Agent": hostile, "Referer": hostile})
    (hit,) = spooled(home)
    assert len(str(hit["ua"])) == 400


def test_the_door_alone_is_alive_and_has_no_pages(door: Doors) -> None:
    client = door()
    assert client.get("/healthz").status_code == 200
    assert client.get("/").status_code == 404


def test_many_threads_at_the_door_lose_no_hit(db: Session, door: Doors, home: Path) -> None:
    mailing = a_mailing(db)
    client = door()

    def visit() -> None:
        for _ in range(50):
            click(client, 1, mailing.link_ids[0])

    threads = [threading.Thread(target=visit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({str(hit["id"]) for hit in spooled(home)}) == 400


def test_a_new_link_is_known_at_its_first_click(db: Session, door: Doors) -> None:
    first = a_mailing(db)
    client = door()
    assert click(client, 1, first.link_ids[0]).status_code == 302
    second = a_mailing(db, key="travel")
    assert click(client, 1, second.link_ids[0]).status_code == 302
