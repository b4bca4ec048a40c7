"""When to step aside: caps over everything, priority, conversations with sales, pauses of one's own, and
what came due while everything stood still."""

import random
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from nurture.errors import FileFault, Invalid
from nurture.flows import pause_programs, preferences
from nurture.flows.answer import Outcome, answer
from nurture.flows.queue_mail import queue_service_mail
from nurture.flows.restraint import set_quiet
from nurture.store import deliveries
from nurture.store.enrollments import claiming, late
from nurture.store.handoffs import Handoff
from tests.flows.caps import COLD, cap, handed_over
from tests.flows.garden import BERLIN, HEAD, Garden

THREE = COLD + "      - send: one\n      - send: two\n      - send: three\n"


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.fixture
def garden(sessions, clock, tmp_path):
    return Garden(sessions, clock, tmp_path / "garden")


def answered(garden: Garden, state: str) -> None:
    with garden.sessions.begin() as session:
        session.execute(update(Handoff).values(state=state))


def test_the_cap_of_the_house_holds_without_one_of_the_program(garden):
    cap(garden, 1, 7)
    garden.publish(THREE)
    anna = garden.lead("anna")
    garden.enter(anna)
    sent = garden.pass_time(8)
    assert [at for at, _lead, _step in sent] == [berlin("2026-03-03T11:00"), berlin("2026-03-10T11:00")]


def test_the_cap_of_the_house_may_leave_mails_out(garden):
    cap(garden, 1, 7, "skip")
    garden.publish(THREE)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(1)
    assert garden.steps_sent(anna) == ["one"]
    assert ("three", "skipped", "frequency") in garden.history(anna)


def test_of_two_mails_that_compete_the_program_with_the_higher_priority_writes(sessions, clock, tmp_path):
    cold = COLD + '      - wait_until: {weekday: [fri], at: "09:00"}\n'
    first = Garden(sessions, clock, tmp_path / "first")
    first.publish(cold + "      - send: low\n")
    second = Garden.__new__(Garden)
    second.sessions, second.clock, second.folder = sessions, clock, tmp_path / "second"
    second.publish(cold + "      - send: high\n", HEAD.replace("garden", "events") + "priority: 5\n")
    cap(first, 1, 7)
    anna = first.lead("anna")
    first.enter(anna)
    first.pass_time(5)
    assert first.steps_sent(anna) == ["high"]


@pytest.mark.parametrize("state", ["accepted", "contacted", "meeting"])
def test_chain_mails_wait_while_sales_is_talking_to_the_lead(garden, state):
    garden.publish(COLD + "      - wait: 1d\n      - send: one\n")
    anna = garden.lead("anna")
    garden.enter(anna)
    handed_over(garden, anna, state)
    assert garden.pass_time(5) == []
    assert garden.history(anna).count(("one", "deferred", "with_sales")) == 1
    answered(garden, "rejected")
    garden.pass_time(0.1)
    assert garden.steps_sent(anna) == ["one"]


def test_the_answer_of_sales_lets_the_chain_go_on_at_once(garden):
    garden.publish(COLD + "      - send: one\n")
    anna = garden.lead("anna", stage="sales_ready")
    garden.enter(anna)
    handed_over(garden, anna, "accepted")
    garden.tick()
    assert garden.run(anna).due_reason == "with_sales"
    number = garden.value("SELECT id FROM handoff")
    with garden.sessions.begin() as session:
        answer(session, number, Outcome("rejected", "no budget"), by="user:1", now=garden.clock.now)
    garden.tick()
    garden.settle()
    assert garden.steps_sent(anna) == ["one"]


def test_a_program_may_go_on_while_sales_is_talking(garden):
    garden.publish(COLD + "      - send: one\n", HEAD + "while_with_sales: go_on\n")
    anna = garden.lead("anna")
    handed_over(garden, anna, "accepted")
    garden.enter(anna)
    garden.pass_time(0)
    assert garden.steps_sent(anna) == ["one"]


def test_a_hand_off_that_nobody_took_up_holds_nothing_back(garden):
    garden.publish(COLD + "      - send: one\n")
    anna = garden.lead("anna")
    handed_over(garden, anna, "released")
    garden.enter(anna)
    garden.pass_time(0)
    assert garden.steps_sent(anna) == ["one"]


def test_a_lead_that_wants_a_pause_gets_one_even_for_a_mail_that_was_ready(garden):
    garden.publish(COLD + "      - send: one\n      - wait: 1d\n      - send: two\n")
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()
    with garden.sessions.begin() as session:
        until = preferences.pause(session, anna, 1, now=garden.clock.now)
    assert garden.pass_time(29) == []
    assert until == berlin("2026-04-02T12:00")
    with garden.sessions.begin() as session:
        preferences.pause(session, anna, 0, now=garden.clock.now)
    garden.pass_time(2)
    assert garden.steps_sent(anna) == ["one", "two"]


def test_after_a_pause_many_late_steps_go_one_after_the_other(garden):
    loaded = garden.publish(COLD + "      - wait: 1d\n      - send: one\n")
    leads = [garden.lead(f"lead{n}") for n in range(late.AT_ONCE + 60)]
    garden.enter(*leads)
    garden.tick()
    _stand_still(garden, loaded.program_id, days=3)
    garden.tick()
    assert garden.settle() == late.AT_ONCE
    garden.clock.advance(seconds=30)
    garden.tick()
    assert garden.settle() == 30
    garden.clock.advance(seconds=30)
    garden.tick()
    assert garden.settle() == 30


