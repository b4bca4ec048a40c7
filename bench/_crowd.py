"""Other people's hits beside those that a benchmark looks at: many leads who were sent a mail, and wrk, which
opens and follows at a steady rate, each time as somebody else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench import _wrk
from nurture.rules.tokens import mint
from nurture.runtime import Runtime

PEOPLE = 20_000
MAIL_KEY = "crowd"

_WORLD = (
    "INSERT INTO mail (key, name, created_at) VALUES (:key, 'Crowd', :now)",
    """
    INSERT INTO mail_version (mail_id, no, source_hash, subject, created_at)
    SELECT id, 1, '', 'A letter', :now FROM mail WHERE key = :key
    """,
    """
    INSERT INTO link (mail_version_id, no, url)
    SELECT v.id, 1, 'https://www.example.com/case' FROM mail_version v JOIN mail m ON m.id = v.mail_id
    WHERE m.key = :key
    """,
    """
    INSERT INTO lead (email, email_norm, stage_since, temperature_since, created_at, updated_at)
    SELECT a, a, :sent, :sent, :sent, :sent
    FROM generate_series(1, :people) n, LATERAL (SELECT 'crowd' || n || '@firm' || n || '.example' AS a) made
    """,
    """
    INSERT INTO delivery (dedup_key, purpose, lead_id, mail_version_id, address, state, due_at, created_at,
                          sent_at, settled_at)
    SELECT 'crowd:' || l.id, 'chain', l.id, v.id, l.email, 'sent', :sent, :sent, :sent, :sent
    FROM lead l, mail_version v JOIN mail m ON m.id = v.mail_id
    WHERE m.key = :key AND l.email LIKE 'crowd%'
    """,
)
_DELIVERIES = text("SELECT d.id FROM delivery d WHERE d.dedup_key LIKE 'crowd:%' ORDER BY d.id")
_LINK = text("""
    SELECT l.id FROM link l JOIN mail_version v ON v.id = l.mail_version_id
    JOIN mail m ON m.id = v.mail_id WHERE m.key = :key
""")


@dataclass
class Traffic:
    """What wrk has seen, once it is over."""

    load: _wrk.Load | None = None


def gather(runtime: Runtime, now: datetime) -> list[str]:
    """The crowd, each with a mail that came an hour ago; the paths of their pixels and links, in turn."""
    given = {"now": now, "sent": now - timedelta(hours=1), "key": MAIL_KEY, "people": PEOPLE}
    with runtime.sessions.begin() as session:
        for statement in _WORLD:
            asked = {name: value for name, value in given.items() if f":{name}" in statement}
            session.execute(text(statement), asked)
    with Session(runtime.engine) as session:
        deliveries = list(session.scalars(_DELIVERIES))
        link = session.scalars(_LINK, {"key": MAIL_KEY}).one()
    opens = [f"/o/{mint(runtime.ring, 'open', one)}.gif" for one in deliveries]
    clicks = [f"/c/{mint(runtime.ring, 'click', one, link)}" for one in deliveries]
    # Whoever opens a mail does not follow its link in the same instant.
    later = len(clicks) // 2
    return [path for pair in zip(opens, clicks[later:] + clicks[:later], strict=True) for path in pair]


@contextmanager
def passing_by(folder: Path, port: int, paths: list[str], *, rate: int, seconds: int) -> Iterator[Traffic]:
    """They come at about so many a second; the block may take `seconds`, and is waited for."""
    found = Traffic()

    def come() -> None:
        found.load = _wrk.load(folder, port, paths, seconds=seconds, rate=rate)

    thread = threading.Thread(target=come)
    thread.start()
    try:
        yield found
    finally:
        thread.join()
