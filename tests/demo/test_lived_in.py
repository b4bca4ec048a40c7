"""In a house whose invented people have lived for some weeks: nothing of it meets what is real. The weeks are
lived once; each test gets a copy of the house."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from nurture.config import load_settings
from nurture.demo.house import CAMPAIGNS
from nurture.demo.make import carry_out
from nurture.embedded.addresses import Addresses
from nurture.embedded.throwaway import Throwaway
from nurture.flows.leads import save_lead
from nurture.flows.programs import load_folder
from nurture.jobs.streams import streams
from nurture.runtime import Runtime, build
from nurture.store import demo
from tests.clock import StandingClock
from tests.conftest import TUESDAY, copied, dropped
from tests.demo.houses import furnish, made, number, removed, rows_of_every_table
from tests.sinks import SmtpSink


@pytest.fixture(scope="module")
def template(servers: Throwaway, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The database of such a house."""
    url = copied(servers, template, "lived_in")
    home: Path = tmp_path_factory.mktemp("lived_in")
    settings = load_settings(
        {"NURTURE_HOME": str(home), "NURTURE_DATABASE_URL": url, "NURTURE_REDIS_URL": servers.redis_url}
    )
    runtime = build(settings, Addresses(url, servers.redis_url), clock=StandingClock(TUESDAY))
    made(furnish(runtime))
    runtime.close()
    yield "lived_in"
    dropped(servers, "lived_in")


@pytest.fixture
def alive(runtime: Runtime) -> Runtime:
    return runtime


def test_nothing_happens_after_the_present_moment(alive: Runtime) -> None:
    for column in (
        "max(created_at) FROM lead",
        "max(occurred_at) FROM signal",
        "max(sent_at) FROM delivery",
        "max(occurred_at) FROM hit",
        "max(at) FROM temperature_change",
    ):
        with alive.sessions() as session:
            assert session.execute(text(f"SELECT {column}")).scalar_one() <= TUESDAY


def test_what_is_real_stays_when_the_demo_goes(alive: Runtime, engine: Engine) -> None:
    with_demo = rows_of_every_table(engine)
    company = {"name": "Real Works", "size": 80}
    with alive.sessions() as session:
        shared = session.execute(text("SELECT name FROM company WHERE demo ORDER BY id LIMIT 1")).scalar_one()
    with alive.sessions.begin() as session:
        load_folder(session, CAMPAIGNS / "consulting", publish=True, now=TUESDAY, by="test")
        for name, at in (("vera", company), ("hugo", {"name": shared})):
            answers = {"email": f"{name}@real.example", "company": at, "consent": {"marketing": True}}
            save_lead(session, answers, now=TUESDAY, by="test", pepper=b"pepper", base_url="http://localhost")
    own = number(
        alive, "SELECT count(*) FROM enrollment WHERE lead_id IN (SELECT id FROM lead WHERE NOT demo)"
    )
    assert own == 2
    real = rows_of_every_table(engine)

    removed(alive)

    left = rows_of_every_table(engine)
    assert left["lead"] == left["enrollment"] == left["lead_consent"] == 2
    assert left["company"] == 2
    assert number(alive, "SELECT count(*) FROM company WHERE demo") == 0
    assert left["program"] == left["program_version"] == 1
    assert left["mail"] == real["mail"] - with_demo["mail"]
    assert left.get("step_count", 0) == real["step_count"] - with_demo["step_count"]


def test_real_and_invented_leads_do_not_meet(alive: Runtime) -> None:
    inside = (
        "SELECT count(*) FROM enrollment e"
        " JOIN lead l ON l.id = e.lead_id JOIN program p ON p.id = e.program_id"
    )
    with alive.sessions.begin() as session:
        answers = {"email": "vera@real.example", "consent": {"marketing": True}, "tags": ["demo"]}
        save_lead(session, answers, now=TUESDAY, by="test", pepper=b"pepper", base_url="http://localhost")

    assert number(alive, f"{inside} WHERE p.demo AND NOT l.demo") == 0

    with alive.sessions.begin() as session:
        load_folder(session, CAMPAIGNS / "consulting", publish=True, now=TUESDAY, by="test")
    assert number(alive, f"{inside} WHERE NOT p.demo AND l.demo") == 0


def test_a_real_mail_server_never_gets_a_mail_to_an_invented_lead(
    alive: Runtime, smtp_sink: SmtpSink
) -> None:
    with streams(alive) as work:
        for day in range(4):
            moment = TUESDAY + timedelta(days=day)
            while sum(stream.serve(moment) for stream in work):
                pass

    assert number(alive, "SELECT count(*) FROM delivery WHERE state = 'skipped' AND reason = 'demo'") > 0
    assert smtp_sink.mails == []


def test_a_try_that_died_is_cleared_away_by_the_next(alive: Runtime) -> None:
    with alive.sessions.begin() as session:
        demo.lock(session).state = "making"

    assert carry_out(alive, days=10, leads=12) == "there"
    assert number(alive, "SELECT count(*) FROM lead") == 12
