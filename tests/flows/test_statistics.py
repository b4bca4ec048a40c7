"""The statistics of a chain are exactly what happened to those who went through it."""

from datetime import timedelta
from importlib import import_module

import pytest
from sqlalchemy import text

from nurture.flows import leave, pause_programs, statistics
from nurture.flows.statistics import Asked
from nurture.flows.unsubscribe import unsubscribe
from nurture.rules.entering import held_out
from nurture.rules.statistics.comparing import Group
from nurture.store.views import recounts
from tests.flows.garden import Garden
from tests.flows.goals import CHAINS, GOAL, reach
from tests.flows.mailroom import Mailroom, mailer
from tests.mail.scripted_smtp import ScriptedSmtp

ALL = Asked()


@pytest.fixture
def garden(sessions, clock, tmp_path):
    """Whatever happens in it, in the end the counters are what counting says."""
    garden = Garden(sessions, clock, tmp_path / "garden")
    yield garden
    with sessions() as session:
        assert recounts.differences(session) == []


def chain(garden: Garden, temperature: str = "cold", asked: Asked = ALL):
    chain_id = garden.value("SELECT id FROM chain WHERE temperature = :t", t=temperature)
    with garden.sessions() as session:
        return statistics.of_chain(session, chain_id, asked, now=garden.clock.now)


def program(garden: Garden, asked: Asked = ALL):
    with garden.sessions() as session:
        number = garden.value("SELECT id FROM program")
        return statistics.of_program(session, number, asked, now=garden.clock.now)


def step(found, key):
    return next(one for one in found.steps if one.key == key)


def replies(garden: Garden, lead_id: int) -> None:
    with garden.sessions.begin() as session:
        leave.leave_on(session, [lead_id], "reply", "replied", now=garden.clock.now)


def leaves(garden: Garden, lead_id: int) -> None:
    with garden.sessions.begin() as session:
        unsubscribe(session, lead_id, None, how="page", proof={}, now=garden.clock.now)


def test_each_step_tells_who_came_who_left_how_and_after_how_long(garden):
    garden.publish(CHAINS, head=GOAL)
    ada, ben, cleo, dan = (garden.lead(name) for name in ("ada", "ben", "cleo", "dan"))
    dora = garden.lead("dora", tags=["keen"])
    garden.enter(ada, ben, cleo, dan, dora)
    garden.pass_time(1)
    replies(garden, ada)
    leaves(garden, ben)
    reach(garden, cleo)
    garden.pass_time(4)

    found = chain(garden)
    assert (found.passage.came, dict(found.passage.entered)) == (5, {"outside": 5})
    assert found.passage.left == {"done": 2, "left:replied": 1, "left:unsubscribed": 1, "goal": 1}
    assert step(found, "welcome").passage.left == {"next": 5}
    assert step(found, "welcome").mails.sent == 5
    assert step(found, "pause").passage.left == {
        "next": 2, "left:replied": 1, "left:unsubscribed": 1, "goal": 1,
    }  # fmt: skip
    assert step(found, "way").passage.left == {"way:1": 1, "way:else": 1}
    assert step(found, "price").passage.left == {"done": 1}
    assert step(found, "pause").passage.exits.out == 2
    exits = step(found, "pause").passage
    assert exits.median_s == pytest.approx(timedelta(days=1) / timedelta(seconds=1), rel=0.05)
    assert exits.mean_s == pytest.approx((3 * 1 + 2 * 3) / 5 * 86400, rel=0.02)


def test_the_goal_counts_once_for_each_lead_and_with_its_worth(garden):
    garden.publish(CHAINS, head=GOAL)
    leads = [garden.lead(f"lead-{no}") for no in range(4)]
    garden.enter(*leads)
    garden.pass_time(1)
    reach(garden, leads[0], leads[0])
    reach(garden, leads[0])
    found = chain(garden)
    assert found.converted.group == Group(4, 1)
    assert (found.goals.met, found.goals.worth) == (1, {"EUR": 4000})
    assert program(garden).converted.group == Group(4, 1)


