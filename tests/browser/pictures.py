"""The pictures of the documentation: `make screenshots`.

A house of its own with the demo data of a fixed day and seed, drawn by Chromium at one size: the same
program gives the same pictures.
"""

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import create_engine, text
from werkzeug.serving import make_server

from nurture.app import create_app
from nurture.config import load_settings
from nurture.demo.make import carry_out
from nurture.embedded.addresses import Addresses
from nurture.embedded.throwaway import throwaway
from nurture.flows import demo
from nurture.flows.leads import save_lead
from nurture.flows.setup import Company, save_company
from nurture.flows.simulate.asking import ask
from nurture.flows.simulate.running import carry_out as play
from nurture.flows.users import create_user
from nurture.migrations import upgrade
from nurture.rules.simulation.settings import Settings
from nurture.runtime import Runtime, build, work_in_batches
from nurture.store.leads import Lead
from tests.browser.conftest import CHROMIUM
from tests.clock import StandingClock
from tests.sinks import free_port

DOCS = Path(__file__).parents[2] / "docs"
# A Thursday in spring, after office hours have begun everywhere in Europe.
MOMENT = datetime(2026, 4, 16, 12, 0, tzinfo=UTC)
PASSWORD = "nine months of stock"
EMAIL = "mira@kessler-ohm.example"
MOST_BYTES = 220_000
# Name of the picture -> the page, and how tall a part of it. `{hot}` is a lead that is hot, `{cold}` a chain,
# `{played}` a simulation.
PICTURES = {
    "program": ("/programs/{program}", 860),
    "overview": ("/?days=7", 780),
    "calendar": ("/calendar", 760),
    "chain": ("/chains/{cold}", 860),
    "editor": ("/programs/{program}/edit?chain=warm&step=ask-feedback", 900),
    "canvas": ("/programs/{program}/edit/canvas?chain=cold&step=welcome-read", 900),
    "simulation": ("/simulations/{played}", 900),
    "statistics": ("/chains/{cold}/statistics", 900),
    "lead": ("/leads/{hot}", 900),
    "merge": ("/leads/{hot}/merge?other={twin}", 620),
}


@contextmanager
def house() -> Iterator[tuple[str, Runtime]]:
    """The application over demo data, until the block ends."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="nurture-pictures-") as folder, throwaway(Path(folder)) as pair:
        engine = create_engine(pair.database_url)
        upgrade(engine)
        engine.dispose()
        settings = load_settings(
            {
                "NURTURE_HOME": f"{folder}/home",
                "NURTURE_DATABASE_URL": pair.database_url,
                "NURTURE_REDIS_URL": pair.redis_url,
                "NURTURE_BASE_URL": url,
                "NURTURE_LIVE": "1",
            }
        )
        runtime = build(settings, Addresses(pair.database_url, pair.redis_url), clock=StandingClock(MOMENT))
        _furnish(runtime)
        server = make_server("127.0.0.1", port, create_app(runtime), threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield url, runtime
        finally:
            server.shutdown()
            thread.join()
            runtime.close()


def _furnish(runtime: Runtime) -> None:
    with runtime.sessions.begin() as session:
        company = Company(
            company_name="Kessler Ohm",
            postal_address="Speicherstraße 14\n20457 Hamburg",
            timezone="Europe/Berlin",
            sender_name="Mira Aydın",
            sender_email=EMAIL,
        )
        save_company(session, company, by="pictures", now=MOMENT)
        create_user(session, EMAIL, "admin", PASSWORD, name="Mira Aydın", now=MOMENT)
        demo.ask(session, by="pictures", now=MOMENT)
    assert carry_out(runtime) == "there"
    with runtime.sessions.begin() as session:
        program_id = session.execute(text("SELECT min(id) FROM program")).scalar_one()
        ask(session, program_id, Settings(leads=400, days=60).plain(), by="pictures", now=MOMENT)
    assert play(runtime.sessions, runtime.pepper, now=MOMENT, processes=1) == 1


def _places(runtime: Runtime) -> dict[str, int]:
    """What the addresses of the pictures name."""
    queries = {
        "program": "SELECT min(id) FROM program",
        "played": "SELECT min(id) FROM simulation",
        "cold": "SELECT id FROM chain WHERE temperature = 'cold'",
        "hot": "SELECT id FROM lead WHERE temperature = 'hot' AND touches_in > 4 AND stage = 'opportunity'"
        " ORDER BY id LIMIT 1",
    }
    with runtime.sessions() as session:
        found = {name: int(session.execute(text(query)).scalar_one()) for name, query in queries.items()}
    return {**found, "twin": _twin(runtime, found["hot"])}


def _twin(runtime: Runtime, lead_id: int) -> int:
    """The same person, who called once and left another number."""
    with runtime.sessions.begin() as session:
        lead = session.get_one(Lead, lead_id)
        said = {
            "phone": "+495615550199",
            "first_name": (lead.first_name or "")[:1] + ".",
            "last_name": lead.last_name,
            "city": "Kassel",
        }
        base_url = runtime.settings.base_url
        return save_lead(
            session, said, now=MOMENT, by="demo", pepper=b"pepper", base_url=base_url, source_kind="demo"
        ).id


def _sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/sign-in")
    page.fill("[name=email]", EMAIL)
    page.fill("[name=password]", PASSWORD)
    page.click("main form[action$='/sign-in'] button[type=submit]")
    page.wait_for_url(f"{url}/")


def draw(folder: Path = DOCS) -> list[Path]:
    """Every picture into the folder; their files. Raises ValueError for one that has grown too large."""
    work_in_batches()
    drawn = []
    with house() as (url, runtime), sync_playwright() as playwright:
        places = _places(runtime)
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        )
        page = browser.new_page(
            viewport={"width": 1440, "height": 900}, color_scheme="light", reduced_motion="reduce"
        )
        _sign_in(page, url)
        for name, (address, height) in PICTURES.items():
            page.set_viewport_size({"width": 1440, "height": height})
            page.goto(url + address.format(**places))
            page.wait_for_load_state("networkidle")
            file = folder / f"{name}.png"
            page.screenshot(path=file)
            drawn.append(file)
        browser.close()
    large = [file.name for file in drawn if file.stat().st_size > MOST_BYTES]
    if large:
        raise ValueError(f"larger than {MOST_BYTES} bytes: {', '.join(large)}")
    return drawn


if __name__ == "__main__":
    for picture in draw():
        sys.stdout.write(f"{picture}  {picture.stat().st_size // 1024} kB\n")
