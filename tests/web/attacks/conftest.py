"""One haunted company for all attacks."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from nurture.app import create_app
from nurture.config import load_settings
from nurture.embedded.addresses import Addresses
from nurture.embedded.throwaway import Throwaway
from nurture.runtime import build
from tests.browser.company import six_weeks_in
from tests.clock import StandingClock
from tests.conftest import TUESDAY
from tests.sinks import SmtpSink, WebhookSink
from tests.web.attacks.asked import Noted
from tests.web.attacks.haunting import haunt
from tests.web.attacks.town import Reads, Town, settle_in


@pytest.fixture(scope="session")
def town(servers: Throwaway, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Six weeks in, with one of everything, and every free text of it an attack."""
    url = make_url(servers.database_url)
    admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE attacks TEMPLATE {template}"))
    here, clock = url.set(database="attacks").render_as_string(hide_password=False), StandingClock(TUESDAY)
    with SmtpSink() as smtp, WebhookSink() as hook:
        settings = load_settings(
            {
                "NURTURE_HOME": str(tmp_path_factory.mktemp("home")),
                "NURTURE_DATABASE_URL": here,
                "NURTURE_REDIS_URL": servers.redis_url,
                "NURTURE_SMTP_URL": smtp.url,
                "NURTURE_BASE_URL": "http://localhost",
                "NURTURE_LIVE": "1",
                "NURTURE_ALLOW_PRIVATE_WEBHOOKS": "1",
            }
        )
        runtime = build(settings, Addresses(here, servers.redis_url), clock=clock)
        with six_weeks_in(runtime, clock, smtp, hook, tmp_path_factory.mktemp("files")):
            app = create_app(runtime)
            app.testing, app.test_client_class, app.request_class = True, Reads, Noted
            app.config["PROPAGATE_EXCEPTIONS"] = False
            found = settle_in(app, runtime)
            haunt(runtime)
            runtime.redis.flushall()
            yield found
        runtime.close()
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE attacks WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(autouse=True)
def nobody_has_tried_yet(request: pytest.FixtureRequest) -> None:
    """Counts of tries belong to one attack alone."""
    if "town" in request.fixturenames:  # nobody else has to wait until it is built
        town: Town = request.getfixturevalue("town")
        town.runtime.redis.flushall()
