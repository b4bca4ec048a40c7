"""Invented people live through some weeks by the real flows; nothing real is touched, and all of it goes."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from nurture.demo.house import CAMPAIGNS
from nurture.demo.make import carry_out
from nurture.errors import Conflict
from nurture.files.yaml_lines import Faults
from nurture.flows import demo as flow
from nurture.flows.leads import save_lead
from nurture.flows.models import load_model, read_models
from nurture.flows.programs import load_folder
from nurture.flows.sending import stop_sending
from nurture.jobs.pump import pump
from nurture.jobs.streams import Stream, streams
from nurture.runtime import Runtime
from nurture.store import demo, partitions
from nurture.store.gate import Gate, alone
from nurture.store.webhooks import WebhookEndpoint
from tests.conftest import TUESDAY
from tests.sinks import SmtpSink

# Written about making and removing, and how the ways of sending stand.
_TOLD = (
    "audit_entry",
    "transport_state",
    "transport_health",
    "transport_minute",
    "alembic_version",
)


@pytest.fixture
def furnished(runtime: Runtime) -> Runtime:
    """A house as `up` leaves it: the heat model is there, the months have their partitions."""
    with runtime.sessions.begin() as session:
        partitions.ensure(session, now=TUESDAY - timedelta(days=40))
        for file in read_models(CAMPAIGNS, Faults("campaigns")).values():
            load_model(session, file, now=TUESDAY)
    return runtime


def made(runtime: Runtime) -> Runtime:
    """A small house: 48 leads and two weeks and a half."""
    with runtime.sessions.begin() as session:
        flow.ask(session, by="test", now=TUESDAY)
    assert carry_out(runtime, days=24, leads=48) == "there"
    return runtime


def removed(runtime: Runtime) -> None:
    with runtime.sessions.begin() as session:
        flow.ask_removal(session, by="test", now=TUESDAY)
    assert carry_out(runtime) == "none"


def number(runtime: Runtime, query: str) -> int:
    with runtime.sessions() as session:
        return int(session.execute(text(query)).scalar_one())


def rows_of_every_table(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        tables = connection.execute(
            text(
                "SELECT relname FROM pg_class"
                " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> ALL(:told)"
            ),
            {"told": list(_TOLD)},
        ).scalars()
        counted = {
            name: int(connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one())
            for name in tables
        }
    return {name: n for name, n in counted.items() if n}


def who_they_are(runtime: Runtime) -> list[tuple[object, ...]]:
    with runtime.sessions() as session:
        rows = session.execute(
            text(
                "SELECT l.email, l.temperature, l.stage, l.grade, round(l.readiness::numeric, 3),"
                " round(l.heat_log2::numeric, 3), l.touches_in, l.touches_out, l.created_at,"
                " (SELECT count(*) FROM delivery d WHERE d.lead_id = l.id AND d.opened_at IS NOT NULL)"
                " FROM lead l ORDER BY l.email"
            )
        )
        return [tuple(row) for row in rows]


def test_an_empty_house_comes_alive(furnished: Runtime, smtp_sink: SmtpSink) -> None:
    made(furnished)

    assert number(furnished, "SELECT count(*) FROM lead WHERE demo") == 48
    assert number(furnished, "SELECT count(DISTINCT temperature) FROM lead") >= 2
    assert number(furnished, "SELECT count(*) FROM temperature_change") > 5
    assert number(furnished, "SELECT count(*) FROM delivery WHERE state = 'sent'") > 100
    for verdict in ("human", "machine"):
        assert number(furnished, f"SELECT count(*) FROM hit WHERE verdict = '{verdict}'") > 10
    assert number(furnished, "SELECT count(*) FROM newsletter WHERE demo") == 2
    assert number(furnished, "SELECT count(*) FROM segment_member") > 0
    assert number(furnished, "SELECT count(*) FROM signal WHERE kind = 'business_card'") > 5
    assert number(furnished, "SELECT count(*) FROM program_version") == 2
    assert smtp_sink.mails == []


def test_nothing_happens_after_the_present_moment(furnished: Runtime) -> None:
    made(furnished)

    for column in (
        "max(created_at) FROM lead",
        "max(occurred_at) FROM signal",
        "max(sent_at) FROM delivery",
        "max(occurred_at) FROM hit",
        "max(at) FROM temperature_change",
    ):
        with furnished.sessions() as session:
            assert session.execute(text(f"SELECT {column}")).scalar_one() <= TUESDAY


def test_the_same_seed_makes_the_same_people(furnished: Runtime) -> None:
    first = who_they_are(made(furnished))
    removed(furnished)

    assert who_they_are(made(furnished)) == first


def test_one_button_takes_all_of_it_away(furnished: Runtime, engine: Engine) -> None:
    before = rows_of_every_table(engine)
    made(furnished)
    assert rows_of_every_table(engine) != before

    removed(furnished)

    assert rows_of_every_table(engine) == before


def test_what_is_real_stays_when_the_demo_goes(furnished: Runtime, engine: Engine) -> None:
    made(furnished)
    with_demo = rows_of_every_table(engine)
    company = {"name": "Real Works", "size": 80}
    with furnished.sessions() as session:
        shared = session.execute(text("SELECT name FROM company WHERE demo ORDER BY id LIMIT 1")).scalar_one()
    with furnished.sessions.begin() as session:
        load_folder(session, CAMPAIGNS / "consulting", publish=True, now=TUESDAY, by="test")
        for name, at in (("vera", company), ("hugo", {"name": shared})):
            answers = {"email": f"{name}@real.example", "company": at, "consent": {"marketing": True}}
            save_lead(session, answers, now=TUESDAY, by="test", base_url="http://localhost")
    own = number(
        furnished, "SELECT count(*) FROM enrollment WHERE lead_id IN (SELECT id FROM lead WHERE NOT demo)"
    )
    assert own == 2
    real = rows_of_every_table(engine)

    removed(furnished)

    left = rows_of_every_table(engine)
    assert left["lead"] == left["enrollment"] == left["lead_consent"] == 2
    assert left["company"] == 2
    assert number(furnished, "SELECT count(*) FROM company WHERE demo") == 0
    assert left["program"] == left["program_version"] == 1
    assert left["mail"] == real["mail"] - with_demo["mail"]
    assert left.get("step_count", 0) == real["step_count"] - with_demo["step_count"]


def test_real_and_invented_leads_do_not_meet(furnished: Runtime) -> None:
    made(furnished)
    inside = (
        "SELECT count(*) FROM enrollment e"
        " JOIN lead l ON l.id = e.lead_id JOIN program p ON p.id = e.program_id"
    )
    with furnished.sessions.begin() as session:
        answers = {"email": "vera@real.example", "consent": {"marketing": True}, "tags": ["demo"]}
        save_lead(session, answers, now=TUESDAY, by="test", base_url="http://localhost")

    assert number(furnished, f"{inside} WHERE p.demo AND NOT l.demo") == 0

    with furnished.sessions.begin() as session:
        load_folder(session, CAMPAIGNS / "consulting", publish=True, now=TUESDAY, by="test")
    assert number(furnished, f"{inside} WHERE NOT p.demo AND l.demo") == 0


def test_a_real_mail_server_never_gets_a_mail_to_an_invented_lead(
    furnished: Runtime, smtp_sink: SmtpSink
) -> None:
    made(furnished)
    with streams(furnished) as work:
        for day in range(4):
            moment = TUESDAY + timedelta(days=day)
            while sum(stream.serve(moment) for stream in work):
                pass

    assert number(furnished, "SELECT count(*) FROM delivery WHERE state = 'skipped' AND reason = 'demo'") > 0
    assert smtp_sink.mails == []


def test_no_receiver_hears_of_invented_leads(furnished: Runtime) -> None:
    with furnished.sessions.begin() as session:
        session.add(WebhookEndpoint(url="http://127.0.0.1:1/", created_at=TUESDAY))
    made(furnished)

    assert number(furnished, "SELECT count(*) FROM webhook_message") > 0
    assert number(furnished, "SELECT count(*) FROM webhook_post") == 0


def test_a_house_with_leads_of_its_own_is_left_alone(furnished: Runtime) -> None:
    with furnished.sessions.begin() as session:
        save_lead(
            session, {"email": "vera@real.example"}, now=TUESDAY, by="test", base_url="http://localhost"
        )
    with furnished.sessions.begin() as session, pytest.raises(Conflict, match="leads of your own"):
        flow.ask(session, by="test", now=TUESDAY)


def test_while_all_sending_is_stopped_it_is_not_begun(furnished: Runtime) -> None:
    with furnished.sessions.begin() as session:
        stop_sending(session, by="test", now=TUESDAY)
        with pytest.raises(Conflict, match="stopped"):
            flow.ask(session, by="test", now=TUESDAY)


def test_a_try_that_died_is_cleared_away_by_the_next(furnished: Runtime) -> None:
    made(furnished)
    with furnished.sessions.begin() as session:
        demo.lock(session).state = "making"

    assert carry_out(furnished, days=10, leads=12) == "there"
    assert number(furnished, "SELECT count(*) FROM lead") == 12


def test_no_pump_works_while_somebody_is_alone_in_the_house(engine: Engine) -> None:
    served: list[float] = []

    def serve(_now: object) -> int:
        served.append(1.0)
        return 0

    gate, stop = Gate(engine), threading.Event()
    with alone(engine):
        pump([Stream("any", serve)], lambda: TUESDAY, stop.wait, stop, gate=gate, seconds=0.2)
        assert served == []
    pump([Stream("any", serve)], lambda: TUESDAY, stop.wait, stop, gate=gate, seconds=0.2)
    gate.leave()
    assert served
