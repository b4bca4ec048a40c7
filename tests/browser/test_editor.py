"""The editor in a real browser: a chain with a branch built by mouse and by keyboard, and edited live."""

import pytest
from playwright.sync_api import Locator
from sqlalchemy import text

from nurture.flows import drafts
from nurture.flows.simulate.running import carry_out
from tests.browser.conftest import House
from tests.browser.visits import DESK, PHONE, Open, Visit, open_page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
__all__ = ["open_page"]


def begin(visit: Visit, key: str) -> str:
    """A new program; where its editor is."""
    visit.go("/programs/new")
    visit.page.fill("#f-name", key.title())
    visit.page.fill("#f-key", key)
    visit.page.get_by_role("button", name="Create").click()
    visit.page.wait_for_url("**/edit")
    return visit.page.url.removeprefix(visit.home)


def program(house: House, key: str):
    with house.runtime.sessions() as session:
        number = session.execute(text("SELECT id FROM program WHERE key = :key"), {"key": key}).scalar_one()
        return drafts.drafted(session, number)


def kinds(house: House, key: str) -> list[str]:
    return [type(step).__name__ for step in program(house, key).program.chains["cold"].steps]


def saved(visit: Visit, act) -> None:
    """Do something and wait until it is kept and the page shows it."""
    before = visit.page.locator("#editor").get_attribute("data-revision")
    act()
    newer = "before => document.getElementById('editor').dataset.revision !== before"
    visit.page.wait_for_function(newer, arg=before)


def publish(visit: Visit) -> None:
    visit.page.get_by_role("link", name="Review and publish").click()
    visit.page.get_by_role("button", name="Publish", exact=True).click()
    visit.page.get_by_text("Live.").first.wait_for()


def drag(visit: Visit, what: Locator, onto: str) -> None:
    """Take something by the mouse and let it fall into a gap of the canvas."""
    gap = visit.page.locator(f"[data-gap='{onto}'] .cv-drop")
    start, end = what.bounding_box(), gap.bounding_box()
    assert start is not None and end is not None
    mouse = visit.page.mouse
    mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    mouse.down()
    mouse.move(end["x"] + end["width"] / 2, end["y"], steps=4)
    mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=2)
    mouse.up()


def test_a_chain_with_a_branch_is_built_by_mouse_published_edited_planned_and_simulated(
    open_page: Open, house: House
) -> None:
    visit = open_page(role="marketer")
    begin(visit, "by-mouse")
    page = visit.page
    page.get_by_role("link", name="Canvas").click()
    page.locator("[data-gap='|welcome']").wait_for()
    before = program(house, "by-mouse")
    kind = {name: page.locator(f"[data-kind={name}]") for name in ("wait", "branch", "send")}
    saved(visit, lambda: drag(visit, kind["wait"], "|welcome"))
    assert before.program.chains["cold"].steps == program(house, "by-mouse").program.chains["cold"].steps[:1]
    saved(visit, lambda: page.fill("[name='f.wait']", "4d"))
    page.locator("[data-node=wait-1]", has_text="4 days").wait_for()
    saved(visit, lambda: kind["branch"].click())
    page.locator("[data-gap='branch-1/branch.1|']").click()
    saved(visit, lambda: page.get_by_role("button", name="End Ends the chain").click())
    saved(visit, lambda: drag(visit, kind["send"], "branch-1/branch.0|"))
    saved(visit, lambda: page.fill("#f-subject", "For those who are warm"))
    visit.check("the canvas")
    assert kinds(house, "by-mouse") == ["Send", "Wait", "Branch"]
    saved(visit, lambda: drag(visit, page.locator("[data-node=wait-1] .cv-card"), "branch-1/branch.0|"))
    assert kinds(house, "by-mouse") == ["Send", "Branch"]
    page.locator("[data-node=wait-1]").focus()
    saved(visit, lambda: page.keyboard.press("Control+z"))
    assert kinds(house, "by-mouse") == ["Send", "Wait", "Branch"]
    assert program(house, "by-mouse").faults == []
    publish(visit)
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_role("link", name="Canvas").click()
    page.locator("[data-node=wait-1]").focus()
    saved(visit, lambda: page.keyboard.press("Delete"))
    page.get_by_role("link", name="Review and publish").click()
    page.get_by_text("1 step removed.").wait_for()
    visit.check("the plan")
    simulate(visit, house)


