"""The pages in a real browser: nothing breaks, nothing is fetched from elsewhere, everybody can use them."""

from pathlib import Path

import pytest
from sqlalchemy import text

from nurture.flows import events, guests
from nurture.jobs import long
from nurture.rules.tokens import mint
from nurture.web.admin import imports
from tests.browser.conftest import House
from tests.browser.visits import DESK, PHONE, Open, open_page
from tests.web.pages import SHOWN

__all__ = ["open_page"]

# One worker walks them all: the company is set up once.
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGES = (
    *SHOWN,
    "/leads?q=nobody-of-this-name",
    "/leads/1",
    "/imports/1",
    "/programs/1",
    "/handoffs/1",
    "/deliveries/1",
    "/webhooks/1",
    "/webhooks/new?preset=slack",
    "/webhooks/types",
    "/settings/senders",
    "/settings/domains",
    "/settings/transports",
    "/settings/transports/new?kind=ses",
    "/settings/inbound",
    "/settings/restraint",
)


# At a desk by day and on a phone by night test_access_walk walks them, with all the others.
@pytest.mark.parametrize(
    ("size", "scheme"), [(DESK, "dark"), (PHONE, "light")], ids=["desk by night", "phone by day"]
)
def test_every_page_is_whole_at_a_desk_by_night_and_on_a_phone_by_day(
    open_page: Open, size: tuple[int, int], scheme: str
) -> None:
    visit = open_page(size, scheme)
    for path in PAGES:
        visit.go(path)
        visit.check(path)


def test_the_public_pages_are_whole_without_any_script(open_page: Open, house: House) -> None:
    ring = house.runtime.ring
    tokens = {
        "u": mint(ring, "unsubscribe", 2, 1),
        "p": mint(ring, "preferences", 2, 1),
        "answer": mint(ring, "answer", 1),
    }
    visit = open_page(PHONE, role=None)
    for path in ("/sign-in", *(f"/{name}/{token}" for name, token in tokens.items())):
        visit.go(path)
        visit.check(path)
        assert visit.page.locator("script").count() == 0, path


def test_the_lead_card_shows_its_curve_and_the_same_as_a_table(open_page: Open) -> None:
    visit = open_page()
    visit.go("/leads/1")
    assert visit.page.locator("[data-chart=heat] canvas").count() == 1
    visit.page.get_by_text("Show as table").click()
    table = visit.page.locator("details.as-table tbody tr")
    shown = [float(row.locator("td").nth(3).inner_text().replace(",", "")) for row in table.all()]
    assert sum(shown[:-1]) == pytest.approx(shown[-1], abs=0.05)
    parts = visit.page.locator(".parts li.h .num").all_inner_texts()[:4]
    together = visit.page.locator(".parts li.sum b").first.inner_text()
    assert sum(float(part.split("/")[0]) for part in parts) == pytest.approx(float(together), abs=0.05)


def test_older_lines_of_the_timeline_come_without_leaving_the_page(open_page: Open, house: House) -> None:
    with house.runtime.sessions() as session:
        busiest = text("SELECT lead_id FROM signal GROUP BY lead_id ORDER BY count(*) DESC LIMIT 1")
        lead_id = session.scalar(busiest)
    visit = open_page()
    visit.go(f"/leads/{lead_id}")
    lines = visit.page.locator(".tl > li:not(.day)")
    before = lines.count()
    assert before > 10
    older = visit.page.locator(".tl .older a")
    if older.count():
        older.click()
        visit.page.wait_for_function(
            "n => document.querySelectorAll('.tl > li:not(.day)').length > n", arg=before
        )
    visit.check("/leads/n")


def test_what_machines_did_is_shown_and_not_counted(open_page: Open) -> None:
    visit = open_page()
    visit.go("/leads/1?only=mails")
    machines = visit.page.locator(".tl .mach")
    assert machines.count() > 0
    assert all(line.endswith("Not counted.") for line in machines.locator(".w").all_inner_texts())


def test_the_theme_is_remembered_and_everything_is_reached_by_keyboard(open_page: Open) -> None:
    visit = open_page()
    with visit.page.expect_response("**/account/theme"):
        visit.page.get_by_role("button", name="Light or dark").click()
    visit.go("/leads")
    assert visit.page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    with visit.page.expect_response("**/account/theme"):
        visit.page.get_by_role("button", name="Light or dark").click()
    visit.go("/account")
    visit.page.get_by_text("As the system").click()
    visit.page.locator("form[action$=theme] button").click()
    visit.go("/leads")
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.textContent") == "Skip to content"
    visit.page.locator("#main").click(position={"x": 5, "y": 5})
    visit.page.keyboard.press("/")
    assert visit.page.evaluate("document.activeElement.id") == "find"


def test_stopping_asks_first_and_can_be_thought_better_of(open_page: Open, house: House) -> None:
    visit = open_page()
    visit.go("/")
    visit.page.get_by_role("button", name="Stop all sending").click()
    dialog = visit.page.get_by_role("dialog")
    assert "Mails that are due will wait" in dialog.inner_text()
    visit.check("/")
    visit.page.keyboard.press("Escape")
    assert not dialog.is_visible()
    visit.page.get_by_role("button", name="Stop all sending").click()
    dialog.get_by_role("button", name="Stop all sending").click()
    visit.page.get_by_text("All sending is stopped").wait_for()
    visit.page.get_by_role("button", name="Resume sending").click()
    visit.page.get_by_text("Sending goes on.").wait_for()


