"""A newsletter on its way to some hundred readers is paused, resumed, and its workers are killed: each reader
gets it once. The mail server takes its time, and writes down every mail that it accepts."""

import logging
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.stories.office import Office, wait_until
from tests.stories.waves import SlowSink

pytestmark = [pytest.mark.fire, pytest.mark.xdist_group("embedded")]
log = logging.getLogger(__name__)
READERS = 600


@pytest.fixture(scope="module")
def sink() -> Iterator[SlowSink]:
    with SlowSink() as one:
        one.pause = 0.06
        yield one


@pytest.fixture(scope="module")
def office(sink: SlowSink, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("press")
    settings = {"NURTURE_WORKERS": "2", "NURTURE_SMTP_URL": sink.url, "NURTURE_LIVE": "1"}
    with Office(folder, **settings) as one:
        one.set_up()
        rows = [f"reader-{number}@firm-{number}.example,Katrin" for number in range(READERS)]
        file = folder / "readers.csv"
        file.write_text("\n".join(["email,first_name", *rows]))
        one.done("leads", "import", str(file), "--consent", "marketing")
        yield one


def send(office: Office, name: str) -> int:
    api = office.api()
    said = {"name": name, "subject": name, "body": "Hello {{ lead.first_name }}."}
    number = int(api.post("/newsletters", json=said).json()["id"])
    assert api.post(f"/newsletters/{number}/schedule", json={}).is_success
    return number


def taken(sink: SlowSink, name: str) -> list[str]:
    return [mail.recipient for mail in list(sink.mails) if mail.message["subject"] == name]


def state(office: Office, number: int) -> str:
    return str(office.api().get(f"/newsletters/{number}").json()["state"])


def test_a_pause_acts_within_two_seconds_and_resuming_reaches_everybody_once(
    office: Office, sink: SlowSink
) -> None:
    number = send(office, "March")
    wait_until(lambda: len(taken(sink, "March")) >= 80, "the first readers", patience=60, pause=0.05)
    assert office.api().post(f"/newsletters/{number}/pause").is_success
    paused = time.monotonic()
    time.sleep(2.5)
    readers = taken(sink, "March")
    late = max(sink.accepted_at[reader] for reader in readers) - paused
    log.info("FIGURE the last mail came %.1f s after the pause, %d of %d", late, len(readers), READERS)
    assert late < 2
    assert len(readers) < READERS
    stats = office.api().get(f"/newsletters/{number}/stats").json()
    assert (stats["state"], stats["counts"]["sent"]) == ("paused", len(readers))

    assert office.api().post(f"/newsletters/{number}/resume").is_success
    told = []
    wait_until(
        lambda: told.append(office.api().get(f"/newsletters/{number}/stats").json()) or told[-1]["rate"] > 0,
        "its rate", patience=60, pause=0.1,
    )  # fmt: skip
    assert told[-1]["left"] > 0
    assert told[-1]["ends_at"] > told[-1]["started_at"]
    wait_until(lambda: state(office, number) == "sent", "the end", patience=90)
    assert max(Counter(taken(sink, "March")).values()) == 1
    assert len(taken(sink, "March")) == READERS


def test_workers_killed_in_the_middle_reach_nobody_twice(office: Office, sink: SlowSink) -> None:
    number, chance = send(office, "April"), random.Random(7)
    for kills in range(1, 5):
        wait_until(lambda want=kills * 70: len(taken(sink, "April")) >= want, "more readers", patience=90)
        os.kill(chance.choice(office.pids("worker", "pump")), signal.SIGKILL)
    wait_until(lambda: state(office, number) == "sent", "the end", patience=120)
    found = Counter(taken(sink, "April"))
    ends = Counter(
        dict(
            office.rows(
                "SELECT state, count(*) FROM delivery WHERE newsletter_id = %(id)s GROUP BY 1", id=number
            )
        )
    )
    log.info("FIGURE 4 kills: %d uncertain", ends["uncertain"])
    assert max(found.values()) == 1
    assert ends["sent"] + ends["uncertain"] == READERS
    assert ends["uncertain"] <= 4
    assert READERS - ends["uncertain"] <= len(found) <= READERS
