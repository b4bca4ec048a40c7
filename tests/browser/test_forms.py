"""A form from a marketer's first click to the first mail of the chain, and on somebody else's website."""

import re

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import text
from werkzeug.wrappers import Request, Response

from tests.browser.conftest import House
from tests.browser.visits import DESK, PHONE, Open, open_page  # noqa: F401
from tests.browser.websites import served

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
INGA, OLE = "inga.holm@nordvik.example", "ole.holm@nordvik.example"


def value(house: House, query: str, **given: object) -> object:
    with house.runtime.sessions() as session:
        return session.scalar(text(query), given)


def build(page: Page) -> None:
    # Another walk through the same house may have built one before.
    page.get_by_role("link", name=re.compile("Build the first|New form")).first.click()
    page.fill("[name=name]", "Shelf check")
    page.fill("[name=key]", "shelf-check")
    page.fill("[name=title]", "What does your stock cost you?")
    page.select_option("[name=new_field]", "company")
    page.get_by_role("button", name="Ask for it").click()
    page.get_by_label("Move up: Company").click()
    look = page.locator("[data-looks]")
    look.get_by_text("What does your stock cost you?").wait_for()
    look.get_by_text("Company (optional)").wait_for()


def test_from_the_list_of_forms_to_the_first_mail_of_the_chain(
    open_page: Open,  # noqa: F811
    house: House,
) -> None:
    desk = open_page(DESK, "light", "marketer")
    desk.go("/forms")
    desk.check("the list of forms")
    build(desk.page)
    desk.check("the editor of a form")
    desk.page.get_by_role("button", name="Make the form").click()
    desk.page.get_by_text("Nobody has sent it yet.").wait_for()
    desk.check("a form that waits")

    phone = open_page(PHONE, "dark", None)
    phone.go("/f/shelf-check?utm_campaign=spring")
    phone.check("the form")
    phone.page.fill("[name=email]", INGA)
    phone.page.fill("[name=first_name]", "Inga")
    phone.page.locator(".tick").click()
    phone.page.wait_for_timeout(2_100)  # quicker than a person counts as a program
    phone.page.get_by_role("button", name="Send").click()
    phone.page.get_by_text("One more step").wait_for()
    phone.check("the thanks")

    house.world.work()
    [asked] = house.world.letters_to(INGA)
    link = re.findall(r'href="([^"]+/confirm/[^"]+)"', asked.mail.part("html"))[0]
    phone.page.goto(link)
    phone.check("the button")
    phone.page.get_by_role("button", name="Yes, that was me").click()
    phone.page.get_by_text("it is confirmed").wait_for()
    house.world.work()
    # Other walks through the same house may have published programs that let her in as well.
    sent = """
        SELECT count(*) FROM delivery d JOIN program p ON p.id = d.program_id JOIN lead l ON l.id = d.lead_id
        WHERE l.email_norm = :e AND p.key = 'consulting' AND d.state = 'sent'
    """
    assert value(house, sent, e=INGA) == 1, "the first mail of the chain"
    assert len(house.world.letters_to(INGA)) >= 2

    desk.page.reload()
    desk.page.get_by_role("link", name="Inga").click()
    desk.page.get_by_text("form shelf-check, version 1").wait_for()
    assert desk.page.locator(".tl").get_by_text("Sent a form").count() >= 1
    inside = """
        SELECT count(*) FROM enrollment e
        JOIN program p ON p.id = e.program_id JOIN lead l ON l.id = e.lead_id
        WHERE l.email_norm = :e AND p.key = 'consulting' AND e.state <> 'ended'
    """
    assert value(house, inside, e=INGA) == 1
    desk.check("the card of who came by a form")
    for size in (DESK, PHONE):
        visit = open_page(size, "dark", "viewer")
        for path in ("/forms", f"/forms/{value(house, 'SELECT id FROM form')}"):
            visit.go(path)
            visit.check(path)


def test_a_strict_website_shows_it_by_one_line_and_its_visitors_stay_there(
    browser: Browser, house: House
) -> None:
    said = []

    @Request.application
    def shop(request: Request) -> Response:
        line = f'<script async src="{house.url}/f/{key}.js"></script>'
        words = f"<!doctype html><title>Pumps</title><h1>Pumps</h1>{line}"
        policy = f"default-src 'none'; script-src {house.url}; connect-src {house.url}"
        return Response(words, mimetype="text/html", headers={"Content-Security-Policy": policy})

    key = value(house, "SELECT key FROM form")
    with served(shop) as port:
        context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]})
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.goto(f"http://localhost:{port}/pumps?utm_campaign=spring&secret=1")
        form = page.locator("form.nurture-form")
        form.get_by_label("E-mail address").fill(OLE)
        form.get_by_role("checkbox").check()
        assert form.evaluate("one => getComputedStyle(one).display") == "grid"
        page.wait_for_timeout(2_100)
        form.get_by_role("button").click()
        page.get_by_text("One more step").wait_for()
        assert page.url.startswith(f"http://localhost:{port}/")
        context.close()
    assert said == []
    came_by = value(house, "SELECT came_by FROM form_submission ORDER BY id DESC LIMIT 1")
    assert came_by == {"page": f"http://localhost:{port}/pumps", "utm_campaign": "spring"}
