"""A scanner takes its time and follows whatever it finds: the link that nobody sees gives it away."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.runtime import Runtime
from tests.clock import StandingClock
from tests.sinks import SmtpSink
from tests.stories import main_job as job
from tests.stories.world import BROWSER, World

EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0"
)


@pytest.fixture
def world(runtime: Runtime, clock: StandingClock, smtp_sink: SmtpSink) -> Iterator[World]:
    with job.at_work(runtime, clock, smtp_sink) as world:
        yield world


def follow(world: World, address: str, ip: str, ua: str) -> str:
    answer = world.door.get(
        urlsplit(address).path, headers={"User-Agent": ua, "X-Forwarded-For": ip}, environ_base=_PROXY
    )
    assert answer.status_code == 302
    return str(answer.headers["Location"])


_PROXY = {"REMOTE_ADDR": "127.0.0.1"}


def test_a_scanner_follows_everything_and_counts_for_nobody_while_the_reader_does(
    world: World, db: Session, tmp_path: Path
) -> None:
    job.publish(world)
    job.bring_in(world, job.LEADS, tmp_path, consent="marketing", source="Fair")
    world.live(hours=3)
    [letter] = world.letters_to(job.KATRIN)
    *visible, unseen = letter.every_link
    assert letter.links == visible and unseen not in letter.mail.part("plain")
    for address in visible:
        follow(world, address, "198.51.100.7", EDGE)
        world.clock.advance(seconds=70)
    there = follow(world, unseen, "198.51.100.7", EDGE)
    page = world.door.get(there.removeprefix(".."))
    assert page.status_code == 200 and "noindex" in page.headers["X-Robots-Tag"]
    assert "told from readers" in page.text
    world.live(hours=1)
    assert verdicts(db) == ["machine"] * (len(visible) + 1)
    assert moved(db) == (0, 0)
    follow(world, visible[0], "203.0.113.9", BROWSER)
    world.live(hours=1)
    assert verdicts(db)[-1] == "human"
    assert moved(db) == (1, 1)


def verdicts(db: Session) -> list[str]:
    db.rollback()
    query = """
        SELECT coalesce((SELECT v.verdict FROM signal_verdict v WHERE v.signal_id = h.id
                         ORDER BY v.at DESC LIMIT 1), h.verdict)
        FROM hit h ORDER BY h.id
    """
    return list(db.scalars(text(query)))


def moved(db: Session) -> tuple[int, int]:
    """Clicks of mails that count, and leads with heat from clicks."""
    db.rollback()
    mails = db.scalar(text("SELECT count(*) FROM delivery WHERE clicked_at IS NOT NULL"))
    leads = db.scalar(text("SELECT count(*) FROM lead WHERE touches_in > 0"))
    return int(mails or 0), int(leads or 0)
