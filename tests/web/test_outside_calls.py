"""Client libraries of the Segment specification find what they call: from servers with a key, from browsers
without one."""

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import Client, TestResponse

from nurture.files.site_cache import SiteCache
from nurture.files.spool import Spool, draining
from nurture.flows.keys import create_key
from nurture.flows.take_visits import take_visits
from nurture.rules import visits
from nurture.rules.tokens import KeyRing
from nurture.rules.visits import BY_MAIL, Visit, mint_token
from nurture.runtime import Runtime
from nurture.web.outside_calls import MOST_BYTES
from nurture.web.tracking import TrackingDoor
from nurture.web.visit_reports import MOST_A_MINUTE
from tests.applications import application
from tests.clock import StandingClock

ANNA = "anna@weber.example"
SHOP = "https://www.shop.example"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IDENTIFIED = {"type": "identify", "userId": "u-17", "traits": {"email": ANNA}}
READ = {"type": "track", "userId": "u-17", "event": "File Downloaded", "messageId": "m-1"}
RING = KeyRing((b"a signing key of thirty-two bytes.",))
# What analytics.js sends when somebody looks at a page.
LOOK = {
    "anonymousId": "5d0c0b8e-3b0f-4f0c-9f57-1c1e9e2a7b11",
    "messageId": "ajs-next-1",
    "properties": {"path": "/pumps", "title": "Pumps", "url": f"{SHOP}/pumps", "search": "", "referrer": ""},
    "context": {"page": {"path": "/pumps", "title": "Pumps", "url": f"{SHOP}/pumps"}},
    "writeKey": "shop",
    "integrations": {},
}


@pytest.fixture
def client(runtime: Runtime) -> FlaskClient:
    return application(runtime).test_client()


@pytest.fixture
def key(runtime: Runtime) -> str:
    with runtime.sessions.begin() as session:
        return create_key(session, "shop", "sales", now=runtime.now())


def kinds(db: Session) -> list[str]:
    db.rollback()
    return list(db.scalars(text("SELECT kind FROM signal ORDER BY kind")))


def test_a_packed_batch_with_the_key_as_its_user_is_taken_once(
    client: FlaskClient, key: str, db: Session
) -> None:
    body = gzip.compress(json.dumps({"batch": [IDENTIFIED, READ], "sentAt": "2026-03-03T10:00:00Z"}).encode())
    packed = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    for address in ("/v1/batch", "/v1/batch", "/api/v1/batch"):
        answer = client.post(address, data=body, headers=packed, auth=(key, ""))
        assert (answer.status_code, answer.json["success"]) == (200, True), answer.text
    assert kinds(db) == ["downloaded"]


def test_the_key_may_stand_in_the_body_and_a_call_be_one_letter(
    client: FlaskClient, key: str, db: Session
) -> None:
    for call, said in (("i", IDENTIFIED), ("t", READ)):
        body = json.dumps(said | {"writeKey": key})
        assert client.post(f"/v1/{call}", data=body, content_type="text/plain").status_code == 200
    assert kinds(db) == ["downloaded"]


def test_a_sender_whose_clock_is_wrong_is_believed_how_long_ago_it_was(
    client: FlaskClient, key: str, db: Session, clock: StandingClock
) -> None:
    ahead = clock() + timedelta(days=3)
    read = READ | {"originalTimestamp": (ahead - timedelta(minutes=10)).isoformat()}
    person = {"type": "identify", "userId": "u-17", "context": {"traits": {"email": ANNA}}}
    batch = {"batch": [person, read], "sentAt": ahead.isoformat()}
    assert client.post("/v1/batch", json=batch, auth=(key, "")).json["success"] is True
    db.rollback()
    assert db.scalar(text("SELECT occurred_at FROM signal")) == clock() - timedelta(minutes=10)


@pytest.mark.parametrize("inside", [{}, {"writeKey": "nk_00.wrong"}, {"writeKey": 7}, {"writeKey": "ü\0"}])
def test_nobody_comes_in_without_a_key(client: FlaskClient, inside: dict[str, Any]) -> None:
    assert client.post("/v1/track", json=READ | inside).status_code == 401


def test_what_swells_or_is_not_what_it_says_is_refused(client: FlaskClient, key: str) -> None:
    packed = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    bomb = gzip.compress(b" " * (MOST_BYTES * 20))
    assert client.post("/v1/batch", data=bomb, headers=packed, auth=(key, "")).status_code == 413
    for body in (b"not packed", gzip.compress(b"{}")[:-9]):
        assert client.post("/v1/batch", data=body, headers=packed, auth=(key, "")).status_code == 400
    assert client.post("/v1/nothing", json={}, auth=(key, "")).status_code == 404
    assert client.get("/v1/batch").status_code == 404