def test_on_a_phone_the_stop_lies_clear_of_the_tabs(open_page: Open) -> None:
    visit = open_page(PHONE)
    visit.go("/deliveries")
    visit.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    visit.page.locator(".stop-row button").click()
    assert visit.page.get_by_role("dialog").is_visible()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_file_is_brought_in_tried_and_taken(
    open_page: Open, house: House, size: tuple[int, int], tmp_path: Path
) -> None:
    file = tmp_path / f"partner-{size[0]}.csv"
    rows = [f"guest.{size[0]}.{n}@gast.example,Gast {n},Gast GmbH" for n in range(12)]
    file.write_text("\n".join(["E-mail,Name,Company", *rows, "nobody at all,,"]))
    visit = open_page(size, "dark", role="marketer")
    visit.go("/leads")
    visit.page.get_by_role("link", name="Import").click()
    visit.page.set_input_files("#f-file", file)
    visit.page.get_by_role("button", name="Upload and look").click()
    visit.page.get_by_text("What the columns mean").wait_for()
    visit.check("the draft")
    assert not visit.page.locator("#f-wording").is_visible()
    visit.page.get_by_text("Yes, and we can show it").click()
    visit.page.fill("#f-wording", "Yes, write to me. At the stand, March 2026.")
    visit.page.get_by_text("They do not start").click()
    visit.page.get_by_role("button", name="Try it").click()
    visit.page.get_by_text("Nothing is changed yet.").wait_for()
    visit.check("the trial")
    visit.page.get_by_role("button", name="Import 12 leads").click()
    visit.page.get_by_text("12 new leads from").wait_for()
    visit.check("the result")


def test_a_long_import_shows_its_bar_until_it_is_done(
    open_page: Open, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "AT_ONCE", 10)
    file = tmp_path / "long.csv"
    file.write_text("email\n" + "\n".join(f"long.{n}@gast.example" for n in range(50)))
    visit = open_page(role="marketer")
    visit.go("/imports")
    visit.page.set_input_files("#f-file", file)
    visit.page.get_by_role("button", name="Upload and look").click()
    visit.page.get_by_text("No, or not yet").click()
    visit.page.get_by_text("They do not start").click()
    visit.page.get_by_role("button", name="Import", exact=True).click()
    visit.page.get_by_text("You may leave this page").wait_for()
    visit.check("the bar")
    assert long._one_import(house.runtime) == 1
    visit.page.get_by_text("50 new leads from").wait_for()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_many_leads_are_changed_at_once_and_changed_back(open_page: Open, size: tuple[int, int]) -> None:
    visit = open_page(size, role="marketer")
    visit.go("/leads?tag=machinery")
    visit.page.get_by_label("This page").check()
    visit.page.get_by_label("What to do with them").select_option("tag")
    visit.page.locator("input.for-tag").fill("walked")
    visit.page.get_by_role("button", name="Apply").click()
    visit.page.get_by_text("12 leads are changed.").wait_for()
    visit.check("/leads changed")
    visit.page.get_by_role("button", name="Undo").click()
    visit.page.get_by_text("Undone: 12 leads are as before.").wait_for()


def test_a_call_is_noted_on_the_phone(open_page: Open) -> None:
    visit = open_page(PHONE, "dark", role="sales")
    visit.go("/leads/4")
    visit.page.get_by_text("Note a touch").click()
    visit.page.get_by_text("Call", exact=True).last.click()
    visit.page.fill("#f-note", "Wants a date in May.")
    visit.check("/leads/4 touch")
    visit.page.context.set_offline(True)
    visit.page.get_by_role("button", name="Note it").click()
    visit.page.get_by_text("You are offline. Nothing was sent").wait_for()
    visit.check("/leads/4 touch, offline")
    assert visit.page.input_value("#f-note") == "Wants a date in May."
    visit.page.context.set_offline(False)
    visit.page.get_by_role("button", name="Note it").click()
    visit.page.get_by_text("Wants a date in May.").wait_for()


def test_two_phones_at_the_door_see_each_others_guests(open_page: Open, house: House) -> None:
    now = house.runtime.now()
    with house.runtime.sessions.begin() as session:
        plan = {"name": "Breakfast", "starts_at": now, "timezone": "Europe/Berlin"}
        event = events.create(session, plan, by="user:1", now=now).id
        guests.register(session, event, [2, 3], by="user:1", now=now)
    first, second = open_page(PHONE, role="sales"), open_page(PHONE, role="sales")
    for visit in (first, second):
        visit.go(f"/events/{event}/check-in")
    tap = first.page.get_by_role("button", name="Is there").first
    first.page.route("**/check-in/*", lambda route: route.abort())
    tap.click()
    first.page.get_by_text("One tap is kept on this phone.").wait_for()
    first.page.unroute("**/check-in/*")
    first.page.get_by_role("button", name="Send now").click()
    for visit in (first, second):
        visit.page.get_by_text("1 of 2 are there").wait_for()


def test_a_program_says_what_it_asks_in_words(open_page: Open) -> None:
    visit = open_page()
    visit.go("/programs/1")
    words = visit.page.locator(".board").inner_text()
    assert "Sent a form within 1 day or subscribed within 1 day" in words
    assert "form_submitted" not in words
    assert "in 7 days" in visit.page.locator(".flow").first.inner_text()


def test_a_mail_in_its_frame_can_neither_run_nor_lead_away(open_page: Open) -> None:
    visit = open_page()
    visit.go("/deliveries/1")
    frame = visit.page.frame_locator("iframe.mail-frame")
    assert "Hello" in frame.locator("body").inner_text()
    assert frame.locator("img[src*='/o/']").count() == 0
    visit.check("/deliveries/1")
