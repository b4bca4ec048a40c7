"""A newsletter goes to everybody who fits, once, and stops at a word."""

import random
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from nurture.errors import Conflict, Invalid
from nurture.flows.leads import erase_lead
from nurture.flows.why import why_newsletter
from nurture.rules.why import sentence
from nurture.store import leads
from nurture.store.deliveries import Delivery
from nurture.store.newsletters import Newsletter
from nurture.store.restraint import Restraint
from tests.flows.mailroom import PEPPER, Mailroom, mailer
from tests.flows.press import Press


@pytest.fixture
def press(sessions, tmp_path, smtp_sink, clock):
    made = mailer(smtp_sink.url)
    yield Press(Mailroom(sessions, tmp_path, made, clock.now), clock)
    made.close()


def test_everybody_who_agreed_gets_it_once(press, smtp_sink):
    for name in ("Anna", "Ben", "Cleo"):
        press.room.lead(name)
    press.room.lead("Dora", consent=False)
    number = press.write()
    press.do("schedule", number)
    press.run()
    assert len(smtp_sink.mails) == 3
    found = press.get(number)
    assert (found.state, found.size) == ("sent", 3)
    assert press.progress(number).counts == {"readers": 3, "sent": 3}
    with press.sessions() as session:
        rows = session.scalars(select(Delivery)).all()
    assert all(row.consent_id is not None for row in rows)
    assert {row.dedup_key for row in rows} == {f"newsletter:{number}:{row.lead_id}" for row in rows}


def test_only_those_of_the_audience_get_it(press, smtp_sink):
    ids = [press.room.lead("Anna", country="DE"), press.room.lead("Ben", country="FR")]
    with press.sessions.begin() as session:
        leads.refold(session, ids)
    number = press.write(audience={"field": "country", "eq": "DE"})
    press.do("schedule", number)
    press.run()
    assert len(smtp_sink.mails) == 1
    assert press.get(number).size == 1


def test_looking_at_readers_again_writes_to_nobody_twice(press, smtp_sink):
    for name in ("Anna", "Ben"):
        press.room.lead(name)
    number = press.write()
    press.do("schedule", number)
    press.turn()
    with press.sessions.begin() as session:
        session.execute(update(Newsletter).values(cursor=0, looked_at=None))
    press.run()
    assert len(smtp_sink.mails) == 2
    assert press.progress(number).counts["readers"] == 2


def test_a_paused_newsletter_sends_nothing_and_goes_on_where_it_stopped(press, smtp_sink):
    for n in range(30):
        press.room.lead(f"Lead{n}")
    number = press.write()
    press.do("schedule", number)
    press.turn(limit=10)
    press.room.run(limit=4)
    press.do("pause", number)
    before = len(smtp_sink.mails)
    press.run()
    assert len(smtp_sink.mails) == before
    press.do("resume", number)
    press.run()
    assert len(smtp_sink.mails) == 30
    assert press.get(number).state == "sent"


def test_a_cancelled_newsletter_never_goes_on(press, smtp_sink):
    for n in range(8):
        press.room.lead(f"Lead{n}")
    number = press.write()
    press.do("schedule", number)
    press.turn(limit=5)
    press.do("cancel", number)
    press.run()
    assert smtp_sink.mails == []
    assert press.states(number) == {"cancelled": 5}
    with pytest.raises(Conflict):
        press.do("resume", number)


def test_it_begins_at_its_time(press, smtp_sink):
    press.room.lead("Anna")
    number = press.write()
    press.do("schedule", number, at=press.clock.now + timedelta(hours=2))
    press.run()
    assert smtp_sink.mails == []
    press.clock.advance(hours=2)
    press.run()
    assert len(smtp_sink.mails) == 1


def test_each_reader_gets_it_at_ten_of_their_own_morning(press, smtp_sink):
    press.room.lead("Tomo", timezone="Asia/Tokyo")
    press.room.lead("Nora", timezone="America/New_York")
    number = press.write()
    press.do("schedule", number, local_at="2026-03-05T10:00")
    came: dict[int, datetime] = {}
    for _hour in range(72):
        press.run()
        came.setdefault(len(smtp_sink.mails), press.clock.now)
        press.clock.advance(hours=1)
    assert came[1].isoformat() == "2026-03-05T01:00:00+00:00"
    assert came[2].isoformat() == "2026-03-05T15:00:00+00:00"
    assert press.get(number).state == "sent"


def test_it_keeps_to_its_hours(press, smtp_sink):
    press.room.lead("Anna", timezone="Europe/Berlin")
    number = press.write(hours={"days": "mon-fri", "from": "14:00", "to": "15:00"})
    press.do("schedule", number)
    press.run()
    assert smtp_sink.mails == []
    assert press.progress(number).waiting[0]["reason"] == "window"
    press.clock.advance(hours=3)
    press.run()
    assert len(smtp_sink.mails) == 1


def test_a_mail_that_missed_its_hours_goes_out_in_the_next_ones(press, smtp_sink):
    press.room.lead("Anna", timezone="Europe/Berlin")
    number = press.write(hours={"from": "11:00", "to": "12:00"})
    press.do("schedule", number)
    press.turn()
    press.clock.advance(hours=5)
    press.run()
    assert smtp_sink.mails == []
    press.clock.advance(hours=19)
    press.run()
    assert len(smtp_sink.mails) == 1
    assert press.get(number).state == "sent"