def simulate(visit: Visit, house: House) -> None:
    """Play the draft through, before anybody gets it."""
    visit.page.get_by_role("link", name="Simulate it first").click()
    visit.page.fill("[name=leads]", "40")
    visit.page.get_by_role("button", name="Simulate").click()
    visit.page.wait_for_url("**/simulations/*")
    runtime = house.runtime
    assert carry_out(runtime.sessions, runtime.pepper, now=runtime.now(), processes=1) == 1
    visit.page.get_by_role("heading", name="One lead’s way").wait_for()
    visit.check("the simulation")


def test_a_chain_with_a_branch_is_built_by_keyboard_alone(open_page: Open, house: House) -> None:
    visit = open_page(role="marketer")
    begin(visit, "by-keyboard")
    keys = visit.page.keyboard
    visit.page.locator("[data-row='welcome']").focus()
    keys.press("a")
    visit.page.get_by_role("heading", name="Add a step").wait_for()
    for _step in range(4):
        keys.press("Tab")
    saved(visit, lambda: keys.press("Enter"))
    visit.page.get_by_role("heading", name="Branch").wait_for()
    assert kinds(house, "by-keyboard") == ["Send", "Branch"]
    visit.page.locator("[data-row='branch-1']").focus()
    saved(visit, lambda: keys.press("Alt+ArrowUp"))
    assert kinds(house, "by-keyboard") == ["Branch", "Send"]
    assert visit.page.evaluate("document.activeElement.dataset.row") == "branch-1"
    saved(visit, lambda: keys.press("Control+z"))
    assert kinds(house, "by-keyboard") == ["Send", "Branch"]
    visit.page.locator("#ed-undo [value=redo]:enabled").wait_for()
    saved(visit, lambda: keys.press("Control+Shift+z"))
    assert kinds(house, "by-keyboard") == ["Branch", "Send"]
    visit.page.locator("[data-row='welcome']").focus()
    keys.press("ArrowUp")
    assert visit.page.evaluate("document.activeElement.dataset.row") == "branch-1"
    saved(visit, lambda: keys.press("Delete"))
    assert kinds(house, "by-keyboard") == ["Send"]
    visit.check("the editor")


def test_two_people_do_not_overwrite_each_other(open_page: Open, house: House) -> None:
    first, second = open_page(role="marketer"), open_page(role="admin")
    address = begin(first, "by-two")
    second.go(f"{address}?chain=cold&step=welcome")
    saved(first, lambda: add_wait(first))
    second.page.fill("#f-subject", "Typed too late")
    second.page.get_by_text("has changed this draft since you opened it", exact=False).wait_for()
    assert second.page.locator("#f-subject").input_value() == "Typed too late"
    assert kinds(house, "by-two") == ["Send", "Wait"]
    assert program(house, "by-two").mails["welcome"].subject == "Welcome"


def add_wait(visit: Visit) -> None:
    visit.page.get_by_label("Add a step below welcome").click()
    visit.page.get_by_role("button", name="Wait Days and weeks").click()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_editor_is_whole_at_a_desk_and_on_a_phone_by_day_and_by_night(
    open_page: Open, size: tuple[int, int], scheme: str
) -> None:
    visit = open_page(size, scheme)
    for path in (
        "/edit", "/edit?chain=warm&step=ask-feedback", "/edit?chain=cold&step=welcome",
        "/edit/canvas?chain=warm&step=ask-feedback",
        "/edit/mails", "/edit/mails/welcome", "/edit/settings", "/edit/yaml", "/plan", "/versions",
    ):  # fmt: skip
        visit.go(f"/programs/1{path}")
        visit.check(path)
