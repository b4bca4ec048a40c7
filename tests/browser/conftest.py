"""A real Chromium before the real application, filled by six weeks of real nurturing."""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from werkzeug.serving import make_server

from nurture.app import create_app
from nurture.config import load_settings
from nurture.embedded.addresses import Addresses
from nurture.embedded.throwaway import Throwaway
from nurture.runtime import Runtime, build
from nurture.web.parts import load_vendor
from tests.browser.company import six_weeks_in
from tests.clock import StandingClock
from tests.conftest import TUESDAY
from tests.sinks import SmtpSink, WebhookSink, free_port
from tests.stories.world import World

CHROMIUM = Path(os.environ.get("NURTURE_TEST_CHROMIUM", "/usr/bin/chromium"))


@dataclass(frozen=True)
class House:
    """The running application: where it is, what it runs on, and the world around it."""

    url: str
    runtime: Runtime
    world: World


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("There is no Chromium here: install Debian's package chromium to walk the pages.")
    if not load_vendor().complete:
        pytest.skip("The front-end parts are missing: run python -m nurture.web.assets once.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def house(servers: Throwaway, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One database for all walks: they look, and what they change does not disturb the others."""
    admin = create_engine(_named(servers, "postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE browser TEMPLATE {template}"))
    clock, port = StandingClock(TUESDAY), free_port()
    url = f"http://127.0.0.1:{port}"
    with SmtpSink() as smtp, WebhookSink() as hook:
        settings = load_settings(
            {
                "NURTURE_HOME": str(tmp_path_factory.mktemp("home")),
                "NURTURE_DATABASE_URL": _named(servers, "browser"),
                "NURTURE_REDIS_URL": servers.redis_url,
                "NURTURE_SMTP_URL": smtp.url,
                "NURTURE_BASE_URL": url,
                "NURTURE_LIVE": "1",
                "NURTURE_ALLOW_PRIVATE_WEBHOOKS": "1",
            }
        )
        runtime = build(settings, Addresses(_named(servers, "browser"), servers.redis_url), clock=clock)
        with six_weeks_in(runtime, clock, smtp, hook, tmp_path_factory.mktemp("files")) as world:
            server = make_server("127.0.0.1", port, create_app(runtime), threaded=True)
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield House(url, runtime, world)
            server.shutdown()
            thread.join()
        runtime.close()
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE browser WITH (FORCE)"))
    admin.dispose()


def _named(servers: Throwaway, name: str) -> str:
    return make_url(servers.database_url).set(database=name).render_as_string(hide_password=False)
