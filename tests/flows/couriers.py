"""A courier with its ways out, and what stands in its queue."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from redis import Redis
from sqlalchemy import text

from nurture.buffers.limiter import Limiter
from nurture.files.vault import Vault
from nurture.flows.courier import Courier, Makers
from nurture.flows.open_transport import open_transport
from nurture.flows.turnstile import Turnstile
from nurture.mail.smtp import Mailer
from nurture.mail.smtp_url import parse_smtp_url
from nurture.store import transports
from tests.conftest import TUESDAY
from tests.flows.mailroom import RING, Mailroom

NOBODY_THERE = "smtp://127.0.0.1:1"


@contextmanager
def courier(room: Mailroom, redis: Redis | None = None, url: str | None = None) -> Iterator[Courier]:
    makers = Makers(
        of_settings=lambda: Mailer(parse_smtp_url(url)) if url else room.mailer,
        of_row=lambda row: open_transport(
            row, Vault(RING), helo="localhost", private=True, real_now=lambda: datetime.now(UTC)
        ),
    )
    turnstile = (lambda: Turnstile(Limiter(redis))) if redis is not None else None
    made = Courier(room.sessions, room.outbox, makers, turnstile)
    try:
        yield made
    finally:
        made.close(room.now, patience=1)


def add(room: Mailroom, key: str, url: str, **more: object) -> int:
    host, _, port = url.removeprefix("smtp://").partition(":")
    settings = {"host": host, "port": int(port), "tls": "off"}
    with room.sessions.begin() as session:
        values = {"key": key, "name": key.title(), "kind": "smtp", "settings": settings, **more}
        return transports.new(session, values, now=TUESDAY).id


def serve_until(one: Courier, now: datetime, done: Callable[[], bool], *, rounds: int = 200) -> None:
    """Serve until it is so; a round takes at most a fifth of a second."""
    for _round in range(rounds):
        if not one.serve(now):
            threading.Event().wait(0.02)
        if done():
            return
    raise AssertionError("it never came to that")


def queue(room: Mailroom, *names: str, domain: str = "leads.example", **more: object) -> list[int]:
    return [room.queue(room.lead(name, email=f"{name.lower()}@{domain}"), **more) for name in names]


def states(room: Mailroom) -> dict[str, int]:
    with room.sessions() as session:
        rows = session.execute(text("SELECT state, count(*) FROM delivery GROUP BY 1"))
        return {row[0]: row[1] for row in rows}
