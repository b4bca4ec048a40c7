"""What every answer carries, whoever asks and whatever comes of it: headers, a strict policy, cookies."""

import re

import pytest
from werkzeug.test import Client, TestResponse

from nurture.app import create_app
from nurture.buffers.stream import HitStream, StreamFeed, quick_client
from nurture.config import load_settings
from nurture.files.link_cache import LinkCache
from nurture.files.spool import Spool
from nurture.flows.links import link_source
from nurture.rules.tokens import mint
from nurture.runtime import build
from nurture.web.tracking import TrackingDoor, nowhere
from tests.web.attacks.town import Town, is_public
from tests.web.conftest import token_of

pytestmark = pytest.mark.xdist_group("attacks")


def policy(answer: TestResponse) -> dict[str, str]:
    parts = answer.headers["Content-Security-Policy"].split(";")
    return {name: words for name, _space, words in (part.strip().partition(" ") for part in parts)}


def strict(answer: TestResponse, where: str) -> None:
    assert answer.headers["X-Content-Type-Options"] == "nosniff", where
    assert answer.headers["Referrer-Policy"] == "no-referrer", where
    said = policy(answer)
    assert said.get("default-src") == "'none'", where
    assert "frame-ancestors" in said or answer.mimetype in ("image/gif", "text/plain"), where
    if "sandbox" in said:
        # A mail in its frame: styles of its own, and nothing that runs or sends.
        assert "allow-scripts" not in said["sandbox"] and "allow-same-origin" not in said["sandbox"], where
        return
    assert not any("unsafe" in words or "*" in words for words in said.values()), where
    assert not any("http:" in words or "https:" in words for words in said.values()), where


def test_every_answer_is_strict(town: Town) -> None:
    client, visitor = town.client("admin"), town.visitor()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        for _endpoint, address in town.addresses("GET"):
            for reader in (client, visitor):
                strict(reader.open(address, method=method), f"{method} {address}")
    strict(client.get("/nowhere"), "404")
    strict(
        client.post("/sign-in", data=b"x" * 3_000_000, content_type="application/x-www-form-urlencoded"),
        "413",
    )


def test_pages_are_kept_by_no_cache(town: Town) -> None:
    client = town.client("admin")
    for endpoint, address in town.pages():
        answer = client.get(address)
        if answer.mimetype == "text/html":
            assert "no-store" in answer.headers.get("Cache-Control", ""), endpoint


def test_the_tracking_door_is_strict_too(town: Town) -> None:
    runtime = town.runtime
    links = LinkCache(runtime.settings.home / "links.jsonl", link_source(runtime.sessions))
    door = TrackingDoor(
        nowhere,
        ring=runtime.ring,
        spool=Spool(runtime.settings.home / "spool"),
        stream=StreamFeed(HitStream(quick_client(runtime.addresses.redis_url))),
        links=links,
        now=runtime.now,
    )
    delivery_id = town.value("SELECT min(id) FROM delivery")
    link_id = town.value("SELECT min(id) FROM link")
    visitor = Client(door)
    for path in (
        f"/o/{mint(runtime.ring, 'open', delivery_id)}.gif",
        f"/c/{mint(runtime.ring, 'click', delivery_id, link_id)}",
        "/o/none.gif",
        "/c/none",
        "/elsewhere",
    ):
        strict(visitor.get(path), path)
    links.close()


def test_cookies_are_out_of_reach_and_under_https_insist_on_it(town: Town) -> None:
    for base, secure in (("http://localhost", False), ("https://nurture.example", True)):
        settings = load_settings(
            {
                "NURTURE_HOME": str(town.runtime.settings.home),
                "NURTURE_DATABASE_URL": town.runtime.addresses.database_url,
                "NURTURE_REDIS_URL": town.runtime.addresses.redis_url,
                "NURTURE_BASE_URL": base,
            }
        )
        runtime = build(settings, town.runtime.addresses, clock=town.runtime.clock)
        visitor = create_app(runtime).test_client()
        for endpoint, address in town.pages():
            answer = visitor.get(address, base_url=base)
            for cookie in answer.headers.getlist("Set-Cookie"):
                assert "HttpOnly" in cookie and "SameSite=" in cookie, endpoint
                assert ("Secure" in cookie) is secure, endpoint
            assert ("Strict-Transport-Security" in answer.headers) is secure, endpoint
        runtime.close()


def test_a_session_planted_before_signing_in_is_worth_nothing_after(town: Town) -> None:
    thief = town.visitor()
    csrf = token_of(thief.get("/sign-in").text)
    planted = thief.get_cookie("nurture").value
    victim = town.visitor()
    victim.set_cookie("nurture", planted)
    form = {"email": "viewer@kessler-ohm.example", "password": "nine months of stock", "csrf_token": csrf}
    assert victim.post("/sign-in", data=form).status_code == 302
    assert victim.get_cookie("nurture").value != planted
    assert thief.get("/leads").status_code == 302


def test_a_session_that_was_tampered_with_is_nobodys(town: Town) -> None:
    client = town.client("viewer")
    payload, stamp, mac = client.get_cookie("nurture").value.rsplit(".", 2)
    for forged in (
        f"{payload}.{stamp}.{mac[:-2]}AA",
        f"e30.{stamp}.{mac}",
        f"{payload}.{stamp}.",
        "null",
        "..",
        "x" * 4000,
    ):
        stranger = town.visitor()
        stranger.set_cookie("nurture", forged)
        assert stranger.get("/leads").status_code == 302, forged[:60]


def test_nothing_secret_stands_in_the_cookie(town: Town) -> None:
    client = town.client("admin")
    client.get("/settings/keys")
    with client.session_transaction() as session:
        kept = str(dict(session))
    assert "@" not in kept and not re.search(r"password|secret|nk_", kept)


def test_a_page_in_a_frame_elsewhere_is_refused(town: Town) -> None:
    client = town.client("admin")
    for endpoint, address in town.pages():
        answer = client.get(address)
        if answer.mimetype == "text/html":
            allowed = policy(answer)["frame-ancestors"]
            assert allowed in ("'none'", "'self'"), endpoint
            assert allowed == "'none'" or "sandbox" in policy(answer), endpoint


def test_public_addresses_are_a_list_that_is_looked_at(town: Town) -> None:
    """A page that opens to everybody opens on purpose: whoever adds one, adds it here too."""
    public = {endpoint.partition(".")[0] for endpoint, _address in town.pages() if is_public(endpoint)}
    assert public <= {
        "static", "files", "health", "sessions", "entering", "setup", "letters", "inbound", "leaving",
        "choosing", "answers", "feedback", "archive", "language", "public_forms", "confirming",
    }  # fmt: skip
