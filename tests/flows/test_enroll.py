"""Leads enter programs, change chains with their temperature, and leave."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from nurture.flows import enroll, leave, programs, segments
from nurture.flows.advance import advance
from nurture.flows.judge_leads import judge_leads
from nurture.flows.reach_goals import leave_reached
from nurture.store.steps import FlowCount
from tests.flows.garden import HEAD, PEPPER, Garden
from tests.flows.two_chains import CHAINS, MAILS


@pytest.fixture
def garden(sessions, clock, tmp_path):
    return Garden(sessions, clock, tmp_path / "garden")


def test_a_lead_enters_the_chain_of_its_temperature(garden):
    garden.publish(CHAINS, mails=MAILS)
    anna, ben = garden.lead("anna"), garden.lead("ben", temperature="warm")
    assert garden.enter(anna, ben) == 2
    garden.pass_time(0)
    assert (garden.steps_sent(anna), garden.steps_sent(ben)) == (["c1"], ["w1"])


def test_nobody_enters_twice_without_consent_or_into_a_draft(garden):
    folder = garden.write(CHAINS, mails=MAILS)
    anna, ben = garden.lead("anna"), garden.lead("ben", consent=False)
    with garden.sessions.begin() as session:
        programs.load_folder(session, folder, publish=False, now=garden.clock.now, by="mia")
    assert garden.enter(anna, ben) == 0
    garden.publish(CHAINS, mails=MAILS)
    assert garden.enter(anna, ben) == 1
    assert garden.enter(anna, ben) == 0
    assert len(garden.runs(anna)) == 1


def test_entering_again_from_outside_waits_for_the_reentry_time(garden):
    garden.publish(CHAINS, mails=MAILS)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(5)
    assert garden.run(anna).state == "ended"
    assert garden.enter(anna) == 0
    garden.clock.advance(days=30)
    assert garden.enter(anna) == 1


def test_without_reentry_a_chain_is_entered_once(garden):
    garden.publish(CHAINS, mails=MAILS)
    ben = garden.lead("ben", temperature="warm")
    garden.enter(ben)
    garden.pass_time(3)
    garden.clock.advance(days=400)
    assert garden.enter(ben) == 0


def test_whoever_has_reached_the_goal_does_not_enter(garden):
    garden.publish(CHAINS, HEAD + "goal: {when: {stage: customer}}\n", MAILS)
    assert garden.enter(garden.lead("anna", stage="customer")) == 0


def test_warming_leaves_the_cold_chain_and_cancels_what_is_not_yet_sent(garden):
    garden.publish(CHAINS, mails=MAILS)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()  # c1 is ready to go
    assert garden.warm(anna, "cold", "warm") == 1
    assert garden.value("SELECT state FROM delivery WHERE step_key = 'c1'") == "cancelled"
    garden.pass_time(0)
    assert garden.steps_sent(anna) == ["w1"]
    old, new = garden.runs(anna)
    assert (old.state, old.exit_reason, new.state) == ("ended", "warmed", "active")


def test_cooling_resumes_after_the_last_step_sent_there(garden):
    garden.publish(CHAINS, mails=MAILS)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(1)
    garden.warm(anna, "cold", "warm")
    garden.pass_time(1)
    garden.warm(anna, "warm", "cold")
    garden.pass_time(9)
    assert garden.steps_sent(anna) == ["c1", "w1", "c2", "c3"]
    assert [run.exit_reason for run in garden.runs(anna)] == ["warmed", "cooled", "done"]


def test_restart_begins_anew_and_rest_waits_for_the_next_change(garden):
    garden.publish(CHAINS, HEAD + "on_warm: rest\non_cool: restart\n", MAILS)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(1)
    garden.warm(anna, "cold", "warm")
    garden.pass_time(20)
    run = garden.run(anna)
    assert (run.state, run.resting_reason) == ("resting", "rest")
    assert run.due_at > garden.clock.now
    garden.warm(anna, "warm", "cold")
    garden.pass_time(1)
    assert garden.steps_sent(anna) == ["c1", "c1"]


def test_a_program_without_a_hot_chain_keeps_the_lead_where_it_is(garden):
    garden.publish(CHAINS, mails=MAILS)
    anna = garden.lead("anna", temperature="warm")
    garden.enter(anna)
    assert garden.warm(anna, "warm", "hot") == 0
    assert garden.run(anna).state == "active"


def test_moving_twice_moves_once(garden):
    garden.publish(CHAINS, mails=MAILS)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(1)
    assert garden.warm(anna, "cold", "warm") == 1
    assert garden.warm(anna, "cold", "warm") == 0


def test_leaving_ends_every_run_and_stops_every_mail(garden):
    garden.publish(CHAINS, mails=MAILS)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()
    with garden.sessions.begin() as session:
        assert leave.leave_all(session, [anna], "unsubscribed", now=garden.clock.now) == 1
    assert garden.pass_time(10) == []
    assert garden.run(anna).exit_reason == "unsubscribed"


def test_leaving_one_purpose_leaves_the_programs_of_another(garden):
    garden.publish(CHAINS, mails=MAILS)
    anna = garden.lead("anna")
    garden.enter(anna)
    with garden.sessions.begin() as session:
        assert leave.leave_all(session, [anna], "left", now=garden.clock.now, purpose="events") == 0
        assert leave.leave_all(session, [anna], "left", now=garden.clock.now, purpose="marketing") == 1


def test_the_goal_ends_a_run_the_moment_it_is_met(garden):
    garden.publish(CHAINS, HEAD + "goal: {when: {stage: opportunity}}\n", MAILS)
    anna, ben = garden.lead("anna"), garden.lead("ben")
    garden.enter(anna, ben)
    garden.tick()
    garden.change(anna, stage="opportunity")
    with garden.sessions.begin() as session:
        assert leave_reached(session, [anna, ben], now=garden.clock.now) == 1
    garden.pass_time(0)
    assert (garden.steps_sent(anna), garden.steps_sent(ben)) == ([], ["c1"])


def test_the_held_out_are_listed_and_never_mailed_even_when_they_warm(garden):
    garden.publish(CHAINS, HEAD + "holdout: 30\n", MAILS)
    leads = [garden.lead(f"lead{n}") for n in range(100)]
    assert garden.enter(*leads) == 100
    held = [lead for lead in leads if garden.run(lead).resting_reason == "holdout"]
    assert 15 < len(held) < 45
    assert garden.warm(held[0], "cold", "warm") == 0
    garden.pass_time(3, step=timedelta(hours=12))
    assert {lead for _at, lead, _step in garden.sent()} == set(leads) - set(held)


def test_leads_imported_before_publishing_enter_afterwards(garden):
    leads = [garden.lead(f"lead{n}") for n in range(25)]
    garden.publish(CHAINS, mails=MAILS)
    assert enroll.enter_existing(garden.sessions, now=garden.clock.now, batch=10) == 25
    assert enroll.enter_existing(garden.sessions, now=garden.clock.now, batch=10) == 0
    assert advance(garden.sessions, PEPPER, now=garden.clock.now) == len(leads)


def test_moves_are_counted_by_day(garden):
    garden.publish(CHAINS, mails=MAILS)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(1)
    garden.warm(anna, "cold", "warm")
    garden.pass_time(3)
    with garden.sessions() as session:
        rows = {(row.old, row.new): row.n for row in session.scalars(select(FlowCount))}
    assert rows == {("", "cold"): 1, ("cold", "warm"): 1, ("warm", ""): 1}


ASKING = """
  cold:
    enter: {when: {all: [{signal: clicked, at_least: 2, within: 7d}, {not: {signal: note, mail: c1}}]}}
    steps: [{send: c1}]
