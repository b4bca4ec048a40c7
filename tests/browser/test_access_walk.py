"""Every page of the table of access in a real browser: a page that is added is walked by itself."""

import pytest

from nurture.app import create_app
from tests.browser.conftest import House
from tests.browser.visits import DESK, PHONE, Open, open_page
from tests.web.attacks.town import Town, is_public, settle_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
__all__ = ["open_page"]
# No pages: files, health, frames that stand inside pages, parts that pages fetch, and what is downloaded.
NO_PAGES = frozenset(
    {
        "static", "files.vendor", "health.alive", "health.ready", "health.metrics", "letters.view",
        "newsletters.preview", "deliveries.mail", "leads.timeline", "imports.progress", "imports.bad_rows",
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def town(house: House) -> Town:
    return settle_in(create_app(house.runtime), house.runtime)


def _pages(town: Town, *, public: bool) -> list[str]:
    """Addresses of whole pages that answer with one: those that lead on, or away, are none."""
    reader = town.visitor() if public else town.client("admin")
    found = []
    for endpoint, address in town.pages():
        if endpoint not in NO_PAGES and is_public(endpoint) is public:
            answer = reader.get(address)
            whole = answer.mimetype == "text/html" and b"<html" in answer.data[:2000]
            if answer.status_code == 200 and whole:
                found.append(address)
    return found


@pytest.mark.parametrize(
    ("size", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk by day", "phone by night"]
)
def test_no_page_of_the_table_breaks_or_bars_anybody(
    open_page: Open, town: Town, size: tuple[int, int], scheme: str
) -> None:
    visit, faults = open_page(size, scheme), []
    pages = _pages(town, public=False)
    assert len(pages) >= 30
    for address in pages:
        visit.complaints.clear()
        visit.go(address)
        try:
            visit.check(address)
        except AssertionError as fault:
            faults.append(f"{address}: {str(fault)[:600]}")
    assert not faults, "\n".join(faults)


def test_no_public_page_does_either(open_page: Open, town: Town) -> None:
    visit = open_page(PHONE, "dark", role=None)
    for address in _pages(town, public=True):
        visit.go(address)
        visit.check(address)
