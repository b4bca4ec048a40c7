"""Leads come in by occasions: signals, forms, dates; again, and beside a run that is under way."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from nurture.flows import leave
from nurture.flows.begin import Start, begin
from nurture.flows.enter_on_dates import enter_on_dates
from nurture.flows.published import published
from nurture.flows.reach_goals import leave_reached
from nurture.store import leads as lead_rows
from nurture.store.enrollments import Enrollment
from nurture.store.goals_met import GoalMet, sums
from nurture.store.programs import ProgramRow
from nurture.store.signals import NewSignal, add
from tests.flows.garden import Garden

ASKED = """
  cold:
    enter: {signal: visited, when: {consent: marketing}}
    reentry: {after: 10d}
    steps: [{send: c1}, {wait: 2d}, {send: c2}]
"""
BESIDE = """
  cold:
    enter: {form: [webinar]}
    reentry: {concurrent: true}
    steps: [{send: c1}, {wait: 5d}, {send: c2}]
  warm:
    steps: [{send: w1}]
"""
RESTING = """
program: garden
timezone: Europe/Berlin
after_end: newsletter_only
"""
BIRTHDAY = """
  cold:
    enter: {date: {field: dates.birthday, offset: -2d, at: "10:00", yearly: true}, when: {consent: marketing}}
    reentry: {after: 300d}
    steps: [{send: c1}]
