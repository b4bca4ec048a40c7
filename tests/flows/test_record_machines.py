"""What is no person is told by its hits: kept with its reasons, it warms nobody."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.buffers.stream import HitStream
from nurture.files.spool import Spool
from nurture.rules.hits import OPEN
from tests.conftest import TUESDAY
from tests.flows.recording import (
    GMAIL,
    arrive,
    clicked,
    counts,
    folder,
    hit,
    number_of,
    run,
    spool,
    stream,
    verdicts,
)
from tests.mailed import SENT, a_delivery, a_lead, a_mailing

__all__ = ["folder", "run", "spool", "stream"]


def test_machines_are_kept_with_their_reasons_and_never_warm(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    arrive(
        spool,
        stream,
        hit(delivery, OPEN, ua="Mozilla/5.0"),
        hit(delivery, OPEN, ua=GMAIL),
        clicked(delivery, mailing, ua="curl/8.5.0"),
        clicked(delivery, mailing, method="HEAD"),
        clicked(delivery, mailing, at=SENT + timedelta(seconds=1)),
    )
    run()
    assert sorted(verdicts(db)) == [
        *[("click", "machine")] * 3,
        *[("open", "privacy_proxy")] * 2,
    ]
    assert all(db.scalars(text("SELECT cardinality(reasons) > 0 FROM hit")))
    assert number_of(db, "signal") == number_of(db, "unrated_signal") == 0
    assert db.execute(text("SELECT opened_at, clicked_at FROM delivery")).one() == (None, None)
    assert counts(db) == {}


def test_a_sweep_through_all_links_is_a_machine_with_a_browsers_name(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    moments = [SENT + timedelta(seconds=43, milliseconds=200 * n) for n in range(3)]
    arrive(spool, stream, *(clicked(delivery, mailing, n, at=moments[n]) for n in range(3)))
    run()
    assert verdicts(db) == [("click", "machine")] * 3
    assert number_of(db, "signal") == 0


def test_the_end_of_a_sweep_is_known_by_what_was_recorded_before(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    for n in range(3):
        arrive(spool, stream, clicked(delivery, mailing, n, at=TUESDAY + timedelta(milliseconds=300 * n)))
        run()
    assert verdicts(db)[-1] == ("click", "machine")


def test_a_reader_who_takes_his_time_may_follow_every_link(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    for n in range(3):
        arrive(spool, stream, clicked(delivery, mailing, n, at=TUESDAY + timedelta(seconds=9 * n)))
    run()
    assert verdicts(db) == [("click", "human")] * 3


def test_one_address_at_the_mails_of_forty_people_is_a_machine(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing = a_mailing(db)
    deliveries = [a_delivery(db, mailing, a_lead(db, f"lead{n}")) for n in range(40)]
    first, later = deliveries[:20], deliveries[20:]
    arrive(
        spool,
        stream,
        *(clicked(one, mailing, at=TUESDAY + timedelta(seconds=i)) for i, one in enumerate(first)),
    )
    run()
    arrive(
        spool,
        stream,
        *(clicked(one, mailing, at=TUESDAY + timedelta(seconds=20 + i)) for i, one in enumerate(later)),
    )
    run()
    assert [verdict for _, verdict in verdicts(db)][19:] == ["machine"] * 21


def test_a_proxy_that_hides_everybody_behind_one_address_accuses_nobody(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing = a_mailing(db)
    for n in range(40):
        delivery = a_delivery(db, mailing, a_lead(db, f"lead{n}"))
        arrive(spool, stream, clicked(delivery, mailing, ip="10.0.0.9", at=TUESDAY + timedelta(seconds=n)))
    run()
    assert {verdict for _, verdict in verdicts(db)} == {"human"}


def test_a_click_while_the_mail_is_still_being_handed_over_is_a_machine(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing = a_mailing(db)
    arrive(spool, stream, clicked(a_delivery(db, mailing, a_lead(db), state="sending"), mailing))
    run()
    assert verdicts(db) == [("click", "machine")]