def test_who_answers_and_is_won_by_it_counts_though_the_run_is_over(garden):
    garden.publish(CHAINS, head=GOAL)
    ada, ben = garden.lead("ada"), garden.lead("ben")
    garden.enter(ada, ben)
    garden.pass_time(1)
    replies(garden, ada)
    replies(garden, ben)
    garden.clock.moment += timedelta(days=10)
    reach(garden, ada)
    garden.clock.moment += timedelta(days=100)
    reach(garden, ben)
    found = chain(garden)
    assert found.converted.group == Group(2, 1)
    assert (found.goals.met, found.goals.worth) == (1, {"EUR": 4000})


def test_a_mail_that_comes_back_at_the_door_of_the_server_has_bounced(garden, tmp_path):
    garden.publish(CHAINS)
    garden.enter(garden.lead("ada"), garden.lead("ben"), garden.lead("cleo"))
    garden.tick()
    refusals = {"ben": "550 5.1.1 no such user", "cleo": "554 5.7.1 no such words"}
    with ScriptedSmtp() as server:
        server.on = lambda phase, who: refusals.get(who.partition("@")[0]) if phase == "rcpt" else None
        Mailroom(garden.sessions, tmp_path / "post", mailer(server.url), garden.clock.now).run()
    for _again in range(2):
        found = step(chain(garden), "welcome").mails
        assert (found.sent, found.failed, found.bounced) == (1, 2, 1)
        with garden.sessions.begin() as session:  # what the migration finds of before it was counted
            session.execute(text("DELETE FROM step_day WHERE what = 'bounced'"))
            session.execute(text("DELETE FROM step_count WHERE what = 'bounced'"))
            session.execute(text(import_module("nurture.migrations.versions.0042_kept_nos")._CAME_BACK))


def test_a_lead_that_turns_warm_counts_in_both_chains_and_once_in_the_program(garden):
    garden.publish(CHAINS, head=GOAL)
    ada = garden.lead("ada")
    garden.enter(ada)
    garden.pass_time(1)
    garden.warm(ada, "cold", "warm")
    garden.pass_time(1 / 24)
    reach(garden, ada)
    assert chain(garden).passage.left == {"over:warm": 1}
    assert chain(garden).converted.group == Group(1, 1)
    assert dict(chain(garden, "warm").passage.entered) == {"cold": 1}
    assert chain(garden, "warm").converted.group == Group(1, 1)
    assert program(garden).converted.group == Group(1, 1)


def test_those_held_out_are_compared_from_when_they_would_have_come_in(garden):
    garden.publish(CHAINS, head=GOAL + "holdout: 50\n")
    leads = [garden.lead(f"lead-{no}") for no in range(20)]
    garden.enter(*leads)
    one = program(garden)
    held = [lead for lead in leads if held_out(one.program, lead)]
    treated = [lead for lead in leads if lead not in held]
    assert held and treated
    garden.pass_time(1)
    reach(garden, held[0], *treated[:2])
    found = program(garden)
    assert (found.converted.group, found.held_out) == (Group(len(treated), 2), Group(len(held), 1))
    assert found.lift is not None and found.lift.verdict == "not_enough"
    assert found.lift.leads_needed == 100 - len(treated) and found.lift.goals_needed == 7
    cold = chain(garden)
    assert cold.passage.came == len(treated)
    assert (cold.goals.met, cold.goals.held_out) == (2, 1)
    assert (cold.lift.group, cold.lift.against) == (found.lift.group, found.lift.against)


SPLIT = """
  cold:
    enter: {when: {all: [{temperature: cold}, {consent: marketing}]}}
    steps:
      - split: {name: subject, weights: {a: 50, b: 50}}
        key: test
        a: [{send: one}]
        b: [{send: two}]
      - {wait: 2d, key: pause}
      - {goto: {step: test}}
"""


def test_the_ways_of_a_split_are_compared_each_lead_once_however_often_it_comes_round(garden):
    garden.publish(SPLIT, head=GOAL)
    leads = [garden.lead(f"lead-{no}") for no in range(12)]
    garden.enter(*leads)
    garden.pass_time(5)
    ways = garden.value("SELECT count(*) FROM chain_event WHERE what = 'branched'")
    assert ways > 12
    reach(garden, leads[0])
    test = step(chain(garden), "test")
    assert sum(arm.group.leads for arm in test.ways) == 12
    assert sum(arm.group.met for arm in test.ways) == 1
    assert test.by_chance and test.ways[1].against.against == test.ways[0].group
    assert test.passage.came == ways


