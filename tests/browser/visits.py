"""A page of a browser, and what goes wrong on it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request

from nurture.web.parts import VENDOR
from tests.browser.company import PASSWORD
from tests.browser.conftest import House

DESK, PHONE = (1440, 900), (390, 844)

# By then scripts of the page have begun what they fetch when it opens.
_TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"

_FETCHES_SECONDS = 15

# Pages for leads follow the system by their styles alone, the others by a word at their root.
_WEARS = "scheme => [scheme, undefined].includes(document.documentElement.dataset.bsTheme)"


@dataclass
class Visit:
    """A page of a browser, and what went wrong on it."""

    page: Page
    home: str
    complaints: list[str] = field(default_factory=list)
    under_way: set[Request] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("console", lambda said: _note(self, said.type, said.text))
        self.page.on("pageerror", lambda fault: self.complaints.append(str(fault)))
        self.page.on("request", self._asked)
        self.page.on("requestfinished", lambda request: self.under_way.discard(request))
        self.page.on("requestfailed", lambda request: self.under_way.discard(request))

    def go(self, path: str) -> None:
        """Open the page, with everything that it fetches by itself."""
        self.under_way.clear()
        answer = self.page.goto(self.home + path)
        assert answer is not None and answer.status == 200, f"{path}: {answer and answer.status}"
        self.page.evaluate(_TWO_FRAMES)
        until = time.monotonic() + _FETCHES_SECONDS
        while self.under_way:
            assert time.monotonic() < until, f"{path} waits for {[one.url for one in self.under_way]}"
            self.page.wait_for_timeout(20)
            self.page.evaluate(_TWO_FRAMES)

    def _asked(self, request: Request) -> None:
        if not request.is_navigation_request():  # frames are opened when the page is
            self.under_way.add(request)
        _note_foreign(self, request.url)

    def check(self, path: str) -> None:
        """No complaint so far, nothing wider than the screen, no serious barrier."""
        assert self.complaints == [], path
        beyond = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert beyond <= 0, f"{path} scrolls sideways by {beyond} px"
        assert _barriers(self.page) == [], path

    def check_day_and_night(self, path: str) -> None:
        """The same in light colours and in dark ones: what was not chosen follows the system at once."""
        for scheme in ("dark", "light"):
            self.page.emulate_media(color_scheme=scheme)
            self.page.wait_for_function(_WEARS, arg=scheme)
            self.page.evaluate(_TWO_FRAMES)
            self.check(f"{path}, {scheme}")


Open = Callable[..., Visit]


@pytest.fixture
def open_page(browser: Browser, house: House) -> Iterator[Open]:
    contexts = []

    def begin(size: tuple[int, int] = DESK, scheme: str = "light", role: str | None = "admin") -> Visit:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        visit = Visit(context.new_page(), house.url)
        if role:
            visit.go("/sign-in")
            visit.page.fill("#email", f"{role}@kessler-ohm.example")
            visit.page.fill("#password", PASSWORD)
            visit.page.click("button.save")
            visit.page.wait_for_url(house.url + "/")
        return visit

    yield begin
    for context in contexts:
        context.close()


def _note(visit: Visit, kind: str, words: str) -> None:
    if kind in ("error", "warning"):
        visit.complaints.append(f"{urlsplit(visit.page.url).path}: {words}")


def _note_foreign(visit: Visit, url: str) -> None:
    if not url.startswith((visit.home, "data:", "blob:")):
        visit.complaints.append(f"fetched from elsewhere: {url}")


def _barriers(page: Page) -> list[str]:
    """What axe-core calls serious or critical. It is put in by the test, past the page's own policy."""
    axe = next(VENDOR.glob("axe/*/axe.min.js")).read_text()
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], iframes: false})")
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']][:3]} {one['nodes'][0]['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