"""


def test_a_door_that_asks_for_signals_sees_those_it_asks_for(garden):
    garden.publish(ASKING)
    anna, ben, carla = garden.lead("anna"), garden.lead("ben"), garden.lead("carla")
    for lead_id in (anna, ben, carla):
        garden.signal(lead_id, "clicked")
    garden.clock.advance(days=8)
    for lead_id in (anna, carla):
        garden.signal(lead_id, "clicked")
        garden.signal(lead_id, "clicked")
    garden.signal(ben, "clicked")
    garden.signal(carla, "note", mail="c1")
    assert garden.enter(anna, ben, carla) == 1
    assert len(garden.runs(anna)) == 1
    garden.signal(ben, "clicked")
    assert garden.enter(anna, ben, carla) == 1


def test_judging_lets_in_by_the_signals_that_only_the_door_asks_for(garden):
    garden.publish(ASKING)
    anna, ben = garden.lead("anna"), garden.lead("ben")
    garden.signal(anna, "clicked")
    garden.signal(anna, "clicked")
    with garden.sessions.begin() as session:
        judge_leads(session, [anna, ben], now=garden.clock.now)
    assert (len(garden.runs(anna)), len(garden.runs(ben))) == (1, 0)


def test_judging_ends_a_run_whose_goal_is_a_signal(garden):
    goal = HEAD + "goal: {when: {signal: meeting_requested, within: 7d}}\n"
    garden.publish(CHAINS, head=goal, mails=MAILS)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.signal(anna, "meeting_requested")
    with garden.sessions.begin() as session:
        judge_leads(session, [anna], now=garden.clock.now)
    assert garden.run(anna).exit_reason == "goal"
    assert garden.enter(anna) == 0


def test_judging_lets_in_by_the_segment_that_judging_itself_put_a_lead_into(garden):
    told = {"key": "clickers", "name": "Clickers", "condition": {"signal": "clicked"}}
    with garden.sessions.begin() as session:
        segments.create(session, told, now=garden.clock.now)
    garden.publish("  cold:\n    enter: {when: {segment: clickers}}\n    steps: [{send: c1}]\n")
    anna, ben = garden.lead("anna"), garden.lead("ben")
    garden.signal(anna, "clicked")
    with garden.sessions.begin() as session:
        judge_leads(session, [anna, ben], now=garden.clock.now)
    assert (len(garden.runs(anna)), len(garden.runs(ben))) == (1, 0)