def test_an_edit_brings_runs_to_the_new_version_and_nobody_comes_or_goes_by_it(garden):
    garden.publish(CHAINS, head=GOAL)
    leads = [garden.lead(f"lead-{no}") for no in range(3)]
    garden.enter(*leads)
    garden.pass_time(1)
    later = CHAINS.replace("      - {wait: 3d, key: pause}\n", "").replace("send: welcome", "send: hello")
    garden.publish(CHAINS.replace("wait: 3d", "wait: 5d"), head=GOAL)
    old, new = (chain(garden, asked=Asked(version=no)) for no in (1, 2))
    assert (old.passage.moved_out, new.passage.moved_in, old.passage.exits.all) == (3, 3, 0)
    assert (step(old, "pause").passage.moved_out, step(new, "pause").passage.moved_in) == (3, 3)
    assert chain(garden).passage.came == 3 and chain(garden).passage.moved_in == 0
    garden.publish(later, head=GOAL)
    found = chain(garden)
    assert step(found, "pause").gone and step(found, "pause").passage.left == {"edited": 3}
    assert step(found, "way").passage.came == 3
    garden.pass_time(2)
    assert chain(garden).passage.left == {"done": 3}
    standing = garden.value("SELECT count(*) FROM enrollment WHERE state = 'active'")
    assert standing == 0


def test_the_last_week_is_not_all_time(garden):
    garden.publish(CHAINS, head=GOAL)
    garden.enter(garden.lead("ada"))
    garden.pass_time(20)
    garden.enter(garden.lead("ben"))
    garden.tick()
    assert chain(garden, asked=Asked(days=7)).passage.came == 1
    assert chain(garden, asked=Asked(days=30)).passage.came == 2
    assert step(chain(garden, asked=Asked(days=7)), "pause").passage.left == {}


def test_history_from_before_is_told_as_far_as_it_is_known(garden, engine):
    """What the migration fills in from runs, mails and their history is what was counted as it happened."""
    garden.publish(CHAINS, head=GOAL + "holdout: 30\n")
    leads = [garden.lead(f"lead-{no}", tags=["keen"] if no % 2 else []) for no in range(12)]
    garden.enter(*leads)
    garden.pass_time(1)
    ada, ben, cleo, dan = [lead for lead in leads if garden.run(lead).state == "active"][:4]
    replies(garden, ada)
    leaves(garden, ben)
    reach(garden, cleo)
    garden.warm(dan, "cold", "warm")
    garden.pass_time(4)
    with garden.sessions() as session:
        arms = session.execute(text("SELECT * FROM arm_day ORDER BY 1, 2, 3, 4, 5, 6")).all()
        kept = session.execute(text(_KEPT)).all()
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE step_day, arm_lead, arm_day"))
        filled = import_module("nurture.migrations.versions.0029_statistics")
        for statement in filled.FILL:
            connection.execute(text(statement))
    with garden.sessions() as session:
        assert session.execute(text("SELECT * FROM arm_day ORDER BY 1, 2, 3, 4, 5, 6")).all() == arms
        assert session.execute(text(_KEPT)).all() == kept


_KEPT = """
    SELECT chain_id, version_id, step_key, what, sum(n) FROM step_day
    WHERE what NOT LIKE 'stayed:%' AND what NOT IN ('left:next', 'left:done') AND what NOT LIKE 'left:over:%'
      AND what NOT LIKE 'left:left:%'
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


def test_a_pause_and_its_end_count_nobody_twice(garden):
    garden.publish(CHAINS, head=GOAL)
    garden.enter(garden.lead("ada"))
    garden.pass_time(1)
    before = chain(garden)
    with garden.sessions.begin() as session:
        pause_programs.pause(session, before.chain.program_id, now=garden.clock.now)
    garden.clock.moment += timedelta(days=30)
    with garden.sessions.begin() as session:
        pause_programs.resume(session, before.chain.program_id, now=garden.clock.now)
        pause_programs.decide_held(session, before.chain.program_id, go_on=False, now=garden.clock.now)
    garden.pass_time(1)
    found = chain(garden)
    assert found.passage.came == 1 and found.passage.left == {"done": 1}
