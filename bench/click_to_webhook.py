"""Seconds from a click at the tracking door to the `lead.hot` that a receiver has in hand, while 500 other
hits a second come through the same door and are recorded and rated by the same workers.

A whole installation runs for it as `nurture up` runs it: the door, the pumps, the scheduler, PostgreSQL and
Redis. Each click is the one that makes its lead hot and ready, so between the two lie record, rate, ripen,
hand over and post. The bound is a bare POST of the same size to the same receiver; the same clicks without
the others stand beside it.
"""

import http.client
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench import _crowd
from bench._catcher import Catcher
from nurture.config import load_settings
from nurture.embedded.servers import running
from nurture.errors import Unavailable
from nurture.flows.endpoints import Receiver, create_endpoint
from nurture.rules.model import read
from nurture.rules.tokens import mint
from nurture.runtime import Runtime, build
from nurture.store import models, schema
from nurture.store.deliveries import Delivery
from nurture.store.leads import Lead
from nurture.store.links import Link
from nurture.store.mails import MailRow, MailVersion

FIGURE = "click_to_webhook_p99_s"
# Without others, and with them.
CLICKS = {"small": (40, 120), "full": (100, 400)}
SECONDS_BETWEEN = 0.2
# wrk counts its pauses from the answer on, so that a little fewer than these come.
OTHERS_A_SECOND = 520
START_SECONDS = 90.0
_LEAD_IN = 3
_SETTLE_SECONDS = 20.0
_RECORDED = text("SELECT count(*) FROM hit")
_UNRATED = text("SELECT count(*) FROM unrated_signal")
ARRIVAL_SECONDS = 30.0

# One click is enough: hot at once, and ready by activity alone.
MODEL = {
    "model": "default",
    "half_life": "21d",
    "signals": {
        "opened": {"weight": 1, "cap": 2},
        "clicked": [
            {"when": {"field": "data.mail", "eq": _crowd.MAIL_KEY}, "weight": 1, "cap": 3},
            {"weight": 100},
        ],
    },
    "temperature": {"warm": {"rise": 20, "fall": 12}, "hot": {"rise": 50, "fall": 35}},
    "readiness": {"rise": 50, "fall": 40, "parts": {"need": 0, "activity": 100, "data": 0, "bant": 0}},
}
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Accept-Language": "en-GB,en;q=0.7",
}


def run(scale: str, say: Callable[[str], None]) -> dict[str, Any]:
    """The figure, as the line that `make bench` prints. `say` takes lines for people."""
    few, many = CLICKS[scale]
    with tempfile.TemporaryDirectory(prefix="nurture-bench-") as folder, Catcher() as receiver:
        with installation(Path(folder)) as runtime:
            tokens = prepare(runtime, receiver.url, few + many + 1)
            paths = _crowd.gather(runtime, runtime.now())
            door = runtime.settings.bind
            _warm_up(door, tokens.pop(), receiver)
            alone = sorted(_measure(door, tokens[:few], receiver))
            seconds = _LEAD_IN + int(many * SECONDS_BETWEEN) + 1
            with _crowd.passing_by(Path(folder), door[1], paths, rate=OTHERS_A_SECOND, seconds=seconds) as by:
                time.sleep(_LEAD_IN)
                delays = sorted(_measure(door, tokens[few:], receiver))
            others = _all_kept(runtime, by, few + many + 1)
        bare = sorted(_bare_post(receiver, size=receiver.largest) for _ in range(max(many, 100)))
    p50, p99, bound = _share(delays, 0.5), _share(delays, 0.99), _share(bare, 0.99)
    least = _share(alone, 0.99)
    say(f"  without others: p50 {_share(alone, 0.5):.3f} s, p99 {least:.3f} s over {few} clicks")
    say(f"  beside {others:.0f} hits a second: p50 {p50:.3f} s, p99 {p99:.3f} s over {many} clicks")
    say(f"  a bare post to the same receiver: p99 {bound:.4f} s")
    return {
        "figure": FIGURE,
        "value": round(p99, 3),
        "unit": "s",
        "p50": round(p50, 3),
        "alone": round(least, 3),
        "others_a_second": round(others),
        "bound": round(bound, 4),
        "bound_name": "bare POST p99",
        "ratio": round(bound / p99, 4),
    }


def _all_kept(runtime: Runtime, by: _crowd.Traffic, mine: int) -> float:
    """How many others came a second. A figure counts only when each of them was recorded and rated."""
    if by.load is None or by.load.failed:
        raise Unavailable(f"The other hits did not come: {by.load}")
    until = time.monotonic() + _SETTLE_SECONDS
    left = 1
    while left and time.monotonic() < until:
        time.sleep(0.2)
        with runtime.sessions() as session:
            left = max(0, by.load.requests + mine - (session.scalar(_RECORDED) or 0))
            left += session.scalar(_UNRATED) or 0
    if left:
        raise Unavailable(f"{left} hits were not recorded and rated within {_SETTLE_SECONDS:.0f} s.")
    return by.load.per_second


