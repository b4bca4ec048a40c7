"""The script on a customer's website: a real browser, another origin, a strict policy."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.wrappers import Request, Response

from nurture.files.site_cache import SiteCache
from nurture.files.spool import Spool, draining
from nurture.rules import visits
from nurture.rules.tokens import KeyRing
from nurture.rules.visits import BY_FORM, Visit, mint_token
from nurture.runtime import real_now
from nurture.web.tracking import TrackingDoor, nowhere
from tests.browser.websites import served

RING = KeyRing((b"a signing key of thirty-two bytes.",))
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def shop(tmp_path: Path, folder: Path) -> Iterator[str]:
    """A website with the line of ours in its head, under a policy that allows nothing inline."""
    sites = SiteCache(tmp_path / "sites.json", lambda: ["localhost"])
    sites.refresh()
    nothing: Any = SimpleNamespace(add=lambda line: None, target=lambda link: None)
    door = TrackingDoor(
        nowhere, ring=RING, spool=Spool(folder), stream=nothing, links=nothing, sites=sites, now=real_now
    )
    with served(door) as ours:
        where = f"http://127.0.0.1:{ours}"

        @Request.application
        def page(request: Request) -> Response:
            words = (
                f'<!doctype html><title>Pumps</title><script async src="{where}/t.js"></script><h1>Pumps</h1>'
            )
            policy = f"default-src 'none'; script-src {where}; connect-src {where}"
            return Response(words, mimetype="text/html", headers={"Content-Security-Policy": policy})

        with served(page) as port:
            yield f"http://localhost:{port}"
    sites.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser that has never been here; whatever it complains about is a fault."""
    context = browser.new_context(user_agent=FIREFOX)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert said == []


@pytest.fixture
def reported(folder: Path) -> Callable[[int], list[Visit]]:
    """What the pages have reported, once it is so many, in its order."""

    def wait_for(count: int) -> list[Visit]:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with draining(folder, 1000) as drained:
                seen = [visits.parse(line) for line in drained.lines] if drained else []
            if len(seen) >= count:
                break
            time.sleep(0.02)
        return seen

    return wait_for


def ready(page: Page) -> None:
    page.wait_for_function("window.nurture && window.nurture.live")


def test_a_visit_is_reported_and_nothing_is_kept_in_the_browser(
    page: Page, shop: str, reported: Callable[[int], list[Visit]]
) -> None:
    page.goto(f"{shop}/pumps?utm_source=mail&secret=1")
    (seen,) = reported(1)
    assert (seen.path, seen.title, seen.visitor) == ("/pumps", "Pumps", None)
    assert "secret" not in seen.url
    assert page.context.cookies() == []


def test_the_sites_own_call_sets_the_cookie_and_takes_it_back(
    page: Page, shop: str, reported: Callable[[int], list[Visit]]
) -> None:
    page.goto(f"{shop}/a")
    ready(page)
    page.evaluate("nurture.push(['consent'])")
    first, told = reported(2)
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["sameSite"]) == ("nurture_v", "Lax")
    assert (first.visitor, told.visitor, told.view) == (None, cookie["value"], first.view)
    page.goto(f"{shop}/b")
    assert reported(3)[-1].visitor == cookie["value"]
    ready(page)
    page.evaluate("nurture.push(['withdraw'])")
    assert page.context.cookies() == []


def test_a_click_from_a_mail_is_told_once_and_leaves_the_address_bar(
    page: Page, shop: str, reported: Callable[[int], list[Visit]]
) -> None:
    token = mint_token(RING, BY_FORM, 12, real_now())
    page.goto(f"{shop}/a?x=1&nv={token}#part")
    (seen,) = reported(1)
    assert seen.submission_id == 12
    ready(page)
    assert page.evaluate("location.pathname + location.search + location.hash") == "/a?x=1#part"


def test_pages_that_change_without_loading_are_visits_too(
    page: Page, shop: str, reported: Callable[[int], list[Visit]]
) -> None:
    page.goto(f"{shop}/a")
    ready(page)
    page.evaluate("history.pushState({}, '', '/b'); nurture.push(['track', 'downloaded', {file: 'x.pdf'}])")
    seen = reported(3)
    assert sorted((one.kind, one.path) for one in seen) == [
        ("downloaded", "/b"),
        ("visited", "/a"),
        ("visited", "/b"),
    ]


def test_routes_behind_the_hash_and_replaced_ones_are_visits_once_each(
    page: Page, shop: str, reported: Callable[[int], list[Visit]]
) -> None:
    page.goto(f"{shop}/app#/start?token=secret")
    ready(page)
    for step in (
        "location.hash = '#/prices?x=1'",
        "location.hash = '#/prices?x=2'",  # the same route
        "location.hash = '#part'",  # a place on the page that stands at /app
        "location.hash = '#other'",
        "history.replaceState({}, '', '/app?q=pu')",  # what is typed
        "history.pushState({}, '', '/done'); history.replaceState({}, '', '/done')",
        "history.replaceState({}, '', '/thanks')",
        "history.back()",
    ):
        page.evaluate(f"new Promise(done => {{ {step}; setTimeout(done, 50); }})")
    seen = reported(6)
    paths = ["/app#/start", "/app#/prices", "/app", "/done", "/thanks", "/app"]
    assert [one.path for one in seen] == paths
    assert "secret" not in "".join(f"{one.url}{one.referrer}" for one in seen)
    assert seen[1].url == f"{shop}/app#/prices"
    assert seen[3].referrer == f"{shop}/app"


@pytest.mark.parametrize(
    "wish",
    [
        "Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})",
        "Object.defineProperty(navigator, 'doNotTrack', {value: '1'})",
    ],
)
def test_a_browser_that_asks_not_to_be_tracked_is_left_alone(
    page: Page, shop: str, folder: Path, wish: str
) -> None:
    page.add_init_script(wish)
    page.goto(f"{shop}/a")
    ready(page)
    page.evaluate("nurture.push(['consent']); nurture.push(['track', 'downloaded'])")
    page.goto(f"{shop}/b")
    ready(page)
    assert page.context.cookies() == []
    with draining(folder, 10) as drained:
        assert drained is not None
        assert drained.lines == []
