"""More than one: two installations side by side, and two hosts over one PostgreSQL and one Redis."""

import logging
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from redis import Redis

from tests.sinks import free_port
from tests.stories.office import BROWSER, ROOT, Office, links, wait_until
from tests.stories.waves import SlowSink, Wave, publish_letter

pytestmark = [pytest.mark.fire, pytest.mark.xdist_group("embedded")]

log = logging.getLogger(__name__)


class SecondHost:
    """Processes started by hand in a home of their own, over the servers and with the key of the first."""

    def __init__(self, first: Office, folder: Path) -> None:
        self.home = folder / "second"
        self.port = free_port()
        self.env = {**first.env, "NURTURE_HOME": str(self.home), "NURTURE_BIND": f"127.0.0.1:{self.port}"}
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, *words: str) -> None:
        process = subprocess.Popen(
            [sys.executable, *words],
            env=self.env,
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.started.append(process)

    def refused(self, *words: str) -> str:
        """What a process says that is expected to refuse its work."""
        ended = subprocess.run(
            [sys.executable, *words],
            env=self.env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert ended.returncode != 0
        return ended.stderr

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=BROWSER, timeout=20)

    def answers(self) -> bool:
        try:
            return self.get("/healthz").is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        for process in self.started:
            process.send_signal(signal.SIGTERM)
        for process in self.started:
            process.wait(20)


@pytest.fixture
def sink() -> Iterator[SlowSink]:
    with SlowSink() as one:
        yield one


@pytest.fixture
def first(
    sink: SlowSink, database_url: str, redis_client: Redis, redis_url: str, tmp_path: Path
) -> Iterator[Office]:
    """A host with `up` over a PostgreSQL and a Redis that are given by URL."""
    settings = {
        "NURTURE_DATABASE_URL": database_url,
        "NURTURE_REDIS_URL": redis_url,
        "NURTURE_SECRET_KEY": "a secret that both of the hosts have",
        "NURTURE_SMTP_URL": sink.url,
        "NURTURE_LIVE": "1",
        "NURTURE_CLOCK_START": "2026-03-03T10:00:00+00:00",
        "NURTURE_CLOCK_SPEED": "60",
    }
    with Office(tmp_path, **settings) as office:
        office.set_up()
        yield office


@pytest.fixture
def second(first: Office, tmp_path: Path) -> Iterator[SecondHost]:
    host = SecondHost(first, tmp_path)
    yield host
    host.stop()


def test_a_second_host_takes_its_share_and_honours_what_the_first_has_promised(
    first: Office, second: SecondHost, sink: SlowSink, tmp_path: Path
) -> None:
    said = second.refused("worker.py", "pump")
    assert "copy pepper/suppression from the home folder of the first host" in said
    assert "Traceback" not in said
    assert str(second.home / "pepper/suppression") in second.refused("-m", "nurture", "web")

    shutil.copy(first.home / "pepper/suppression", second.home / "pepper/suppression")
    second.start("worker.py", "pump", "--schedule")
    address, port = ("--host", "127.0.0.1"), ("--port", str(second.port))
    second.start("-m", "granian", "--interface", "wsgi", *address, *port, "wsgi:application")
    wait_until(second.answers, "pages of the second host", patience=30)
    wait_until(lambda: "2 for pump" in first.nurture("doctor").stdout, "two workers", patience=30)

    # Two workers of the first host hold a hundred each; the second gets a turn within five seconds.
    wave = Wave(first, sink, "w", 480)
    gone = wave.address(0)
    sink.refuse = lambda recipient: "550 5.1.1 nobody here" if recipient == gone else None
    publish_letter(first, tmp_path)
    sink.pause = 0.5
    wave.bring_in(tmp_path)
    hosts = "SELECT leased_by, count(*) FROM delivery WHERE leased_by IS NOT NULL GROUP BY 1"
    wait_until(lambda: len(first.rows(hosts)) == 2, "mails sent by both", patience=30)
    sink.pause = 0.02
    wait_until(wave.settled, "the end", patience=60)
    log.info("FIGURE two hosts sent %s", sorted(count for _, count in first.rows(hosts)))
    assert len({mail.recipient for mail in wave.taken}) == len(wave.taken) == wave.size - 1

    # Every link is followed at the host that did not send the mail, or did.
    for mail in wave.taken[:60]:
        answer = second.get(urlsplit(links(mail.message, "c")[0]).path)
        assert (answer.status_code, answer.headers["location"]) == (302, "https://www.example.com/numbers")
    wait_until(lambda: wave.recorded_clicks() == 60, "all clicks recorded", patience=30)
    leaving = wave.taken[0]
    unsubscribe = urlsplit(str(leaving.message["List-Unsubscribe"]).strip("<>")).path
    left = httpx.post(f"http://127.0.0.1:{second.port}{unsubscribe}", data={"List-Unsubscribe": "One-Click"})
    assert left.status_code == 200

    # The first host is shut down: the second alone knows who must not be written to.
    first.stop()
    program = tmp_path / "letter/program.yaml"
    program.write_text(program.read_text().replace("program: letter", "program: second-letter"))
    loaded = subprocess.run(
        [sys.executable, "-m", "nurture", "campaigns", "load", str(program.parent), "--publish"],
        env=second.env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert loaded.returncode == 0, loaded.stderr
    wait_until(lambda: len(wave.taken) == 2 * (wave.size - 1) - 1, "the second letter", patience=60)
    assert not [mail for mail in sink.mails if mail.recipient == gone]
    assert len([mail for mail in sink.mails if mail.recipient == leaving.recipient]) == 1
    why = first.rows(
        "SELECT e.what, e.reason FROM chain_event e JOIN lead l ON l.id = e.lead_id"
        " WHERE l.email_norm = %(gone)s AND e.step_key = 'letter' ORDER BY e.id",
        gone=gone,
    )
    assert ("skipped", "suppressed") in why


def test_two_installations_side_by_side_keep_to_themselves(database_url: str, tmp_path: Path) -> None:
    """One of them over a PostgreSQL given by URL, with its Redis embedded."""
    plain = Office(tmp_path / "plain", NURTURE_LIVE="1")
    other = Office(tmp_path / "other", NURTURE_LIVE="1", NURTURE_DATABASE_URL=database_url)
    houses = {"plain": plain, "other": other}
    try:
        with ThreadPoolExecutor(2) as both:
            list(both.map(lambda house: house.start(), houses.values()))
        for name, house in houses.items():
            house.set_up()
            publish_letter(house, tmp_path / name)
            file = tmp_path / f"{name}.csv"
            file.write_text(f"email,first_name\nanna@{name}.example,Anna\n")
            house.done("leads", "import", str(file), "--consent", "marketing")
        for name, house in houses.items():
            wait_until(house.mails, "the letter", patience=30)
            assert [f"anna@{name}.example" in mail["to"] for mail in house.mails()] == [True]
        assert Path(tmp_path / "other/var/postgres").exists() is False
    finally:
        plain.stop()
        other.stop()
