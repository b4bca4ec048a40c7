"""From where somebody clicked is known for thirty days, and no longer."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.buffers.stream import HitStream
from nurture.files.spool import Spool
from nurture.flows.forget_addresses import KEPT, forget_addresses
from nurture.flows.leads import erase_lead
from nurture.rules import hits
from nurture.store import kept_pages
from tests.conftest import TUESDAY
from tests.flows.recording import clicked, folder, run, spool, stream
from tests.mailed import a_delivery, a_lead, a_mailing

__all__ = ["Spool", "folder", "run", "spool", "stream"]

LONG_AGO, JUST_OVER, JUST_UNDER = KEPT * 12, KEPT + timedelta(minutes=1), KEPT - timedelta(minutes=1)


def addresses(db: Session) -> list[str | None]:
    db.rollback()
    return list(db.scalars(text("SELECT ip FROM hit ORDER BY id")))


def test_addresses_go_after_thirty_days(
    db: Session, sessions: sessionmaker[Session], stream: HitStream, run: Callable[[], int]
) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    ages = (LONG_AGO, JUST_OVER, JUST_UNDER, timedelta())
    stream.add(
        [
            hits.write(clicked(delivery, mailing, at=TUESDAY - age, ip=f"198.51.100.{n}"))
            for n, age in enumerate(ages)
        ]
    )
    run()
    assert forget_addresses(sessions, now=TUESDAY) == 2
    assert addresses(db) == [None, None, "198.51.100.2", "198.51.100.3"]
    assert forget_addresses(sessions, now=TUESDAY) == 0
    assert forget_addresses(sessions, now=TUESDAY + timedelta(minutes=2)) == 1
    assert addresses(db) == [None, None, None, "198.51.100.3"]


def test_what_recorders_told_each_other_goes_after_an_hour(
    db: Session, sessions: sessionmaker[Session]
) -> None:
    first = kept_pages.latest(db)
    kept_pages.note(db, [7, "198.51.100.7"])
    kept_pages.note(db, [8, "198.51.100.8"])
    db.execute(text("UPDATE kept_page SET at = at - interval '2 hours' WHERE 7 = ANY(deliveries)"))
    db.commit()
    forget_addresses(sessions, now=TUESDAY)
    assert list(db.scalars(text("SELECT places FROM kept_page ORDER BY no"))) == [[], ["198.51.100.8"]]
    # Whoever was halted for so long does not know what it missed: it looks at everything again.
    assert kept_pages.since(db, first) is None
    assert kept_pages.since(db, first + 1) == {8, "198.51.100.8"}


def test_what_recorders_told_each_other_of_an_erased_person_goes_at_once(
    db: Session, stream: HitStream, run: Callable[[], int], tmp_path: Path
) -> None:
    anna, ben = a_lead(db, "anna"), a_lead(db, "ben")
    mailing = a_mailing(db)
    for lead, place in ((anna, "198.51.100.1"), (ben, "198.51.100.2")):
        stream.add([hits.write(clicked(a_delivery(db, mailing, lead, key=place), mailing, ip=place))])
        run()
    erase_lead(db, anna.id, pepper=b"pepper", home=tmp_path, now=TUESDAY, by="test")
    told = [place for places in db.scalars(text("SELECT places FROM kept_page")) for place in places]
    assert "198.51.100.2" in told
    assert "198.51.100.1" not in told