def test_the_cap_of_the_house_counts_newsletters_too(press, smtp_sink):
    with press.sessions.begin() as session:
        session.execute(update(Restraint).values(most=1, days=2))
    press.room.lead("Anna")
    numbers = [press.write(), press.write(), press.write(over="defer")]
    for number in numbers:
        press.do("schedule", number)
    press.run()
    assert len(smtp_sink.mails) == 1
    assert press.progress(numbers[1]).counts == {"readers": 1, "skipped": 1, "skipped:frequency": 1}
    press.clock.advance(days=2)
    press.run()
    assert len(smtp_sink.mails) == 2
    assert press.get(numbers[2]).state == "sent"


def test_who_unsubscribes_while_it_goes_out_gets_nothing(press, smtp_sink):
    anna = press.room.lead("Anna")
    number = press.write()
    press.do("schedule", number)
    press.turn()
    press.leave(anna)
    press.run()
    assert smtp_sink.mails == []
    assert press.progress(number).counts == {"readers": 1, "cancelled": 1}
    assert press.refused_by(number, anna) == ("unsubscribed", press.said(anna)[-1])


def test_a_reader_who_leaves_before_a_turn_is_told_the_no_of_that_time_whatever_is_said_later(press):
    """One leaves before the newsletter is written, one while waiting for the morning; both come back, and
    the second leaves again."""
    early, waiting = press.room.lead("Early"), press.room.lead("Late", timezone="America/New_York")
    press.leave(early)
    press.clock.advance(hours=1)
    number = press.write()
    press.do("schedule", number, local_at="2026-03-05T10:00")
    press.clock.advance(hours=39)
    press.run()
    press.leave(waiting)
    press.clock.advance(hours=24)
    press.run()
    noes = {lead: press.said(lead)[-1] for lead in (early, waiting)}
    press.clock.advance(hours=1)
    press.agree(early)
    press.agree(waiting)
    press.leave(waiting)
    press.clock.advance(hours=1)
    assert press.get(number).state == "sent"
    for lead, no in noes.items():
        assert press.refused_by(number, lead) == ("no_consent", no)


def test_every_reader_and_newsletter_has_one_answer_at_any_time(press, smtp_sink):
    leads_of = {
        "anna": press.room.lead("Anna", timezone="Asia/Tokyo"),
        "ben": press.room.lead("Ben", timezone="America/New_York"),
        "dora": press.room.lead("Dora", consent=False),
    }
    number = press.write()

    def answers() -> list[tuple[str, str]]:
        with press.sessions() as session:
            found = [why_newsletter(session, lead, number, now=press.clock.now) for lead in leads_of.values()]
        assert all(sentence(one, str).endswith(".") for one in found)
        return [(one.state, one.reason) for one in found]

    assert answers() == [("no", "newsletter_draft")] * 3
    press.do("schedule", number, local_at="2026-03-05T10:00")
    assert answers() == [("not_yet", "scheduled"), ("not_yet", "scheduled"), ("no", "no_consent")]
    press.clock.advance(hours=39)
    press.run()
    assert answers() == [("sent", ""), ("not_yet", "local_time"), ("no", "no_consent")]
    press.do("pause", number)
    assert answers()[1] == ("not_yet", "newsletter_paused")
    press.do("cancel", number)
    assert answers() == [("sent", ""), ("no", "newsletter_cancelled"), ("no", "newsletter_cancelled")]


def test_a_reader_erased_while_waiting_is_waited_for_no_more(press, smtp_sink, tmp_path):
    anna = press.room.lead("Anna", timezone="Asia/Tokyo")
    number = press.write()
    press.do("schedule", number, local_at="2026-03-05T10:00")
    press.clock.advance(hours=38)
    press.run()
    assert press.progress(number).waiting[0]["n"] == 1
    with press.sessions.begin() as session:
        erase_lead(session, anna, pepper=PEPPER, home=tmp_path, now=press.clock.now, by="test")
    press.clock.advance(hours=2)
    press.run()
    assert (press.get(number).state, smtp_sink.mails) == ("sent", [])


def test_faults_are_told_all_at_once_and_nothing_with_faults_goes_out(press):
    with pytest.raises(Invalid) as fault:
        press.write(name=" ", audience={"color": "red"}, hours={"from": "9"}, over="perhaps")
    assert set(fault.value.errors) == {"name", "audience", "hours", "over"}
    number = press.write(body="{% if %}")
    with pytest.raises(Invalid):
        press.do("schedule", number)
    with pytest.raises(Invalid):
        press.do("schedule", press.write(), local_at="2020-01-01T10:00")


@pytest.mark.parametrize("seed", range(3))
def test_no_reader_is_above_the_cap_in_any_span_whatever_goes_out_together(press, smtp_sink, seed):
    dice = random.Random(seed)
    with press.sessions.begin() as session:
        session.execute(update(Restraint).values(most=2, days=4))
    readers = [press.room.lead(f"Lead{n}") for n in range(5)]
    for _turn in range(25):
        if dice.random() < 0.5:
            press.do("schedule", press.write(over=dice.choice(["defer", "skip"])))
        press.turn(limit=dice.choice([1, 3, 100]))
        if dice.random() < 0.6:
            press.room.now = press.clock.now
            press.room.run(limit=dice.choice([1, 2, 50]))
        press.clock.advance(hours=dice.choice([1, 9, 30]))
    with press.sessions() as session:
        for lead in readers:
            query = select(Delivery.sent_at).where(Delivery.lead_id == lead, Delivery.state == "sent")
            times = sorted(session.scalars(query))
            assert times
            for first, third in zip(times, times[2:], strict=False):
                assert third - first >= timedelta(days=4)
