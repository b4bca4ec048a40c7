"""Servers emptied and killed, workers killed, while some hundred mails are on their way out.

The mail server takes its time over each mail and writes down every one that it accepts, so that a mail
lost or sent twice shows. The clock runs a minute a second: readers follow links long after they got them.
"""

import json
import logging
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from nurture.embedded.home import Home
from nurture.files.secrets import load_ring
from nurture.rules.tokens import mint
from tests.sinks import WebhookSink
from tests.stories.office import Office, wait_until
from tests.stories.waves import SlowSink, Wave, publish_letter

# A worker keeps up to so many connections to one server: on each, one answer can be cut off.
CONNECTIONS = 4

pytestmark = [pytest.mark.fire, pytest.mark.xdist_group("embedded")]

log = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def sink() -> Iterator[SlowSink]:
    with SlowSink() as one:
        yield one


@pytest.fixture(scope="module")
def office(sink: SlowSink, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("fire")
    settings = {
        "NURTURE_WORKERS": "2",
        "NURTURE_SMTP_URL": sink.url,
        "NURTURE_LIVE": "1",
        "NURTURE_CLOCK_START": "2026-03-03T10:00:00+00:00",
        "NURTURE_CLOCK_SPEED": "60",
    }
    with Office(folder, **settings) as one:
        one.set_up()
        publish_letter(one, folder)
        yield one


@pytest.fixture
def wave(office: Office, sink: SlowSink, tmp_path: Path, request: pytest.FixtureRequest) -> Wave:
    """A wave of the size that the test asks for, on its way."""
    one = Wave(office, sink, f"w{len(sink.mails)}", request.param)
    one.bring_in(tmp_path)
    return one


@pytest.mark.parametrize("wave", [300], indirect=True)
def test_redis_emptied_in_the_middle_costs_neither_a_mail_nor_a_click(office: Office, wave: Wave) -> None:
    pauses = []
    for _ in range(5):
        wave.grown_by(25)
        office.redis().flushall()
        pauses.append(wave.grown_by(1))
    wave.nothing_lost_or_doubled()
    log.info("FIGURE after FLUSHALL the next mail came within %.1f s", max(pauses))
    assert max(pauses) < 10


@pytest.mark.parametrize("wave", [200], indirect=True)
def test_a_killed_redis_comes_back_and_work_has_not_waited_for_it(office: Office, wave: Wave) -> None:
    pauses = []
    for _ in range(2):
        wave.grown_by(25)
        kill(Home(office.home).redis().running())
        pauses.append(wave.grown_by(1))
        wait_until(Home(office.home).redis().running, "Redis again", patience=20, pause=0.1)
    wave.nothing_lost_or_doubled()
    log.info("FIGURE after kill -9 of Redis the next mail came within %.1f s", max(pauses))
    assert max(pauses) < 20


@pytest.mark.parametrize("wave", [200], indirect=True)
def test_a_killed_postgresql_comes_back_and_every_mail_goes_out_once(office: Office, wave: Wave) -> None:
    wave.grown_by(25)
    kill(Home(office.home).postgres().running())
    began = time.monotonic()
    wait_until(lambda: answers(office), "PostgreSQL again", patience=60, pause=0.1)
    pause = time.monotonic() - began + wave.grown_by(1)
    wave.nothing_lost_or_doubled()
    log.info("FIGURE after kill -9 of PostgreSQL the next mail came within %.1f s", pause)
    assert pause < 30


@pytest.mark.parametrize("wave", [500], indirect=True)
def test_workers_killed_at_random_lose_no_mail_and_send_none_twice(
    office: Office, wave: Wave, webhook_sink: WebhookSink
) -> None:
    api = office.api()
    assert api.post("/webhook_endpoints", json={"url": webhook_sink.url, "types": ["lead.hot"]}).is_success
    chance = random.Random(7)
    kills, pauses = 8, []
    for number in range(kills):
        wave.grown_by(chance.randrange(5, 40))
        meeting = {"email": wave.address(number), "kind": "meeting_requested"}
        assert api.post("/signals", json=meeting).status_code == 201
        kill(chance.choice(office.pids("worker", "pump")))
        pauses.append(wave.grown_by(1))

    wave.nothing_lost_or_doubled()
    uncertain = wave.states()["uncertain"]
    log.info("FIGURE %d kills: %d uncertain, the next mail within %.1f s", kills, uncertain, max(pauses))
    assert uncertain <= kills * CONNECTIONS
    assert max(pauses) < 30

    wait_until(lambda: len({hot.headers["webhook-id"] for hot in webhook_sink.posts}) >= kills, "lead.hot")
    told = {hot.headers["webhook-id"]: json.loads(hot.body)["data"] for hot in webhook_sink.posts}
    assert Counter(data["lead"]["email"] for data in told.values()) == Counter(
        map(wave.address, range(kills))
    )


@pytest.mark.parametrize("wave", [300], indirect=True)
def test_who_unsubscribes_while_the_mails_are_going_out_is_left_alone(
    office: Office, sink: SlowSink, wave: Wave
) -> None:
    wave.grown_by(30)
    sink.pause = 0.3
    deliveries = office.rows(
        "SELECT d.id, d.lead_id, l.email_norm, d.state FROM delivery d JOIN lead l ON l.id = d.lead_id"
        " WHERE l.email_norm LIKE %(like)s AND d.state IN ('ready', 'sending') ORDER BY d.id",
        like=f"{wave.name}-%",
    )
    leaving = {email: state for number, (_, _, email, state) in enumerate(deliveries) if number % 4 == 0}
    ring = load_ring(office.home, None)
    left_at = {}
    for delivery_id, lead_id, email, _ in deliveries:
        if email in leaving:
            token = mint(ring, "unsubscribe", lead_id, delivery_id)
            answer = office.web.post(f"/u/{token}", data={"List-Unsubscribe": "One-Click"})
            assert answer.status_code == 200
            left_at[email] = time.monotonic()
    sink.pause = 0.1

    wait_until(wave.settled, "the end", patience=60)
    after = [sink.accepted_at[email] - left_at[email] for email in leaving if email in sink.accepted_at]
    late = [seconds for seconds in after if seconds > 0]
    log.info(
        "FIGURE %d left, %d were being written to, latest after %.1f s",
        len(leaving),
        len(late),
        max(late, default=0),
    )
    assert max(late, default=0) < 3
    assert len(late) < len(leaving) / 2
    ends = office.rows(
        "SELECT d.state, count(*) FROM delivery d JOIN lead l ON l.id = d.lead_id"
        " WHERE l.email_norm = ANY(%(left)s) GROUP BY 1",
        left=list(leaving),
    )
    assert sum(count for _, count in ends) == len(leaving)
    assert {state for state, _ in ends} <= {"sent", "skipped", "cancelled"}
    assert len(wave.taken) == wave.states()["sent"] == len({mail.recipient for mail in wave.taken})


@pytest.mark.parametrize("wave", [400], indirect=True)
def test_stop_sending_acts_within_two_seconds(office: Office, sink: SlowSink, wave: Wave) -> None:
    wave.grown_by(60)
    office.done("stop-sending")
    stopped = time.monotonic()
    time.sleep(2.5)
    late = max(sink.accepted_at[mail.recipient] for mail in wave.taken) - stopped
    waiting = wave.states()["ready"]
    log.info("FIGURE the last mail came %.1f s after the stop, %d were held back", late, waiting)
    assert late < 2
    assert waiting > 50
    assert waiting + len(wave.taken) == wave.size

    office.done("resume-sending")
    wait_until(wave.settled, "the end", patience=60)
    wave.each_once()


@pytest.mark.parametrize("wave", [150], indirect=True)
def test_a_killed_up_is_started_again_and_sends_the_rest(office: Office, wave: Wave) -> None:
    wave.grown_by(40)
    assert office.process is not None
    kill(office.process.pid)
    office.process.wait(10)

    began = time.monotonic()
    office.start()
    started = time.monotonic() - began
    pause = wave.grown_by(1)
    wave.nothing_lost_or_doubled()
    uncertain = wave.states()["uncertain"]
    log.info("FIGURE up again after %.1f s, next mail %.1f s later, %d uncertain", started, pause, uncertain)
    assert uncertain <= 2 * CONNECTIONS  # two workers
    assert pause < 20


def kill(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def answers(office: Office) -> bool:
    try:
        return office.number("SELECT 1") == 1
    except psycopg.OperationalError:
        return False
