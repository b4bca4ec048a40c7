"""Two leads are one person: it counts once in each comparison, and stays without mails if it came in so."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from nurture.flows.merge_leads import merge
from nurture.flows.reach_goals import leave_reached
from nurture.flows.unmerge_leads import undo_merge
from nurture.rules.entering import held_out
from nurture.rules.program import read
from nurture.store.views import recounts
from tests.flows.garden import HEAD, PEPPER, Garden

CHAINS = """
  cold:
    enter: {when: {consent: marketing}}
    steps:
      - send: one
      - {wait: 5d, key: pause}
      - split: {name: subject, weights: {a: 50, b: 50}}
        a: [{send: price}]
        b: [{send: story}]
        key: way
"""
GOAL = HEAD + "goal: {when: {tag: goal}}\n"


@pytest.fixture
def garden(sessions, clock, tmp_path):
    """Whatever is merged and taken apart in it, in the end the counters are what counting says."""
    garden = Garden(sessions, clock, tmp_path / "garden")
    yield garden
    with sessions() as session:
        assert recounts.differences(session) == []


def arms(garden, *leads):
    """(lead, program or chain or step, way, met) of these leads, by place."""
    with garden.sessions() as session:
        rows = session.execute(
            text(
                "SELECT lead_id, CASE WHEN chain_id = 0 THEN 'program' WHEN step_key = '' THEN 'chain'"
                " ELSE step_key END AS place, way, met_at IS NOT NULL AS met FROM arm_lead"
                " WHERE lead_id = ANY(:leads) ORDER BY lead_id, chain_id, step_key"
            ),
            {"leads": list(leads)},
        )
        return [tuple(row) for row in rows]


def merged(garden, lead_id, other_id):
    with garden.sessions.begin() as session:
        return merge(session, lead_id, other_id, pepper=PEPPER, by="mia", now=garden.clock.now).id


def parted(garden, merge_id):
    with garden.sessions.begin() as session:
        undo_merge(session, merge_id, pepper=b"pepper", by="mia", now=garden.clock.now)


def meet_the_goal(garden, lead_id):
    with garden.sessions.begin() as session:
        session.execute(
            text("UPDATE lead SET tags = '{goal}', folded_tags = '{goal}' WHERE id = :id"), {"id": lead_id}
        )
        leave_reached(session, [lead_id], now=garden.clock.now)


def came_a_day_apart(garden):
    """The one who came first, and the one who came a day later."""
    early, late = garden.lead("early"), garden.lead("late", held_at=garden.clock.now)
    garden.enter(early)
    garden.pass_time(1)
    garden.change(late, held_at=None)
    garden.enter(late)
    garden.pass_time(1)
    return early, late


def test_a_person_counts_once_by_the_arm_it_came_into_first(garden):
    garden.publish(CHAINS, head=GOAL)
    early, late = came_a_day_apart(garden)
    before = arms(garden, early, late)
    first = garden.value("SELECT min(at) FROM arm_lead")
    merge_id = merged(garden, late, early)
    assert arms(garden, early, late) == [(late, "program", "treated", False), (late, "chain", "in", False)]
    assert garden.value("SELECT max(at) FROM arm_lead") == first
    assert garden.value("SELECT sum(leads) FROM arm_day WHERE chain_id = 0") == 1
    parted(garden, merge_id)
    assert arms(garden, early, late) == before
    assert garden.value("SELECT sum(leads) FROM arm_day WHERE chain_id = 0") == 2


def test_a_goal_that_either_has_met_is_met_by_the_person_once(garden):
    garden.publish(CHAINS, head=GOAL)
    early, late = came_a_day_apart(garden)
    meet_the_goal(garden, late)
    merge_id = merged(garden, early, late)
    assert arms(garden, early, late) == [(early, "program", "treated", True), (early, "chain", "in", True)]
    assert garden.value("SELECT sum(met) FROM arm_day WHERE chain_id = 0") == 1
    parted(garden, merge_id)
    assert [(lead, met) for lead, place, _way, met in arms(garden, early, late) if place == "program"] == [
        (early, False),
        (late, True),
    ]


def test_a_goal_met_since_stays_with_the_one_who_stayed(garden):
    garden.publish(CHAINS, head=GOAL)
    early, late = came_a_day_apart(garden)
    merge_id = merged(garden, early, late)
    garden.clock.moment += timedelta(hours=1)
    meet_the_goal(garden, early)
    parted(garden, merge_id)
    assert [(lead, met) for lead, place, _way, met in arms(garden, early, late) if place == "program"] == [
        (early, True),
        (late, False),
    ]


def test_ways_that_only_the_other_took_are_the_persons(garden):
    garden.publish(CHAINS, head=GOAL)
    early, late = came_a_day_apart(garden)
    garden.pass_time(3.5)
    [(_lead, _place, way, _met)] = [one for one in arms(garden, early, late) if one[1] == "way"]
    merge_id = merged(garden, late, early)
    assert (late, "way", way, False) in arms(garden, late)
    parted(garden, merge_id)
    assert (early, "way", way, False) in arms(garden, early)


def two_of_either_group(garden):
    """Somebody who is held out, and somebody who gets mails."""
    garden.publish(CHAINS, head=GOAL + "holdout: 50\n")
    program = read(garden.value("SELECT spec FROM program_version"))
    leads = [garden.lead(f"lead-{no}", held_at=garden.clock.now) for no in range(12)]
    held = {lead: held_out(program, lead) for lead in leads}
    return next(lead for lead in leads if held[lead]), next(lead for lead in leads if not held[lead])


def come(garden, lead_id):
    garden.change(lead_id, held_at=None)
    garden.enter(lead_id)
    garden.pass_time(1)


@pytest.mark.parametrize("stays", ["held", "mailed"])
def test_who_came_in_to_be_compared_gets_no_mails_as_the_other_lead_either(garden, stays):
    held, mailed = two_of_either_group(garden)
    come(garden, held)
    come(garden, mailed)
    merge_id = merged(garden, *((held, mailed) if stays == "held" else (mailed, held)))
    person = held if stays == "held" else mailed
    assert arms(garden, held, mailed)[0] == (person, "program", "held_out", False)
    garden.pass_time(9)
    assert garden.steps_sent(person) == ["one"]  # what had gone out before
    parted(garden, merge_id)
    garden.pass_time(9)
    assert garden.steps_sent(held) == [] and len(garden.steps_sent(mailed)) == 2


def test_who_got_mails_before_it_was_held_out_as_another_goes_on_getting_them(garden):
    held, mailed = two_of_either_group(garden)
    come(garden, mailed)
    come(garden, held)
    merge_id = merged(garden, held, mailed)
    assert arms(garden, held, mailed)[0] == (held, "program", "treated", False)
    garden.pass_time(9)
    assert len(garden.steps_sent(held)) == 2
    parted(garden, merge_id)
    before = garden.steps_sent(held)
    garden.pass_time(9)
    assert garden.steps_sent(held) == before
    assert garden.run(held).resting_reason == "holdout"