@contextmanager
def installation(home: Path) -> Iterator[Runtime]:
    """A whole one in a folder of its own, for as long as the block lasts."""
    port = _free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith("NURTURE_")} | {
        "NURTURE_HOME": str(home),
        "NURTURE_BIND": f"127.0.0.1:{port}",
        "NURTURE_BASE_URL": f"http://127.0.0.1:{port}",
        "NURTURE_CATCHER_BIND": f"127.0.0.1:{_free_port()}",
        "NURTURE_LIVE": "1",
        "NURTURE_CLICK_STALL": "0",
        "NURTURE_ALLOW_PRIVATE_WEBHOOKS": "1",
    }
    settings = load_settings(env)
    up = subprocess.Popen(
        [sys.executable, "-m", "nurture", "up"],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_until_ready(up, port)
        runtime = build(settings, running(settings))
        try:
            yield runtime
        finally:
            runtime.close()
    finally:
        up.send_signal(signal.SIGINT)
        up.wait(60)


def prepare(runtime: Runtime, url: str, count: int) -> list[tuple[int, str]]:
    """An endpoint, the model, and `count` leads who were each sent a mail an hour ago: (lead, token)."""
    now = runtime.now()
    schema.metadata()  # rows of one table are sorted by the foreign keys of all
    with runtime.sessions.begin() as session:
        receiver = Receiver(url, ["lead.hot"])
        create_endpoint(session, runtime.vault, receiver, private=True, by="bench", now=now)
        _no, version_id, _new = models.add_version(session, read(MODEL), "bench", now=now, by="bench")
        models.set_live(session, version_id, now=now)
        link = _mail_with_link(session, now)
        sent = [_sent(session, number, link.mail_version_id, now) for number in range(count)]
        return [(lead_id, mint(runtime.ring, "click", delivery, link.id)) for lead_id, delivery in sent]


def _mail_with_link(session: Session, now: datetime) -> Link:
    mail = MailRow(key="bench", name="Bench", created_at=now)
    session.add(mail)
    session.flush()
    words = MailVersion(
        mail_id=mail.id, no=1, source={}, source_hash="", subject="Bench", compiled={}, created_at=now
    )
    session.add(words)
    session.flush()
    link = Link(mail_version_id=words.id, no=1, url="https://shop.example/prices")
    session.add(link)
    session.flush()
    return link


def _sent(session: Session, number: int, mail_version_id: int, now: datetime) -> tuple[int, int]:
    """(lead, delivery)"""
    then = now - timedelta(hours=1)
    address = f"lead-{number}@example.com"
    lead = Lead(email=address, email_norm=address, stage_since=then, temperature_since=then)
    lead.created_at = lead.updated_at = then
    session.add(lead)
    session.flush()
    delivery = Delivery(
        dedup_key=f"bench:{number}",
        purpose="chain",
        lead_id=lead.id,
        mail_version_id=mail_version_id,
        address=address,
        state="sent",
        due_at=then,
        created_at=then,
        sent_at=then,
        settled_at=then,
    )
    session.add(delivery)
    session.flush()
    return lead.id, delivery.id


def _warm_up(door: tuple[str, int], token: tuple[int, str], receiver: Catcher) -> None:
    """The first one pays for imports, connections and caches."""
    _click(door, token[1])
    receiver.wait_for(token[0], ARRIVAL_SECONDS)


def _measure(door: tuple[str, int], tokens: list[tuple[int, str]], receiver: Catcher) -> list[float]:
    """Clicks at a steady pace, none waiting for the one before; seconds until each webhook was there."""
    began = {}
    start = time.monotonic()
    for number, (lead_id, token) in enumerate(tokens):
        time.sleep(max(0.0, start + number * SECONDS_BETWEEN - time.monotonic()))
        began[lead_id] = time.monotonic()
        _click(door, token)
    return [receiver.wait_for(lead_id, ARRIVAL_SECONDS) - at for lead_id, at in began.items()]


def _click(door: tuple[str, int], token: str) -> None:
    connection = http.client.HTTPConnection(*door, timeout=10)
    connection.request("GET", f"/c/{token}", headers=BROWSER)
    status = connection.getresponse().status
    connection.close()
    if status != 302:
        raise Unavailable(f"The door answered a click with {status}.")


def _bare_post(receiver: Catcher, *, size: int) -> float:
    body = json.dumps({"type": "bare", "data": "x" * size})
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=10)
    connection.request("POST", "/hook", body)
    connection.getresponse().read()
    connection.close()
    return time.monotonic() - began


def _share(ordered: list[float], share: float) -> float:
    """The value that this share of the values does not pass (nearest rank)."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _wait_until_ready(up: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and up.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.3)
    raise Unavailable("The installation for the benchmark did not become ready.")


def _free_port() -> int:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as probe:
        return int(probe.server_address[1])
