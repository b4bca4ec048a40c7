"""The builder of segments in a real browser: built by hand, read as a sentence, counted while it is built."""

import pytest

from nurture.files.conditions import read
from nurture.files.conditions import write as text
from nurture.flows import membership
from tests.browser.conftest import House
from tests.browser.visits import DESK, PHONE, Open, open_page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
__all__ = ["open_page"]

RICH = {
    "all": [
        {"temperature": ["warm", "hot"]},
        {"signal": "clicked", "at_least": 2, "within": "30d"},
        {
            "any": [
                {"field": "company.size", "gte": 50}, {"tag": "fair"},
                {"field": "country", "in": ["DE", "AT"]},
            ]
        },
        {"not": {"signal": "unsubscribed"}},
        {"not": {"all": [{"consent": "marketing"}, {"bant": "need", "in": ["partly", "yes"]}]}},
        {"touches": {"gte": 1}},
        {"field": "fields.interest", "exists": False},
        {"field": "city", "in": ["Köln", "NO", "a: b", "true", "1e5", "#x", "007"]},
        {"bant": "all"},
    ]
}  # fmt: skip


def written(visit):
    return read(visit.page.locator("textarea[name=condition]").input_value())


def write(visit, condition):
    visit.page.locator("details > summary").click()
    area = visit.page.locator("textarea[name=condition]")
    with visit.page.expect_response("**/segments/text"):
        area.fill(text(condition))


def test_a_segment_is_built_by_keyboard_and_its_size_is_told_at_once(open_page: Open, house: House) -> None:
    visit = open_page()
    visit.go("/segments/new")
    visit.page.locator("#seg-size b").wait_for()
    visit.page.get_by_role("button", name="Add a condition").first.focus()
    visit.page.keyboard.press("Enter")
    subject = visit.page.get_by_label("What", exact=True).nth(1)
    assert subject.evaluate("one => one === document.activeElement")
    subject.select_option("signal")
    kind = visit.page.get_by_label("What", exact=True).nth(2)
    mail = visit.page.get_by_label("of the mail")
    kind.select_option("sales_rejected")
    assert not mail.is_visible()
    kind.select_option("clicked")
    assert mail.is_visible()
    visit.page.get_by_label("times").fill("2")
    visit.page.get_by_text("clicked at least 2 times within 30 days").wait_for()
    assert written(visit) == {
        "all": [{"temperature": "warm"}, {"signal": "clicked", "within": "30d", "at_least": 2}]
    }
    visit.page.fill("#f-name", "Warm and curious")
    visit.page.get_by_role("button", name="Save", exact=True).click()
    visit.page.get_by_text("Its members are being told", exact=False).first.wait_for()
    while membership.update_dirty(house.runtime.sessions, now=house.runtime.now()):
        pass
    visit.go("/segments")
    visit.page.get_by_role("link", name="Warm and curious").click()
    visit.page.get_by_role("heading", name="Members").wait_for()
    visit.check("/segments/1")


def test_what_is_written_as_text_is_shown_as_rows_and_stays_the_same(open_page: Open) -> None:
    visit = open_page()
    visit.go("/segments/new")
    write(visit, RICH)
    touches = visit.page.get_by_label("Value", exact=True).last
    assert touches.count() == 1
    visit.page.get_by_role("button", name="Add a condition").last.click()
    visit.page.get_by_role("button", name="Remove").last.click()
    assert written(visit) == RICH
    assert visit.page.locator("textarea[name=condition]").input_value() == text(RICH)
    visit.check("/segments/new")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_builder_is_whole_at_a_desk_and_on_a_phone_by_day_and_by_night(
    open_page: Open, size: tuple[int, int], scheme: str
) -> None:
    visit = open_page(size, scheme)
    for path in ("/segments", "/segments/new"):
        visit.go(path)
        if path.endswith("new"):
            write(visit, RICH)
            visit.page.locator("#seg-size b").wait_for()
            visit.page.wait_for_load_state("networkidle")
        visit.check(path)
