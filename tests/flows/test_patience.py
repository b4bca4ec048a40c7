"""While hits pile up they are recorded first, and a lead is rated once for what it did; nobody waits long."""

from datetime import timedelta

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.rate import rate
from nurture.rules.patience import BACKLOG, LONGEST, rate_by
from nurture.store import signals
from nurture.store.signals import NewSignal, UnratedSignal
from tests.conftest import TUESDAY
from tests.flows.rated_leads import all_of, make_lead, publish, send

Sessions = sessionmaker[Session]
MANY = BACKLOG + 1


def see(sessions: Sessions, lead_id: int, kind: str, seconds: float = 0) -> None:
    """A hit is recorded."""
    now = TUESDAY + timedelta(seconds=seconds)
    with sessions.begin() as session:
        one = NewSignal(lead_id, kind, now, "tracking")
        signals.add(session, [one], now=now, rate_by=rate_by(now))


def who_waits(sessions: Sessions) -> set[int]:
    return {one.lead_id for one in all_of(sessions, UnratedSignal)}


def test_without_a_backlog_a_hit_is_rated_at_once(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    see(sessions, anna, "opened")
    assert rate(sessions, now=TUESDAY, backlog=BACKLOG) == 1


def test_while_thousands_wait_a_hit_waits_and_not_for_long(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    see(sessions, anna, "opened")
    assert rate(sessions, now=TUESDAY + LONGEST - timedelta(seconds=1), backlog=MANY) == 0
    assert rate(sessions, now=TUESDAY + LONGEST, backlog=MANY) == 1


def test_whatever_comes_after_it_a_hit_waits_no_longer(sessions: Sessions) -> None:
    publish(sessions)
    anna, others = make_lead(sessions), [make_lead(sessions) for _ in range(3)]
    see(sessions, anna, "opened")
    for place, other in enumerate(others):
        see(sessions, other, "opened", seconds=4 * (place + 1))
    rate(sessions, now=TUESDAY + LONGEST, backlog=MANY, limit=1)
    assert who_waits(sessions) == set(others)


def test_a_request_goes_at_once_and_takes_along_what_waits_of_its_lead(sessions: Sessions) -> None:
    publish(sessions)
    anna, ben = make_lead(sessions), make_lead(sessions)
    see(sessions, anna, "clicked")
    see(sessions, ben, "clicked")
    send(sessions, anna, "meeting_requested", TUESDAY)
    assert rate(sessions, now=TUESDAY, backlog=MANY) == 2
    assert who_waits(sessions) == {ben}


def test_when_the_backlog_is_gone_everything_is_rated(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    for second in range(5):
        see(sessions, anna, "opened", seconds=second)
        assert rate(sessions, now=TUESDAY + timedelta(seconds=second), backlog=MANY) == 0
    assert rate(sessions, now=TUESDAY + timedelta(seconds=5)) == 5
    assert who_waits(sessions) == set()
