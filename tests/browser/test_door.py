"""The door of an event on a phone whose network goes and comes back."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import text

from nurture.flows.events import create
from nurture.flows.guests import register
from nurture.flows.leads import save_lead
from nurture.flows.users import create_user
from nurture.runtime import Runtime
from tests.applications import application
from tests.browser.company import PASSWORD
from tests.browser.websites import served
from tests.conftest import TUESDAY

PHONE = {"width": 390, "height": 844}
EMAIL = "sales@kessler-ohm.example"


@pytest.fixture
def door(browser: Browser, runtime: Runtime) -> Iterator[Page]:
    """The check-in page of a seminar with two guests, opened by a salesperson."""
    with runtime.sessions.begin() as session:
        create_user(session, EMAIL, "sales", PASSWORD, name="Jonas Reuter", now=TUESDAY)
        said = {"name": "Seminar", "starts_at": TUESDAY, "timezone": "Europe/Berlin"}
        event = create(session, said, by="test", now=TUESDAY)
        for name in ("Anna", "Ben"):
            about = {"email": f"{name}@weber.example", "first_name": name}
            lead = save_lead(session, about, now=TUESDAY, by="test", pepper=b"p", base_url="http://localhost")
            register(session, event.id, [lead.id], by="test", now=TUESDAY, source="page")
    with served(application(runtime)) as port:
        context = browser.new_context(viewport=PHONE)
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/sign-in")
        page.fill("#email", EMAIL)
        page.fill("#password", PASSWORD)
        page.click("button.save")
        page.goto(f"http://127.0.0.1:{port}/events/{event.id}/check-in")
        page.wait_for_load_state("networkidle")
        yield page
        context.close()


def test_taps_without_network_are_kept_and_sent_when_it_is_back(door: Page, runtime: Runtime) -> None:
    door.context.set_offline(True)
    door.fill(".door-find", "anna")
    assert door.locator("#door li:visible").count() == 1
    door.get_by_role("button", name="Is there").click()
    door.get_by_text("One tap is kept on this phone").wait_for()
    assert door.get_by_role("button", name="Undo").is_visible()
    assert attended(runtime) == []
    door.context.set_offline(False)
    door.locator("#unsent").wait_for(state="hidden")
    assert attended(runtime) == ["Anna"]


def attended(runtime: Runtime) -> list[str]:
    sql = "SELECT l.first_name FROM event_guest g JOIN lead l ON l.id = g.lead_id WHERE g.state = 'attended'"
    with runtime.sessions() as session:
        return list(session.scalars(text(sql)))
