"""What machines and readers have shown of a network is remembered, and speaks of the next visit from it."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.buffers.stream import HitStream
from nurture.flows.count_clicks import count_clicks
from nurture.flows.record import record
from nurture.rules import hits
from nurture.rules.hits import OPEN, Hit
from nurture.store import networks
from tests.conftest import TUESDAY
from tests.flows.recording import clicked, counts, hit, number_of
from tests.mailed import SENT, Mailing, a_delivery, a_lead, a_mailing

Sessions = sessionmaker[Session]
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ROOM = "203.0.113"


class Office:
    """Mails to people, and what happens to them."""

    def __init__(self, db: Session, sessions: Sessions, stream: HitStream, folder: Path) -> None:
        self.db, self.sessions, self.stream, self.folder = db, sessions, stream, folder
        self.mailing = a_mailing(db)

    def mail(self, name: str, sent_at: datetime = SENT) -> int:
        return a_delivery(self.db, self.mailing, a_lead(self.db, name), sent_at=sent_at)

    def see(self, *seen: Hit) -> None:
        self.stream.add([hits.write(one) for one in seen])
        record(self.sessions, self.stream, [self.folder], now=max(one.at for one in seen), stall=MINUTE)

    def wait(self, until: datetime) -> None:
        while count_clicks(self.sessions, now=until):
            pass

    def verdict(self, one: Hit) -> str:
        self.db.rollback()
        query = """
            SELECT coalesce((SELECT v.verdict FROM signal_verdict v WHERE v.signal_id = h.id
                             ORDER BY v.at DESC LIMIT 1), h.verdict) FROM hit h WHERE h.id = :id
        """
        return str(self.db.scalar(text(query), {"id": one.id}))


@pytest.fixture
def office(db: Session, sessions: Sessions, redis_client: Redis, tmp_path: Path) -> Office:
    return Office(db, sessions, HitStream(redis_client), tmp_path / "spool")


def sweep(mailing: Mailing, delivery: int, at: datetime, ip: str) -> list[Hit]:
    return [clicked(delivery, mailing, n, at=at + timedelta(seconds=n / 4), ip=ip) for n in range(3)]


def hasty(mailing: Mailing, delivery: int, at: datetime) -> list[Hit]:
    """Three links within half a minute, soon after the mail came."""
    return [clicked(delivery, mailing, n, at=at + timedelta(seconds=8 * n), ip=f"{ROOM}.9") for n in range(3)]


def test_a_sandbox_that_looks_at_one_link_is_known_by_its_cloud(office: Office) -> None:
    yesterday = TUESDAY - DAY
    for n in range(3):
        delivery = office.mail(f"lead{n}", sent_at=yesterday)
        office.see(*sweep(office.mailing, delivery, yesterday + (n + 1) * MINUTE, f"198.51.100.{n}"))
    lone = clicked(office.mail("anna"), office.mailing, at=SENT + 2 * MINUTE, ip="198.51.100.77")
    stranger = clicked(office.mail("ben"), office.mailing, at=SENT + 2 * MINUTE, ip="192.0.2.77")
    office.see(lone, stranger)
    assert (office.verdict(lone), office.verdict(stranger)) == ("machine", "human")
    with office.sessions.begin() as session:
        assert session.scalars(text("SELECT reasons FROM hit WHERE id = :id"), {"id": lone.id}).one() == [
            "known_network"
        ]
        networks.forget_old(session, now=TUESDAY + 91 * DAY)
    assert number_of(office.db, "caught_network") == 0


def test_a_hasty_reader_counts_when_her_minute_is_over_since_her_house_reads(office: Office) -> None:
    for n in range(5):
        at = TUESDAY - (n + 2) * DAY
        delivery = office.mail(f"lead{n}", sent_at=at - MINUTE)
        seen = {"ip": f"{ROOM}.{n}"}
        office.see(
            hit(delivery, OPEN, at=at, **seen), clicked(delivery, office.mailing, at=at + MINUTE / 2, **seen)
        )
        office.wait(at + 2 * MINUTE)
    mine = hasty(office.mailing, office.mail("anna"), SENT + MINUTE)
    office.see(*mine)
    office.wait(TUESDAY)
    assert [office.verdict(one) for one in mine] == ["human"] * 3
    assert counts(office.db)["clicked"] == 6
    assert number_of(office.db, "stalled_hit") == 0


def test_what_looks_like_a_machine_for_a_day_is_one(office: Office) -> None:
    mine = hasty(office.mailing, office.mail("anna"), SENT + MINUTE)
    office.see(*mine)
    for moment, waiting in ((SENT + 3 * MINUTE, 3), (SENT + 90 * MINUTE, 3), (SENT + 2 * DAY, 0)):
        office.wait(moment)
        assert {office.verdict(one) for one in mine} == {"machine"}
        assert number_of(office.db, "stalled_hit") == waiting


def test_a_reader_who_is_accused_by_her_next_click_is_looked_at_again_for_each_of_them(
    office: Office,
) -> None:
    mine = hasty(office.mailing, office.mail("anna"), SENT + MINUTE)
    for one in mine:
        office.see(one)
    assert {office.verdict(one) for one in mine} == {"machine"}
    for n in range(10):
        delivery, seen = office.mail(f"lead{n}"), {"ip": f"{ROOM}.{n}"}
        at = SENT + 2 * MINUTE + timedelta(seconds=3 * n)
        office.see(hit(delivery, OPEN, at=at, **seen))
        office.see(clicked(delivery, office.mailing, n % 3, at=at + timedelta(seconds=2), **seen))
    office.wait(TUESDAY)
    assert {office.verdict(one) for one in mine} == {"human"}
    assert counts(office.db)["clicked"] == 11
    assert number_of(office.db, "stalled_hit") == 0
    assert number_of(office.db, "signal WHERE kind = 'clicked'") == 13


def test_a_reader_who_was_accused_is_given_back_when_colleagues_turn_out_to_read(office: Office) -> None:
    anna = office.mail("anna")
    mine = hasty(office.mailing, anna, SENT + MINUTE)
    office.see(*mine)
    assert {office.verdict(one) for one in mine} == {"machine"}
    for n in range(10):
        at = SENT + MINUTE + timedelta(seconds=20 + 3 * n)
        delivery, seen = office.mail(f"lead{n}"), {"ip": f"{ROOM}.{n}"}
        office.see(hit(delivery, OPEN, at=at, **seen))
        office.see(clicked(delivery, office.mailing, n % 3, at=at + timedelta(seconds=2), **seen))
    office.wait(TUESDAY)
    assert [office.verdict(one) for one in mine] == ["human"] * 3
    anew = "SELECT clicked_at FROM delivery WHERE id = :id"
    assert office.db.scalar(text(anew), {"id": anna}) == mine[0].at
    assert counts(office.db)["clicked"] == 11
    assert number_of(office.db, "signal") == 3 + 20
    office.wait(TUESDAY + DAY)
    assert number_of(office.db, "stalled_hit") == 0
    assert number_of(office.db, "signal") == 3 + 20, "once"


def test_colleagues_who_read_hours_later_speak_for_a_reader_on_the_next_day(office: Office) -> None:
    mine = hasty(office.mailing, office.mail("anna"), SENT + MINUTE)
    office.see(*mine)
    office.wait(SENT + 3 * MINUTE)
    office.wait(SENT + 90 * MINUTE)
    for n in range(5):
        at = SENT + timedelta(hours=3, minutes=10 * n)
        delivery, seen = office.mail(f"lead{n}"), {"ip": f"{ROOM}.{n}"}
        office.see(
            hit(delivery, OPEN, at=at, **seen), clicked(delivery, office.mailing, at=at + MINUTE / 2, **seen)
        )
    assert {office.verdict(one) for one in mine} == {"machine"}
    office.wait(SENT + 2 * DAY)
    assert [office.verdict(one) for one in mine] == ["human"] * 3
