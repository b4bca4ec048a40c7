"""A salesperson at phone width: a ripe lead comes, is called, met and won; another goes back to its chain."""

import pytest
from sqlalchemy import text

from tests.browser.conftest import House
from tests.browser.desk import a_full_desk, state_of
from tests.browser.visits import DESK, PHONE, Open, open_page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
__all__ = ["open_page"]


@pytest.fixture(scope="module")
def desk(house: House) -> list[int]:
    """Three leads that nobody has called yet."""
    return a_full_desk(house.runtime)


def stands(house: House, handoff_id: int) -> str:
    with house.runtime.sessions() as session:
        return state_of(session, handoff_id)


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (DESK, "dark"), (PHONE, "light")])
def test_the_inbox_breaks_nowhere(open_page: Open, desk: list[int], size, scheme) -> None:
    visit = open_page(size, scheme, role="sales")
    for path in ("/handoffs?whose=all", "/handoffs?show=waiting", f"/handoffs/{desk[0]}"):
        visit.go(path)
        visit.check(path)
    visit.page.click("text=Meeting…")
    visit.page.wait_for_selector("#pop-meeting:popover-open")
    visit.check("the question for the date")


def test_from_the_first_call_to_the_deal_on_a_phone(open_page: Open, house: House, desk: list[int]) -> None:
    visit = open_page(PHONE, role="sales")
    page, one = visit.page, desk[0]
    visit.go(f"/handoffs/{one}")
    page.click("button:has-text('Called')")
    page.wait_for_selector("text=Recorded.")
    assert stands(house, one) == "contacted"
    page.click("text=Meeting…")
    page.fill("#pop-meeting [name=at]", "2026-03-05T14:00")
    page.click("#pop-meeting button[type=submit]")
    page.wait_for_selector("text=New date…")
    assert stands(house, one) == "meeting"
    page.click("button:has-text('Won')")
    page.fill("#pop-won [name=amount]", "4800")
    page.click("#pop-won button[type=submit]")
    page.wait_for_selector("text=€4,800")
    assert stands(house, one) == "won"
    assert visit.complaints == []


def test_a_rejected_lead_stands_in_its_chain_again(open_page: Open, house: House, desk: list[int]) -> None:
    visit = open_page(PHONE, role="sales")
    page, one = visit.page, desk[1]
    visit.go(f"/handoffs/{one}")
    page.click("text=Reject…")
    page.select_option("#pop-rejected [name=reason]", "not_ready")
    page.click("#pop-rejected button[type=submit]")
    page.wait_for_selector("text=Recorded.")
    assert stands(house, one) == "rejected"
    with house.runtime.sessions() as session:
        stands_in = session.execute(
            text("""
                SELECT p.key, l.stage, count(*) FROM handoff h JOIN lead l ON l.id = h.lead_id
                JOIN enrollment e ON e.lead_id = l.id AND e.state IN ('active', 'resting')
                JOIN program p ON p.id = e.program_id
                WHERE h.id = :id GROUP BY p.key, l.stage
            """),
            {"id": one},
        ).all()
    assert ("consulting", "lead", 1) in stands_in
    # Other walks of this house publish programs of their own, in which the lead stands too, once in each.
    assert {runs for _program, _stage, runs in stands_in} == {1}


def test_an_answer_outlives_a_bad_connection(open_page: Open, house: House, desk: list[int]) -> None:
    visit = open_page(PHONE, role="sales")
    page, one = visit.page, desk[2]
    visit.go(f"/handoffs/{one}")
    page.click("text=Note…")
    page.fill("#pop-note [name=note_only]", "Asks for figures of the third quarter")
    # Typed and not sent: the page is opened anew, and the words are there.
    page.reload()
    page.click("text=Note…")
    assert page.input_value("#pop-note [name=note_only]") == "Asks for figures of the third quarter"
    page.keyboard.press("Escape")
    page.context.set_offline(True)
    page.click("button:has-text('Called')")
    page.wait_for_selector("#unsent:not([hidden])")
    assert "kept on this device" in page.inner_text("#unsent")
    assert stands(house, one) == "released"
    page.context.set_offline(False)
    page.wait_for_selector("text=Recorded.")
    assert stands(house, one) == "contacted"


def test_j_and_k_walk_through_the_list(open_page: Open, desk: list[int]) -> None:
    visit = open_page(DESK, role="sales")
    visit.go("/handoffs?whose=all")
    first = visit.page.get_attribute(".ib[aria-current]", "href")
    visit.page.keyboard.press("j")
    visit.page.wait_for_url(lambda url: "/handoffs/" in url)
    second = visit.page.get_attribute(".ib[aria-current]", "href")
    assert second != first
    visit.page.keyboard.press("k")
    visit.page.wait_for_url(lambda url: first.split("?")[0] in url)
