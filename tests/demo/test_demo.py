"""Invented people live through some weeks by the real flows; nothing real is touched, and all of it goes."""

import threading

import pytest
from sqlalchemy import Engine

from nurture.errors import Conflict
from nurture.flows import demo as flow
from nurture.flows.leads import save_lead
from nurture.flows.sending import stop_sending
from nurture.jobs.pump import pump
from nurture.jobs.streams import Stream
from nurture.runtime import Runtime
from nurture.store.gate import Gate, alone
from nurture.store.webhooks import WebhookEndpoint
from tests.conftest import TUESDAY
from tests.demo.houses import furnish, made, number, removed, rows_of_every_table, who_they_are
from tests.sinks import SmtpSink


@pytest.fixture
def furnished(runtime: Runtime) -> Runtime:
    return furnish(runtime)


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


def test_the_same_seed_makes_the_same_people(furnished: Runtime) -> None:
    first = who_they_are(made(furnished, days=12, leads=20))
    removed(furnished)

    assert who_they_are(made(furnished, days=12, leads=20)) == first


def test_one_button_takes_all_of_it_away(furnished: Runtime, engine: Engine) -> None:
    before = rows_of_every_table(engine)
    made(furnished, days=12, leads=20)
    assert rows_of_every_table(engine) != before

    removed(furnished)

    assert rows_of_every_table(engine) == before


def test_no_receiver_hears_of_invented_leads(furnished: Runtime) -> None:
    with furnished.sessions.begin() as session:
        session.add(WebhookEndpoint(url="http://127.0.0.1:1/", created_at=TUESDAY))
    made(furnished, days=12, leads=20)

    assert number(furnished, "SELECT count(*) FROM webhook_message") > 0
    assert number(furnished, "SELECT count(*) FROM webhook_post") == 0


def test_a_house_with_leads_of_its_own_is_left_alone(furnished: Runtime) -> None:
    with furnished.sessions.begin() as session:
        save_lead(
            session,
            {"email": "vera@real.example"},
            now=TUESDAY,
            by="test",
            pepper=b"pepper",
            base_url="http://localhost",
        )
    with furnished.sessions.begin() as session, pytest.raises(Conflict, match="leads of your own"):
        flow.ask(session, by="test", now=TUESDAY)


def test_while_all_sending_is_stopped_it_is_not_begun(furnished: Runtime) -> None:
    with furnished.sessions.begin() as session:
        stop_sending(session, by="test", now=TUESDAY)
        with pytest.raises(Conflict, match="stopped"):
            flow.ask(session, by="test", now=TUESDAY)


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
