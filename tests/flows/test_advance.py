"""Runs go along their chains: in real tables, over weeks of a clock that the test moves."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, text

from nurture.flows import pause_programs
from nurture.flows.advance import advance
from nurture.store import suppressions
from tests.flows.garden import BERLIN, HEAD, PEPPER, Garden

OFFICE = HEAD + 'window: {days: mon-fri, from: "09:00", to: "18:00", holidays: DE}\n'
COLD = "  cold:\n    enter: {when: {all: [{temperature: cold}, {consent: marketing}]}}\n    steps:\n"


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.fixture
def garden(sessions, clock, tmp_path):
    return Garden(sessions, clock, tmp_path / "garden")


def test_a_mail_then_a_wait_then_a_mail(garden):
    garden.publish(COLD + "      - send: one\n      - wait: 3d\n      - send: two\n")
    anna = garden.lead("anna")
    assert garden.enter(anna) == 1
    sent = garden.pass_time(5)
    assert [(at, step) for at, _lead, step in sent] == [
        (berlin("2026-03-03T11:00"), "one"),
        (berlin("2026-03-06T11:00"), "two"),
    ]
    assert (garden.run(anna).state, garden.run(anna).exit_reason) == ("ended", "done")


def test_a_wait_counts_from_acceptance_not_from_the_decision(garden):
    garden.publish(COLD + "      - send: one\n      - wait: 3d\n      - send: two\n")
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()
    garden.clock.advance(days=2)  # the server did not take it for two days
    assert garden.tick() == 0
    garden.settle()
    garden.tick()
    assert garden.run(anna).due_at == garden.clock.now + timedelta(days=3)


def test_office_hours_hold_over_a_weekend_and_the_reason_is_kept(garden):
    garden.publish(COLD + "      - wait: 4d\n      - send: one\n", OFFICE)
    anna = garden.lead("anna")
    garden.enter(anna)
    sent = garden.pass_time(7)
    assert [at for at, _lead, _step in sent] == [berlin("2026-03-09T09:00")]
    assert ("one", "deferred", "window") in garden.history(anna)


def test_a_lead_in_new_york_is_written_to_in_the_morning_of_new_york(garden):
    garden.publish(COLD + "      - send: one\n", OFFICE)
    garden.enter(garden.lead("nora", timezone="America/New_York"))
    sent = garden.pass_time(2)
    assert [at for at, _lead, _step in sent] == [berlin("2026-03-03T15:00")]


def test_an_immediate_welcome_ignores_the_night_but_the_next_mail_does_not(garden):
    garden.clock.set(berlin("2026-03-03T23:00"))
    garden.publish(
        COLD + "      - {send: one, immediate: true}\n      - {send: two, immediate: true}\n", OFFICE
    )
    garden.enter(garden.lead("anna"))
    sent = garden.pass_time(1)
    assert [at for at, _lead, _step in sent] == [berlin("2026-03-03T23:00"), berlin("2026-03-04T09:00")]


def test_the_cap_defers_the_third_mail_until_the_first_is_a_week_old(garden):
    head = OFFICE + "frequency: {max: 2, per: 7d}\n"
    garden.publish(COLD + "      - send: one\n      - send: two\n      - send: three\n", head)
    anna = garden.lead("anna")
    garden.enter(anna)
    sent = garden.pass_time(8)
    assert [at for at, _lead, _step in sent] == [
        berlin("2026-03-03T11:00"), berlin("2026-03-03T11:00"), berlin("2026-03-10T11:00"),
    ]  # fmt: skip
    assert ("three", "deferred", "frequency") in garden.history(anna)


def test_a_cap_that_skips_leaves_the_mail_out(garden):
    head = HEAD + "frequency: {max: 1, per: 7d, over: skip}\n"
    garden.publish(
        COLD + "      - send: one\n      - send: two\n      - wait: 8d\n      - send: three\n", head
    )
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(9)
    assert garden.steps_sent(anna) == ["one", "three"]
    assert ("two", "skipped", "frequency") in garden.history(anna)


def test_a_click_wakes_the_wait_at_once_and_silence_ends_it_by_its_deadline(garden):
    garden.publish(
        COLD + "      - send: one\n      - wait_for: {signal: clicked, mail: one, within: 5d}\n"
        "        then: [{send: thanks}]\n        else: [{send: again}]\n"
    )
    anna, ben = garden.lead("anna"), garden.lead("ben")
    garden.enter(anna, ben)
    garden.pass_time(1)
    garden.signal(anna, "clicked", "one")
    garden.signal(ben, "opened", "one")
    garden.pass_time(0)
    assert garden.steps_sent(anna) == ["one", "thanks"]
    assert garden.steps_sent(ben) == ["one"]
    garden.pass_time(5)
    assert garden.steps_sent(ben) == ["one", "again"]


def test_a_click_during_the_wait_before_counts_when_its_mail_is_named(garden):
    garden.publish(
        COLD + "      - send: one\n      - wait: 2d\n"
        "      - wait_for: {signal: clicked, mail: one, within: 2d}\n        then: [{send: thanks}]\n"
    )
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(1)
    garden.signal(anna, "clicked", "one")
    garden.pass_time(1.2)
    assert garden.steps_sent(anna) == ["one", "thanks"]


def test_branches_look_at_the_lead_and_at_tags_set_just_before(garden):
    garden.publish(
        COLD + "      - branch:\n"
        "          - when: {field: company.size, gte: 50}\n            steps: [{send: large}]\n"
        "          - when: {field: country, eq: DE}\n            steps: [{tag: [german]}]\n"
        "      - set: {field: interest, to: pricing}\n"
        "      - branch:\n"
        "          - when: {tag: german}\n            steps: [{send: hallo}]\n"
        "          - else: true\n            steps: [{send: hello}]\n"
    )
    anna, ben = garden.lead("anna", country="DE"), garden.lead("ben", country="FR")
    garden.enter(anna, ben)
    garden.pass_time(0)
    assert (garden.steps_sent(anna), garden.steps_sent(ben)) == (["hallo"], ["hello"])
    with garden.sessions() as session:
        rows = session.execute(text("SELECT tags, fields FROM lead ORDER BY id")).all()
    assert rows == [(["german"], {"interest": "pricing"}), ([], {"interest": "pricing"})]


def test_without_consent_nothing_goes_out_and_the_reason_is_kept(garden):
    garden.publish(COLD + "      - wait: 1d\n      - send: one\n")
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.withdraw(anna)
    assert garden.pass_time(2) == []
    assert ("one", "skipped", "no_consent") in garden.history(anna)


def test_a_suppressed_address_is_not_written_to(garden):
    garden.publish(COLD + "      - send: one\n")
    anna = garden.lead("anna")
    with garden.sessions.begin() as session:
        digest = suppressions.address_hash(PEPPER, "anna@muster.example")
        suppressions.suppress(
            session, [suppressions.NewSuppression(digest, "complaint")], now=garden.clock.now
        )
    garden.enter(anna)
    assert garden.pass_time(1) == []
    assert ("one", "skipped", "suppressed") in garden.history(anna)


def test_a_paused_program_sends_nothing_and_goes_on_when_resumed(garden):
    loaded = garden.publish(COLD + "      - wait: 1d\n      - send: one\n")
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()
    with garden.sessions.begin() as session:
        pause_programs.pause(session, loaded.program_id, now=garden.clock.now)
    assert garden.pass_time(2) == []
    with garden.sessions.begin() as session:
        pause_programs.resume(session, loaded.program_id, now=garden.clock.now)
    garden.pass_time(0)
    assert garden.steps_sent(anna) == ["one"]


def test_the_goal_ends_the_run_before_the_next_mail(garden):
    garden.publish(
        COLD + "      - wait: 1d\n      - send: one\n", HEAD + "goal: {when: {stage: opportunity}}\n"
    )
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()
    garden.change(anna, stage="opportunity")
    assert garden.pass_time(2) == []
    assert (garden.run(anna).state, garden.run(anna).exit_reason) == ("ended", "goal")


def test_a_loop_comes_round_after_its_wait_and_sends_under_a_new_pass(garden):
    garden.publish(COLD + "      - send: one\n      - wait: 2d\n      - goto: {step: one}\n")
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(5)
    assert garden.steps_sent(anna) == ["one", "one", "one"]
    assert garden.run(anna).pass_no == 3


def test_a_lead_goes_to_the_warm_chain_and_is_not_written_the_same_twice(garden):
    garden.publish(
        COLD + "      - send: one\n      - goto: {chain: warm}\n"
        "  warm:\n    steps:\n      - send: two\n      - wait: 1d\n      - goto: {chain: cold}\n"
    )
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(10)
    assert garden.steps_sent(anna) == ["one", "two"]
    assert (garden.run(anna).state, garden.run(anna).resting_reason) in {
        ("resting", "circle"),
        ("ended", None),
    }


def test_the_end_rests_with_a_date_unless_the_program_says_exit(garden):
    garden.publish(COLD + "      - send: one\n", HEAD.replace("exit", "newsletter_only"))
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(0.2)
    run = garden.run(anna)
    assert (run.state, run.resting_reason) == ("resting", "newsletter_only")
    assert run.due_at - garden.clock.now > timedelta(days=80)
    garden.pass_time(100, step=timedelta(days=1))
    assert garden.run(anna).due_at > garden.clock.now
    assert garden.steps_sent(anna) == ["one"]


def test_repeat_starts_again_after_the_reentry_time(garden):
    head = HEAD.replace("exit", "repeat")
    chains = COLD.replace("    steps", "    reentry: {after: 10d}\n    steps") + "      - send: one\n"
    garden.publish(chains, head)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(25, step=timedelta(hours=12))
    assert garden.steps_sent(anna) == ["one", "one", "one"]


def test_a_finished_chain_is_told_to_the_receivers_once(garden):
    with garden.sessions.begin() as session:
        session.execute(
            text("INSERT INTO webhook_endpoint (url, created_at) VALUES ('https://crm.example/in', now())")
        )
    garden.publish(COLD + "      - exit: no_answer\n")
    garden.enter(garden.lead("anna"))
    garden.pass_time(1)
    body = garden.value(
        "SELECT convert_from(body, 'UTF8') FROM webhook_message WHERE type = 'chain.finished'"
    )
    assert '"reason":"no_answer"' in body
    assert garden.value("SELECT count(*) FROM webhook_message WHERE type = 'chain.finished'") == 1


def test_a_hand_over_step_makes_the_hand_off_and_the_chain_goes_on(garden):
    garden.publish(COLD + "      - hand_over: {}\n      - send: one\n")
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(0)
    assert garden.value("SELECT cause FROM handoff WHERE lead_id = :id", id=anna) == "step"
    assert garden.value("SELECT stage FROM lead WHERE id = :id", id=anna) == "sales_ready"
    assert garden.steps_sent(anna) == ["one"]


def test_a_decision_taken_twice_makes_one_delivery(garden):
    garden.publish(COLD + "      - send: one\n")
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()
    garden.settle()
    with garden.sessions.begin() as session:  # as if the run had been restored from before its send
        session.execute(
            text("UPDATE enrollment SET due_at = :now, settled_state = NULL"), {"now": garden.clock.now}
        )
    garden.tick()
    assert garden.value("SELECT count(*) FROM delivery") == 1
    assert garden.run(anna).state == "ended"


def test_counters_agree_with_a_recount(garden):
    garden.publish(COLD + "      - send: one\n      - wait: 3d\n      - send: two\n")
    leads = [garden.lead(f"lead{n}") for n in range(7)]
    garden.enter(*leads)
    garden.pass_time(1)
    waiting = (
        "SELECT sum(CASE what WHEN 'entered' THEN n WHEN 'left' THEN -n ELSE 0 END) FROM step_count WHERE "
    )
    assert garden.value(waiting + "step_key = 'wait-1'") == 7
    assert garden.value(waiting + "step_key = 'one'") == 0
    garden.withdraw(leads[0])
    garden.pass_time(4)
    assert garden.value("SELECT n FROM step_count WHERE step_key = 'two' AND what = 'sent'") == 6
    assert garden.value("SELECT n FROM step_count WHERE step_key = 'two' AND what = 'skipped'") == 1
    assert garden.value(waiting + "true") == 0


def test_a_batch_costs_as_many_statements_as_one_lead(garden, engine):
    garden.publish(COLD + "      - send: one\n      - wait: 1d\n")
    statements = []
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    costs = []
    for size in (1, 120):
        garden.enter(*[garden.lead(f"lead{size}-{n}") for n in range(size)])
        statements.clear()
        assert advance(garden.sessions, PEPPER, now=garden.clock.now) == size
        costs.append(len(statements))
    assert costs[1] <= costs[0]


def test_two_workers_never_take_the_same_run(garden):
    garden.publish(COLD + "      - send: one\n")
    garden.enter(*[garden.lead(f"lead{n}") for n in range(30)])
    with garden.sessions.begin() as session:
        session.execute(
            text("SELECT id FROM enrollment WHERE id % 2 = 0 FOR UPDATE")
        ).all()  # the other worker holds half of them
        assert advance(garden.sessions, PEPPER, now=garden.clock.now) == 15
    assert advance(garden.sessions, PEPPER, now=garden.clock.now) == 15
    assert garden.value("SELECT count(*) FROM delivery") == 30


def test_a_mail_that_missed_its_window_waits_for_the_next_one(garden):
    garden.clock.set(berlin("2026-03-06T17:59"))  # a Friday
    garden.publish(COLD + "      - send: one\n", OFFICE)
    garden.enter(garden.lead("anna"))
    garden.tick()  # ready to go, but sending is stopped
    assert garden.value("SELECT params ->> 'until' FROM delivery") == "2026-03-06T17:00:00+00:00"
    garden.clock.set(berlin("2026-03-07T12:00"))
    garden.tick()
    due_at, until = (
        garden.value("SELECT due_at FROM delivery"),
        garden.value("SELECT params ->> 'until' FROM delivery"),
    )
    assert due_at == berlin("2026-03-09T09:00")
    assert until == "2026-03-09T17:00:00+00:00"
    garden.clock.set(berlin("2026-03-09T09:00"))
    garden.tick()
    assert garden.value("SELECT due_at FROM delivery") == berlin("2026-03-09T09:00")
