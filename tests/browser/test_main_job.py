"""The main job through the pages, from the one-time link to the deal that was won."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page
from sqlalchemy import create_engine, text
from werkzeug.serving import make_server

from nurture.config import load_settings
from nurture.embedded.addresses import Addresses
from nurture.embedded.throwaway import Throwaway
from nurture.files.yaml_lines import Faults
from nurture.flows.models import lay_by, read_models
from nurture.flows.programs import load_folder
from nurture.flows.setup import offer_setup
from nurture.jobs.streams import streams
from nurture.runtime import Runtime, build
from tests.browser.company import CAMPAIGNS
from tests.browser.conftest import _named
from tests.browser.hands import Keys, Mouse
from tests.browser.visits import DESK, PHONE, Visit
from tests.clock import StandingClock
from tests.conftest import TUESDAY
from tests.sinks import SmtpSink, free_port
from tests.stories.world import Letter, World, reads_all

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
KATRIN = "katrin@kessler.example"
LEADS = f"""E-mail,First name,Last name,Firm,Company size,Role,Country,Machines
{KATRIN},Katrin,Vogel,Kessler Antriebe GmbH,340,Head of operations,DE,presses
jonas@kessler.example,Jonas,Größe,Kessler Antriebe GmbH,340,Buyer,DE,lathes
nobody at all,,,,,,,
"""


@pytest.fixture
def world(servers: Throwaway, template: str, tmp_path: Path) -> Iterator[World]:
    """An installation on its first morning: programs as drafts, nobody in it."""
    admin = create_engine(_named(servers, "postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE first_day TEMPLATE {template}"))
    port, clock = free_port(), StandingClock(TUESDAY)
    with SmtpSink() as smtp:
        settings = load_settings(
            {
                "NURTURE_HOME": str(tmp_path / "home"),
                "NURTURE_DATABASE_URL": _named(servers, "first_day"),
                "NURTURE_REDIS_URL": servers.redis_url,
                "NURTURE_SMTP_URL": smtp.url,
                "NURTURE_BASE_URL": f"http://127.0.0.1:{port}",
            }
        )
        addresses = Addresses(_named(servers, "first_day"), servers.redis_url)
        runtime = build(settings, addresses, clock=clock)
        runtime.redis.flushall()
        with streams(runtime) as work, World(runtime, clock, smtp, work) as world:
            server = make_server("127.0.0.1", port, world.door.application, threaded=True)
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield world
            server.shutdown()
            thread.join()
        runtime.close()
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE first_day WITH (FORCE)"))
    admin.dispose()


def one_time_link(runtime: Runtime) -> str:
    with runtime.sessions.begin() as session:
        for file in read_models(CAMPAIGNS, Faults("campaigns")).values():
            lay_by(session, file, now=TUESDAY)
        load_folder(session, CAMPAIGNS / "consulting", publish=False, now=TUESDAY, by="test")
        return f"/setup?token={offer_setup(session)}"


@pytest.mark.parametrize(
    ("size", "hand"), [(DESK, Keys), (PHONE, Mouse)], ids=["desk by keyboard alone", "phone"]
)
def test_from_the_one_time_link_to_a_deal_that_is_won(
    browser: Browser,
    world: World,
    tmp_path: Path,
    size: tuple[int, int],
    hand: Callable[[Page], Mouse | Keys],
) -> None:
    """Every page on the way is looked at by day and by night."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="light", reduced_motion="reduce"
    )
    visit = Visit(context.new_page(), world.runtime.settings.base_url)
    page = visit.page
    walk = Walk(visit, hand(page), world)

    link = one_time_link(world.runtime)
    walk.set_up(link)
    assert page.goto(visit.home + link).status == 403, "the link works once"
    visit.complaints.clear()
    walk.bring_in(tmp_path)
    walk.publish()
    walk.go_live()
    walk.first_mails_are_read(browser)
    walk.somebody_turns_hot()
    walk.sales_wins()
    assert visit.complaints == []
    context.close()


