"""Redis killed, PostgreSQL killed and away, both: readers get where their links lead, everybody else a
sentence, and each click is kept and warms once."""

import logging
import os
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from bench.faults import _signals
from nurture.embedded.throwaway import Throwaway, throwaway
from tests.stories.office import Office, links, wait_until
from tests.stories.waves import SlowSink, Wave, publish_letter

pytestmark = pytest.mark.xdist_group("embedded")

log = logging.getLogger(__name__)
SHOP = "shop.example"


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Throwaway]:
    """A PostgreSQL and a Redis that this test may stop."""
    with throwaway(tmp_path / "servers") as pair:
        yield pair


@pytest.mark.parametrize("seconds", [2, pytest.param(60, marks=pytest.mark.fire)])
def test_links_lead_on_and_no_click_is_lost_while_one_or_both_servers_are_away(
    servers: Throwaway, tmp_path: Path, seconds: int
) -> None:
    settings = {
        "NURTURE_DATABASE_URL": servers.database_url,
        "NURTURE_REDIS_URL": servers.redis_url,
        "NURTURE_LIVE": "1",
        "NURTURE_CLOCK_START": "2026-03-03T10:00:00+00:00",
        "NURTURE_CLOCK_SPEED": "60",
    }
    with SlowSink() as sink, Office(tmp_path, NURTURE_SMTP_URL=sink.url, **settings) as office:
        office.set_up()
        publish_letter(office, tmp_path)
        wave = Wave(office, sink, "away", 10)
        wave.bring_in(tmp_path)
        wait_until(wave.settled, "the mails", patience=30)
        paths = [urlsplit(links(mail.message, "c")[0]).path for mail in wave.taken]
        unsubscribe = urlsplit(str(wave.taken[0].message["List-Unsubscribe"]).strip("<>")).path
        assert office.web.get(paths[0]).status_code == 302
        assert office.press("/settings/website", "/settings/website/sites", host=SHOP).status_code == 302
        wait_until(lambda: reports(office), "the website may report", patience=40)

        kill(servers.redis.running())
        lead_on(office, paths[5:7], seconds)
        servers.redis.ensure()
        wait_until(lambda: wave.recorded_clicks() == 3, "clicks without Redis", patience=60)
        # Not killed, for these servers sync nothing: what was committed a moment ago would be gone with it.
        servers.postgres.stop()
        lead_on(office, paths[7:9], seconds)
        servers.postgres.ensure()
        wait_until(lambda: wave.recorded_clicks() == 5, "clicks without PostgreSQL", patience=60)

        servers.redis.stop()
        servers.postgres.stop()
        for path in paths[1:4]:
            assert office.web.get(path).headers["location"] == "https://www.example.com/numbers"
        assert reports(office), "visits are taken, too"
        for answer in (
            office.web.get("/"),
            office.web.post(unsubscribe, data={"List-Unsubscribe": "One-Click"}),
            office.web.get("/api/v1/leads", headers={"Authorization": "Bearer nk_x"}),
        ):
            assert answer.status_code == 503, answer.text
            assert "database does not answer" in answer.text
        assert office.web.get("/readyz").status_code == 503

        for pid in office.pids("web"):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        pause = wait_until(lambda: leads_on(office, paths[4]), "the door after a restart", patience=40)
        log.info("FIGURE the killed door leads on after %.1f s, both servers away", pause)

        assert reports(office), "the door knows its websites after a restart"

        servers.postgres.ensure()
        servers.redis.ensure()
        wait_until(lambda: office.web.get("/").status_code == 200, "the pages", patience=30)
        left = office.web.post(unsubscribe, data={"List-Unsubscribe": "One-Click"})
        assert left.status_code == 200
        wait_until(lambda: wave.recorded_clicks() == 9, "every click recorded", patience=60)
        wait_until(lambda: office.number("SELECT count(*) FROM visit") == 3, "every visit kept", patience=60)
        wait_until(lambda: not _signals.unsettled(office.rows), "every signal rated", patience=60)
        assert wave.rated_clicks() == 9
        assert _signals.breaches_of_heat(office.rows) == []
        office.done("audit")
        assert office.nurture("doctor", "--json").returncode == 0


def lead_on(office: Office, paths: list[str], seconds: int) -> None:
    """Links lead on, at the beginning of so many seconds and at their end."""
    assert leads_on(office, paths[0])
    time.sleep(seconds)
    assert leads_on(office, paths[1])


def kill(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def reports(office: Office) -> bool:
    """A page of the website tells that somebody looks at it."""
    told = {"u": f"https://{SHOP}/pumps", "i": uuid.uuid4().hex}
    return office.web.post("/t", json=told, headers={"Origin": f"https://{SHOP}"}).status_code == 204


def leads_on(office: Office, path: str) -> bool:
    with suppress(httpx.TransportError):
        return office.web.get(path).status_code == 302
    return False