Door = Callable[..., TestResponse]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def call(home: Path, client: FlaskClient, clock: StandingClock) -> Door:
    """A page posts to the tracking door, behind which the application stands."""
    sites = SiteCache(home / "sites.json", lambda: ["shop.example"], refresh_seconds=3600)
    sites.refresh()
    nothing: Any = SimpleNamespace(add=lambda line: None, target=lambda link: None)
    door = Client(
        TrackingDoor(
            client.application, ring=RING, spool=Spool(home / "spool"), stream=nothing, links=nothing,
            sites=sites, now=clock,
        )
    )  # fmt: skip

    def post(
        path: str, body: Any = None, origin: str = SHOP, method: str = "POST", **headers: str
    ) -> TestResponse:
        head = {"Origin": origin, "Content-Type": "text/plain", "User-Agent": FIREFOX} | headers
        return door.open(path, method=method, data=json.dumps(body), headers=head)

    return post


def spooled(home: Path) -> list[Visit]:
    with draining(home / "spool", 10_000) as drained:
        assert drained is not None
        return [visits.parse(line) for line in drained.lines]


def test_a_page_that_bears_analytics_js_reports_what_is_looked_at(call: Door, home: Path) -> None:
    answer = call("/v1/p", LOOK)
    assert (answer.status_code, answer.json) == (200, {"success": True})
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    seen = {"type": "track", "event": "Product Viewed", "properties": {"sku": 7}, **LOOK, "messageId": "2"}
    seen["properties"] = {"sku": 7}
    assert call("/v1/b", {"batch": [LOOK | {"type": "page"}, seen]}).status_code == 200
    first, again, product = spooled(home)
    assert (first.kind, first.path, first.visitor) == ("visited", "/pumps", LOOK["anonymousId"])
    assert first.view == again.view, "the same message is the same look"
    assert (product.kind, product.path, product.data["sku"]) == ("viewed_product", "/pumps", 7)


def test_from_a_browser_nobody_is_believed_but_the_word_of_a_click(
    call: Door, home: Path, clock: StandingClock, db: Session
) -> None:
    assert call("/v1/i", {**LOOK, "userId": "u-17", "traits": {"email": ANNA}}).status_code == 200
    assert call("/v1/t", {**LOOK, "event": "Meeting Booked"}).status_code == 200
    assert spooled(home) == [], "neither who it is nor what only we can know"
    token = mint_token(RING, BY_MAIL, 12, clock())
    arrived = f"{SHOP}/pumps?x=1&nv={token}"
    assert call("/v1/p", {**LOOK, "properties": {"url": arrived}}).status_code == 200
    (seen,) = spooled(home)
    assert (seen.delivery_id, seen.url) == (12, f"{SHOP}/pumps")
    take_visits(db, [seen], now=clock())
    assert db.scalar(text("SELECT path FROM visit WHERE visitor_id = :id"), {"id": seen.visitor}) == "/pumps"


def test_another_website_and_whoever_asks_to_be_left_alone_report_nothing(call: Door, home: Path) -> None:
    assert call("/v1/p", LOOK, origin="https://evil.example").status_code == 403
    elsewhere = {"url": "https://evil.example/", "path": "/"}
    assert call("/v1/p", {**LOOK, "properties": elsewhere}).status_code == 403
    assert call("/v1/p", LOOK, **{"Sec-GPC": "1"}).status_code == 200
    for body in ([], {"batch": 7}, {"batch": []}, {"batch": ["x"]}, {"properties": 7}, {"context": [1]}):
        assert call("/v1/b" if "batch" in body else "/v1/p", body).status_code == 400
    assert spooled(home) == []


def test_each_message_of_a_batch_counts_against_a_flood(call: Door, home: Path) -> None:
    batch = {"batch": [LOOK | {"type": "page", "messageId": str(number)} for number in range(100)]}
    answers = [call("/v1/b", batch).status_code for _round in range(MOST_A_MINUTE // 100 + 1)]
    assert answers == [200, 200, 200, 429]
    assert len(spooled(home)) == MOST_A_MINUTE


def test_a_browser_asks_before_it_sends_a_key(call: Door, client: FlaskClient) -> None:
    said = call("/v1/p", method="OPTIONS")
    assert (said.status_code, said.headers["Access-Control-Allow-Origin"]) == (204, SHOP)
    assert "Authorization" in said.headers["Access-Control-Allow-Headers"]
    assert client.options("/v1/p", headers={"Origin": SHOP}).status_code == 404, "no page calls the API"