class Walk:
    """One person before one screen."""

    def __init__(self, visit: Visit, hand: Mouse | Keys, world: World) -> None:
        self.visit, self.page, self.hand, self.world = visit, visit.page, hand, world

    def button(self, name: str) -> object:
        return self.page.get_by_role("button", name=name)

    def set_up(self, link: str) -> None:
        self.visit.go(link)
        self.visit.check_day_and_night("set-up")
        answers = {
            "name": "Mira Aydın",
            "email": "mira@kessler-ohm.example",
            "password": "nine months of stock",
            "company_name": "Kessler Ohm",
            "postal_address": "Speicherstraße 14, 20457 Hamburg",
            "sender_name": "Mira Aydın",
            "sender_email": "mira@kessler-ohm.example",
        }
        for name, words in answers.items():
            self.hand.write(self.page.locator(f"[name={name}]"), words)
        self.hand.press(self.page.locator("button.save"))
        self.page.wait_for_url(self.visit.home + "/")
        self.visit.check_day_and_night("the first overview")

    def bring_in(self, folder: Path) -> None:
        file = folder / "fair.csv"
        file.write_text(LEADS)
        self.visit.go("/imports")
        self.visit.check_day_and_night("imports")
        self.page.set_input_files("#f-file", file)  # the file dialog is the system's own
        self.hand.press(self.page.get_by_role("button", name="Upload and look"))
        self.page.get_by_text("What the columns mean").wait_for()
        self.hand.choose(self.page.get_by_label("What Firm becomes"), "Company")
        self.hand.pick(self.page.get_by_role("radio", name="Yes, and we can show it"))
        self.hand.write(self.page.locator("#f-wording"), "Yes, write to me. At the stand, March 2026.")
        self.hand.pick(self.page.get_by_role("radio", name="They enter programs"))
        self.visit.check_day_and_night("the mapping")
        self.hand.press(self.page.get_by_role("button", name="Try it"))
        self.page.get_by_text("Nothing is changed yet.").wait_for()
        self.visit.check_day_and_night("the trial")
        self.hand.press(self.page.get_by_role("button", name="Import 2 leads"))
        self.page.get_by_text("2 new leads from").wait_for()
        self.visit.check_day_and_night("the result")

    def publish(self) -> None:
        self.visit.go("/programs/1")
        self.visit.check_day_and_night("the board")
        self.hand.press(self.page.get_by_role("link", name="Review and publish"))
        self.page.get_by_role("button", name="Publish", exact=True).wait_for()
        self.visit.check_day_and_night("the plan")
        self.hand.press(self.page.get_by_role("button", name="Publish", exact=True))
        self.page.get_by_role("button", name="Pause").first.wait_for()
        self.visit.check_day_and_night("the live board")

    def go_live(self) -> None:
        self.world.live(hours=1)
        assert self.world.letters == [], "nothing goes out before that"
        self.visit.go("/")
        self._press_and_say_yes(self.page.get_by_role("button", name="Go live").first, "Go live")
        self.page.get_by_text("You are live").wait_for()
        self.visit.check_day_and_night("the overview, live")

    def first_mails_are_read(self, browser: Browser) -> None:
        self.world.live(days=2, until=lambda: len(self.world.letters_to(KATRIN)) > 0)
        letter = self.world.letters_to(KATRIN)[0]
        self._click(browser, letter)
        self.world.live(hours=2)
        lead_id = self._value("SELECT id FROM lead WHERE email_norm = :e", e=KATRIN)
        self.visit.go(f"/leads/{lead_id}")
        assert self.page.locator(".tl").get_by_text("clicked").count() >= 1
        self.visit.check_day_and_night("the card")
        self.visit.go("/deliveries")
        self.visit.check_day_and_night("deliveries")

    def somebody_turns_hot(self) -> None:
        self.world.readers = {KATRIN: reads_all}
        self.world.live(weeks=12, until=lambda: bool(self._value("SELECT count(*) FROM handoff")))
        self.world.live(hours=1)
        self.visit.go("/")
        self.visit.check_day_and_night("the overview, with somebody hot")

    def sales_wins(self) -> None:
        self.visit.go(f"/handoffs/{self._value('SELECT id FROM handoff')}")
        self.visit.check_day_and_night("the hand-off")
        self.hand.press(self.page.locator("button:has-text('Called')"))
        self.page.wait_for_selector("text=Recorded.")
        self.hand.press(self.page.get_by_role("button", name="Meeting…"))
        at = f"{self.world.clock.moment.date().isoformat()}T23:00"
        self.hand.write(self.page.locator("#pop-meeting [name=at]"), at)
        self.hand.press(self.page.locator("#pop-meeting button[type=submit]"))
        self.page.wait_for_selector("text=New date…")
        self.hand.press(self.page.get_by_role("button", name="Won…"))
        self.hand.write(self.page.locator("#pop-won [name=amount]"), "4800")
        self.hand.press(self.page.locator("#pop-won button[type=submit]"))
        self.page.wait_for_selector("text=€4,800")
        self.visit.check_day_and_night("the deal")
        assert self._value("SELECT stage FROM lead WHERE email_norm = :e", e=KATRIN) == "customer"

    def _click(self, browser: Browser, letter: Letter) -> None:
        """Katrin's own browser follows a link of the mail, and comes to the page it stands for."""
        reader = browser.new_context()
        led: list[str] = []
        tab = reader.new_page()
        tab.on("response", lambda answer: led.append(answer.headers.get("location", "")))
        with suppress(Error):  # the page of the company is elsewhere, and there is no elsewhere here
            tab.goto(letter.links[0])
        assert urlsplit(led[0]).hostname not in (None, "127.0.0.1"), "the link leads on"
        reader.close()

    def _press_and_say_yes(self, button: object, name: str) -> None:
        self.hand.press(button)  # type: ignore[arg-type]
        dialog = self.page.get_by_role("dialog")
        dialog.wait_for()
        self.hand.press(dialog.get_by_role("button", name=name))

    def _value(self, query: str, **values: object) -> object:
        with self.world.runtime.sessions() as session:
            return session.scalar(text(query), values)
