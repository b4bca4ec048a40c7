"""The door of website tracking answers whatever is away, and takes reports of our websites alone."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from nurture.files.site_cache import SiteCache
from nurture.files.spool import Spool, draining
from nurture.rules.tokens import KeyRing, mint
from nurture.rules.visits import BY_MAIL, read_token
from nurture.web.tracking import TrackingDoor, nowhere
from nurture.web.visit_reports import MOST_A_MINUTE
from tests.clock import StandingClock

RING = KeyRing((b"a signing key of thirty-two bytes.",))
SHOP = "https://www.shop.example"
BODY = {"u": f"{SHOP}/pumps", "t": "Pumps"}


class Nothing:
    """A stream that is away."""

    def add(self, line: bytes) -> None:
        return None


def away() -> list[str]:
    raise ConnectionError("PostgreSQL is away")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def door(home: Path, clock: StandingClock) -> Callable[..., Client]:
    """A door that has just started; `fetch` is where it asks for the sites."""

    def opened(fetch: Callable[[], list[str]] = lambda: ["shop.example"]) -> Client:
        sites = SiteCache(home / "sites.json", fetch, refresh_seconds=3600)
        sites.refresh()
        targets = SimpleNamespace(
            target=lambda link_id: {1: f"{SHOP}/a?x=1#top", 2: "https://other.example/"}[link_id]
        )
        spool = Spool(home / "spool")
        return Client(
            TrackingDoor(
                nowhere, ring=RING, spool=spool, stream=Nothing(), links=targets, sites=sites, now=clock
            )
        )

    return opened


def report(client: Client, body: Any = BODY, origin: str = SHOP, **headers: str) -> TestResponse:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = {"Origin": origin, "Content-Type": "text/plain", "User-Agent": "Firefox"} | headers
    return client.post("/t", data=data, headers=head, environ_base={"REMOTE_ADDR": "198.51.100.7"})


def spooled(home: Path) -> list[dict[str, Any]]:
    with draining(home / "spool", 10_000) as drained:
        assert drained is not None
        return [json.loads(line) for line in drained.lines]


def test_a_report_is_written_down_and_the_page_may_know(door: Callable[..., Client], home: Path) -> None:
    answer = report(door())
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (204, SHOP)
    assert "Set-Cookie" not in answer.headers
    (line,) = spooled(home)
    assert (line["kind"], line["site"], line["title"]) == ("visit", "www.shop.example", "Pumps")


def test_sites_are_known_while_postgresql_is_away_after_a_restart_too(
    door: Callable[..., Client], home: Path
) -> None:
    door()
    assert report(door(away)).status_code == 204
    assert len(spooled(home)) == 1


@pytest.mark.parametrize("origin", ["https://evil.example", "https://shop.example.evil.example", "null", ""])
def test_another_website_cannot_invent_visits(door: Callable[..., Client], home: Path, origin: str) -> None:
    client = door()
    answer = report(client, origin=origin)
    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert report(client, {"u": "https://evil.example/"}).status_code == 403
    assert spooled(home) == []


@pytest.mark.parametrize("header", [{"DNT": "1"}, {"Sec-GPC": "1"}])
def test_who_asks_not_to_be_tracked_leaves_nothing(
    door: Callable[..., Client], home: Path, header: dict[str, str]
) -> None:
    assert report(door(), **header).status_code == 204
    assert spooled(home) == []


def test_one_address_cannot_flood_the_spool(door: Callable[..., Client], home: Path) -> None:
    client = door()
    answers = [report(client).status_code for _ in range(MOST_A_MINUTE + 20)]
    assert 429 in answers
    assert answers.count(204) <= 2 * MOST_A_MINUTE  # a minute may have begun in between
    assert len(spooled(home)) == answers.count(204)


@pytest.mark.parametrize(("body", "status"), [(b"x" * 9000, 413), (b"{}", 400), (b"", 411), (b"\xff", 400)])
def test_what_is_no_report_is_refused(
    door: Callable[..., Client], home: Path, body: bytes, status: int
) -> None:
    assert report(door(), body).status_code == status
    assert spooled(home) == []


def test_a_preflight_is_answered_for_our_sites(door: Callable[..., Client]) -> None:
    client = door()
    answer = client.options("/t", headers={"Origin": SHOP})
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"
    assert client.options("/t", headers={"Origin": "https://evil.example"}).status_code == 403


def test_the_script_is_small_and_kept_for_a_day(door: Callable[..., Client]) -> None:
    client = door()
    answer = client.get("/t.js")
    assert answer.mimetype == "text/javascript"
    assert len(answer.data) < 4096
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    assert b"eval" not in answer.data
    again = client.get("/t.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.post("/t.js").status_code == 405
    assert client.get("/t").status_code == 404


def test_a_click_to_our_website_says_who_comes_for_half_an_hour(
    door: Callable[..., Client], clock: StandingClock
) -> None:
    client = door()
    location = client.get(f"/c/{mint(RING, 'click', 41, 1)}").headers["Location"]
    before, _, rest = location.partition("&nv=")
    token, _, fragment = rest.partition("#")
    assert (before, fragment) == (f"{SHOP}/a?x=1", "top")
    assert read_token(RING, BY_MAIL, token, clock.now) == 41
    assert read_token(RING, BY_MAIL, token, clock.now + timedelta(minutes=31)) is None
    elsewhere = client.get(f"/c/{mint(RING, 'click', 41, 2)}").headers["Location"]
    assert elsewhere == "https://other.example/"