"""


@pytest.fixture
def garden(sessions, clock, tmp_path):
    return Garden(sessions, clock, tmp_path / "garden")


def one_chain(steps: str) -> str:
    return f"  cold:\n    enter: {{when: {{consent: marketing}}}}\n    steps: [{steps}]\n"


def sends_form(garden: Garden, lead_id: int, form: str) -> None:
    with garden.sessions.begin() as session:
        said = NewSignal(lead_id, "form_submitted", garden.clock.now, "form", data={"form": form})
        add(session, [said], now=garden.clock.now)


def with_date(garden: Garden, name: str, **dates: str) -> int:
    lead_id = garden.lead(name, dates=dates)
    with garden.sessions.begin() as session:
        lead_rows.refold(session, [lead_id])
    return lead_id


def on_dates(garden: Garden) -> int:
    return enter_on_dates(garden.sessions, now=garden.clock.now)


def test_a_signal_lets_a_lead_in_and_history_does_not(garden):
    garden.publish(ASKED, mails="c1 c2")
    anna, ben = garden.lead("anna"), garden.lead("ben")
    garden.signal(ben, "visited")
    garden.clock.advance(days=2)
    assert garden.enter(anna, ben) == 0
    garden.signal(anna, "visited")
    assert garden.enter(anna, ben) == 1
    assert garden.run(anna).entered_by == "by_signal"
    assert garden.enter(anna) == 0


def test_the_condition_beside_an_occasion_must_hold(garden):
    garden.publish(ASKED, mails="c1 c2")
    anna = garden.lead("anna", consent=False)
    garden.signal(anna, "visited")
    assert garden.enter(anna) == 0


def test_coming_again_takes_a_new_signal_and_the_time_that_is_said(garden):
    garden.publish(ASKED, mails="c1 c2")
    anna = garden.lead("anna")
    garden.signal(anna, "visited")
    garden.enter(anna)
    garden.pass_time(4)
    assert garden.run(anna).state == "ended"
    garden.signal(anna, "visited")
    assert garden.enter(anna) == 0, "too soon"
    garden.clock.advance(days=11)
    assert garden.enter(anna) == 0, "the old signal was used"
    garden.signal(anna, "visited")
    assert garden.enter(anna) == 1


def test_who_rests_at_the_end_comes_in_anew_by_an_occasion(garden):
    garden.publish(ASKED, head=RESTING, mails="c1 c2")
    anna = garden.lead("anna")
    garden.signal(anna, "visited")
    garden.enter(anna)
    garden.pass_time(4)
    assert garden.run(anna).resting_reason == "newsletter_only"
    garden.clock.advance(days=11)
    garden.signal(anna, "visited")
    assert garden.enter(anna) == 1
    first, second = garden.runs(anna)
    assert (first.state, first.exit_reason, second.state) == ("ended", "entered_anew", "active")
    garden.pass_time(4)
    assert garden.steps_sent(anna) == ["c1", "c2", "c1", "c2"]


def test_each_form_begins_a_run_beside_the_others_and_the_same_form_no_second_one(garden):
    garden.publish(BESIDE, mails="c1 c2 w1")
    anna = garden.lead("anna")
    sends_form(garden, anna, "webinar")
    assert garden.enter(anna) == 1
    garden.clock.advance(hours=2)
    assert garden.enter(anna) == 0
    sends_form(garden, anna, "another")
    assert garden.enter(anna) == 0
    sends_form(garden, anna, "webinar")
    assert garden.enter(anna) == 1
    assert garden.enter(anna) == 0
    assert [run.parallel for run in garden.runs(anna)] == [False, True]
    garden.pass_time(8)
    assert garden.steps_sent(anna) == ["c1", "c1", "c2", "c2"]
    assert [run.state for run in garden.runs(anna)] == ["ended", "ended"]


def test_a_run_beside_another_stays_in_its_chain_when_the_lead_warms(garden):
    garden.publish(BESIDE, mails="c1 c2 w1")
    anna = garden.lead("anna")
    sends_form(garden, anna, "webinar")
    garden.enter(anna)
    garden.clock.advance(hours=2)
    sends_form(garden, anna, "webinar")
    garden.enter(anna)
    garden.tick()
    garden.settle()
    assert garden.warm(anna, "cold", "warm") == 1
    states = {(run.parallel, run.state, run.exit_reason) for run in garden.runs(anna)}
    assert states == {(False, "ended", "warmed"), (True, "active", None), (False, "active", None)}


def test_one_occasion_lets_in_once_even_when_two_workers_look_at_the_same_moment(garden):
    garden.publish(BESIDE, mails="c1 c2 w1")
    anna = garden.lead("anna")
    sends_form(garden, anna, "webinar")
    garden.enter(anna)
    occasion = garden.run(anna).occasion
    assert occasion is not None
    with garden.sessions.begin() as session:
        one = next(iter(published(session).values()))
        again = Start(anna, one, "cold", "restart", None, {}, "", "by_form", parallel=True, occasion=occasion)
        assert begin(session, [again], now=garden.clock.now) == []


def test_a_birthday_lets_in_once_a_year_two_days_before(garden):
    garden.clock.moment = datetime(2026, 3, 1, 8, tzinfo=UTC)
    garden.publish(BIRTHDAY, mails="c1")
    anna = with_date(garden, "anna", birthday="1980-03-05")
    with_date(garden, "ben", birthday="1980-06-05")
    assert on_dates(garden) == 0, "the first look only begins"
    garden.clock.moment = datetime(2026, 3, 3, 8, 55, tzinfo=UTC)
    assert on_dates(garden) == 0
    garden.clock.moment = datetime(2026, 3, 3, 9, 5, tzinfo=UTC)
    assert on_dates(garden) == 1
    assert garden.run(anna).entered_by == "by_date"
    assert on_dates(garden) == 0
    garden.pass_time(1)
    garden.clock.moment = datetime(2027, 3, 3, 8, tzinfo=UTC)
    on_dates(garden)
    garden.clock.moment = datetime(2027, 3, 3, 10, tzinfo=UTC)
    assert on_dates(garden) == 1


def test_what_was_missed_while_nobody_looked_is_caught_up_within_a_week(garden):
    garden.clock.moment = datetime(2026, 3, 1, 8, tzinfo=UTC)
    garden.publish(BIRTHDAY, mails="c1")
    on_dates(garden)
    with_date(garden, "anna", birthday="1980-03-07")
    garden.clock.moment = datetime(2026, 3, 8, 8, tzinfo=UTC)
    assert on_dates(garden) == 1
    with_date(garden, "ben", birthday="1980-03-12")
    garden.clock.moment = datetime(2026, 3, 25, 8, tzinfo=UTC)
    assert on_dates(garden) == 0, "the tenth of March is too long ago"


def test_a_goal_is_counted_once_a_run_with_its_worth_held_out_leads_apart(garden):
    head = """
