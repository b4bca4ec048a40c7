"""All sending is stopped in the middle of a large send: two seconds later the server takes nothing more."""

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import text

from nurture.flows.queue_mail import keep_mail
from nurture.flows.sending import resume_sending, stop_sending
from nurture.jobs.pump import pump
from nurture.jobs.streams import streams
from nurture.mail.source import MailSource
from nurture.runtime import Runtime
from nurture.store import installation
from tests.conftest import TUESDAY
from tests.sinks import free_port
from tests.stories.office import wait_until

MANY = 20_000


class SlowServer:
    """Takes a mail in 40 ms, and remembers when."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(0.04)
        self.taken.append(time.monotonic())
        return "250 2.0.0 Taken"


@pytest.fixture
def slow() -> Iterator[tuple[SlowServer, str]]:
    handler, port = SlowServer(), free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, f"smtp://127.0.0.1:{port}"
    controller.stop()


def _queue_many(runtime: Runtime) -> None:
    with runtime.sessions.begin() as session:
        house = installation.get(session)
        house.company_name, house.postal_address = "Kessler Ohm", "Speicherstraße 14, Hamburg"
        house.sender_email = "mira@kessler-ohm.example"
        source = MailSource(key="notice", subject="For you", body="Hello.", kind="service")
        version = keep_mail(session, None, source, "notice", now=TUESDAY)
        session.execute(
            text(
                "INSERT INTO delivery (dedup_key, purpose, mail_version_id, address, due_at, created_at)"
                " SELECT 'n' || i, 'notice', :version, 'p' || i || '@firm.example', :now, :now"
                " FROM generate_series(1, :many) i"
            ),
            {"version": version, "now": TUESDAY, "many": MANY},
        )


def test_two_workers_in_a_large_send_stop_within_two_seconds(
    runtime: Runtime, slow: tuple[SlowServer, str]
) -> None:
    server, url = slow
    mine = replace(runtime, settings=replace(runtime.settings, smtp_url=url))
    _queue_many(mine)
    ended = threading.Event()

    def work() -> None:
        with streams(mine) as served:
            pump(served, mine.now, ended.wait, ended, seconds=120)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        wait_until(lambda: len(server.taken) > 30, "the first mails", pause=0.02)
        with mine.sessions.begin() as session:
            stop_sending(session, by="test", now=TUESDAY)
        stopped = time.monotonic()
        time.sleep(5)
        late = [at - stopped for at in server.taken if at > stopped + 2]
        assert late == [], f"{len(late)} mails were taken later than two seconds after the stop"
        taken = len(server.taken)
        assert taken < MANY

        with mine.sessions.begin() as session:
            resume_sending(session, by="test", now=TUESDAY)
        wait_until(lambda: len(server.taken) > taken, "sending goes on", pause=0.05)
    finally:
        ended.set()
        for worker in workers:
            worker.join(60)
    with mine.sessions() as session:
        states = session.execute(text("SELECT DISTINCT state FROM delivery")).scalars().all()
    assert set(states) == {"sent", "ready"}, "nobody was left in doubt"