@pytest.mark.parametrize(("go_on", "expected"), [(True, ["one", "two"]), (False, ["two"])])
def test_steps_that_are_too_late_wait_for_a_person(garden, go_on, expected):
    loaded = garden.publish(COLD + "      - wait: 1d\n      - send: one\n      - send: two\n")
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(0.9)
    garden.clock.advance(hours=3)
    with garden.sessions.begin() as session:
        garden_due = garden.run(anna).due_at
        pause_programs.pause(session, loaded.program_id, now=garden_due - timedelta(seconds=1))
    garden.clock.advance(days=9)
    with garden.sessions.begin() as session:
        pause_programs.resume(session, loaded.program_id, now=garden.clock.now)
    assert garden.pass_time(2) == []
    with garden.sessions.begin() as session:
        assert late.held(session, loaded.program_id) == 1
    with garden.sessions.begin() as session:
        assert pause_programs.decide_held(session, loaded.program_id, go_on=go_on, now=garden.clock.now) == 1
    garden.pass_time(0.1)
    assert garden.steps_sent(anna) == expected


def _stand_still(garden: Garden, program_id: int, days: int) -> None:
    with garden.sessions.begin() as session:
        pause_programs.pause(session, program_id, now=garden.clock.now)
    garden.clock.advance(days=days)
    with garden.sessions.begin() as session:
        pause_programs.resume(session, program_id, now=garden.clock.now)


@pytest.mark.parametrize("seed", range(4))
def test_no_lead_is_above_the_cap_in_any_span_whatever_the_order(garden, seed):
    dice = random.Random(seed)
    cap(garden, 2, 5)
    steps = "".join(f"      - send: m{n}\n      - wait: {dice.choice(['6h', '1d'])}\n" for n in range(6))
    garden.publish(COLD + steps, HEAD + "frequency: {max: 3, per: 4d}\n")
    leads = [garden.lead(f"lead{n}") for n in range(8)]
    garden.enter(*leads)
    for _turn in range(60):
        garden.tick()
        if dice.random() < 0.6:
            garden.settle(dice.choice(["sent", "sent", "uncertain", "failed"]))
        garden.clock.advance(hours=dice.choice([1, 5, 11, 26]))
    for lead in leads:
        times = sorted(at for at, _lead, _step in garden.sent(lead))
        for most, days in ((2, 5), (3, 4)):
            for first, later in zip(times, times[most:], strict=False):
                assert later - first >= timedelta(days=days)


def quiet(garden: Garden, starts: str | None, ends: str | None) -> None:
    with garden.sessions.begin() as session:
        set_quiet(session, starts, ends, by="mia", now=garden.clock.now)


def test_in_the_quiet_hours_of_the_house_nobody_is_written_to(garden):
    quiet(garden, "20:00", "09:30")
    garden.publish(
        THREE.replace("- send: one", "- {send: one, immediate: true}")
        + "      - wait: 9h\n      - send: four\n"
    )
    anna, tim = garden.lead("anna"), garden.lead("tim", timezone="America/New_York")
    garden.clock.moment = berlin("2026-03-03T21:00")
    garden.enter(anna, tim)
    sent = garden.pass_time(3)
    assert [(at, step) for at, lead, step in sent if lead == anna] == [
        (berlin("2026-03-03T21:00"), "one"),
        (berlin("2026-03-04T10:00"), "two"),
        (berlin("2026-03-04T10:00"), "three"),
        (berlin("2026-03-04T19:00"), "four"),
    ]
    assert {at for at, lead, step in sent if lead == tim and step != "four"} == {berlin("2026-03-03T21:00")}


def test_quiet_hours_leave_every_program_some_hours_to_write(garden):
    evening = HEAD + 'window: {from: "20:30", to: "23:00"}\n'
    garden.publish(COLD + "      - send: one\n", head=evening)
    with pytest.raises(Invalid, match="garden"):
        quiet(garden, "20:00", "09:00")
    with pytest.raises(Invalid):
        quiet(garden, "08:00", "20:00")
    quiet(garden, "22:00", "06:00")
    anna = garden.lead("anna")
    garden.enter(anna)
    assert [at for at, _lead, _step in garden.pass_time(1)] == [berlin("2026-03-03T21:00")]
    late = HEAD + 'window: {from: "22:30", to: "23:00"}\n'
    with pytest.raises(Invalid, match="quiet hours"):
        garden.publish(COLD + "      - send: one\n", head=late)


def test_a_program_cannot_do_without_consent_by_the_name_of_its_purpose(garden):
    with pytest.raises(FileFault, match="transactional"):
        garden.publish(THREE, head=HEAD + "purpose: transactional\n")


def test_what_a_lead_asked_for_goes_out_whatever_holds_other_mails_back(garden):
    """No consent, over the cap, in a pause of its own, while sales talks to it."""
    cap(garden, 1, 7)
    garden.publish(THREE)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(0.1)
    handed_over(garden, anna, "accepted")
    garden.withdraw(anna)
    with garden.sessions.begin() as session:
        preferences.pause(session, anna, 1, now=garden.clock.now)
        given = {"dedup_key": "asked:1", "purpose": "confirmation", "lead_id": anna}
        queue_service_mail(
            session, "confirm", params={"confirm_url": "https://x.example"}, now=garden.clock.now, **given
        )
        (claimed,) = deliveries.claim(session, host="here", live=True, now=garden.clock.now, limit=10)
    assert claimed.purpose == "confirmation"
    with garden.sessions() as session:
        taken = claiming.recent_sends(session, [anna], since=berlin("2026-01-01T00:00"), now=garden.clock.now)
    assert len(taken[anna]) == 1