program: garden
timezone: Europe/Berlin
after_end: exit
goal: {when: {stage: customer}, value: {field: deal}, currency: EUR}
"""
    garden.publish(
        "  cold:\n    enter: {when: {consent: marketing}}\n    steps: [{send: c1}, {wait: 9d}]\n", head
    )
    anna = garden.lead("anna", fields={"deal": 1200})
    ben = garden.lead("ben")
    garden.enter(anna, ben)
    garden.tick()
    with garden.sessions.begin() as session:
        session.execute(
            Enrollment.__table__.update()
            .where(Enrollment.lead_id == ben)
            .values(state="resting", resting_reason="holdout")
        )
    garden.change(anna, stage="customer")
    garden.change(ben, stage="customer")
    for _time in range(2):
        with garden.sessions.begin() as session:
            leave_reached(session, [anna, ben], now=garden.clock.now)
    with garden.sessions() as session:
        rows = session.scalars(select(GoalMet).order_by(GoalMet.lead_id)).all()
        assert [(row.lead_id, row.value, row.currency, row.held_out) for row in rows] == [
            (anna, 1200, "EUR", False),
            (ben, None, "EUR", True),
        ]
        program_id = session.scalars(select(ProgramRow.id)).one()
        mine, apart = sums(session, program_id)
        assert ((mine.n, mine.value), (apart.n, apart.value)) == ((1, 1200), (1, None))
    assert garden.run(anna).exit_reason == "goal"


def test_a_goal_met_while_a_wait_runs_out_is_counted_too(garden):
    head = "program: garden\nafter_end: exit\ngoal: {when: {tag: bought}, value: 99}"
    garden.publish(
        "  cold:\n    enter: {when: {consent: marketing}}\n    steps: [{wait: 1d}, {send: c1}]\n", head
    )
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.change(anna, tags=["bought"])
    garden.pass_time(2)
    assert (garden.run(anna).exit_reason, garden.steps_sent(anna)) == ("goal", [])
    assert garden.value("SELECT value FROM goal_met") == 99


def test_hot_and_cold_and_hot_again_is_three_runs_and_each_goes_on_where_it_was(garden):
    garden.publish(
        """
  cold:
    enter: {when: {consent: marketing}}
    steps: [{send: c1}, {wait: 9d}, {send: c2}, {wait: 30d}]
  hot:
    steps: [{send: h1}, {wait: 9d}, {send: h2}]
"""
    )
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(1)
    garden.warm(anna, "cold", "hot")
    garden.pass_time(1)
    garden.warm(anna, "hot", "cold")
    garden.pass_time(10)
    garden.warm(anna, "cold", "hot")
    garden.pass_time(12, timedelta(hours=6))
    assert garden.steps_sent(anna) == ["c1", "h1", "c2", "h2"]
    assert len(garden.runs(anna)) == 4


def test_leaving_on_a_hand_over_is_the_programs_to_say(garden):
    head = "program: garden\nexit_on: [hand_over]"
    garden.publish(one_chain("{wait: 9d}"), head)
    anna = garden.lead("anna")
    garden.enter(anna)
    with garden.sessions.begin() as session:
        assert leave.leave_on(session, [anna], "reply", "replied", now=garden.clock.now) == 0
        assert leave.leave_on(session, [anna], "hand_over", "handed_over", now=garden.clock.now) == 1
    assert garden.run(anna).exit_reason == "handed_over"
