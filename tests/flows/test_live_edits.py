"""A live program is edited with leads at every kind of step: nobody gets a mail twice, nobody falls out."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from nurture.flows import programs
from nurture.store.deliveries import Delivery
from tests.flows.garden import HEAD, Garden
from tests.flows.published import publish

COLD = "  cold:\n    enter: {when: {temperature: cold}}\n    steps:\n"
EVERY_KIND = """\
      - {send: one, key: one}
      - {key: pause, wait: 3d}
      - {key: morning, wait_until: {weekday: [tue, thu], at: "10:00"}}
      - key: answer
        wait_for: {signal: clicked, mail: one, within: 5d}
        then: [{send: yes-mail}, {key: inner, wait: 6d}]
        else: [{send: no-mail}]
      - key: size
        branch:
          - {when: {tag: large}, steps: [{send: large}, {key: large-wait, wait: 4d}]}
          - {else: true, steps: [{send: small}]}
      - {key: marked, tag: [seen]}
      - {key: noted, set: {field: interest, to: stock}}
      - {send: last}
      - {key: bye, exit: done}
"""


@pytest.fixture
def garden(sessions, clock, tmp_path):
    return Garden(sessions, clock, tmp_path / "garden")


def cold(*steps):
    return COLD + "".join(f"      - {step}\n" for step in steps)


def spread_out(garden, n=40):
    """Leads that came one after the other, so that they stand at every kind of step."""
    leads = []
    for no in range(n):
        lead = garden.lead(
            f"lead-{no}", folded_tags=["large"] if no % 3 == 0 else [], tags=["large"] if no % 3 == 0 else []
        )
        garden.enter(lead)
        leads.append(lead)
        garden.pass_time(0.4, timedelta(hours=4))
        if no % 2 == 1:
            garden.signal(lead, "clicked", "one")
    return leads


def never_twice(garden, leads):
    with garden.sessions() as session:
        rows = session.execute(
            text(
                "SELECT d.lead_id, m.key FROM delivery d JOIN mail_version v ON v.id = d.mail_version_id"
                " JOIN mail m ON m.id = v.mail_id WHERE d.state = 'sent'"
            )
        ).all()
    doubled = [one for one, n in Counter((row.lead_id, row.key) for row in rows).items() if n > 1]
    assert doubled == []
    assert all(garden.run(lead).state == "ended" for lead in leads), "somebody is stuck"
    return rows


EDITS = {
    "every step gone but the last": cold("{send: last}"),
    "every wait gone": cold(
        "{send: one}", "{key: size, branch: [{when: {tag: large}, steps: [{send: large}]}, {else: true, "
        "steps: [{send: small}]}]}", "{send: last}", "{key: bye, exit: done}",
    ),
    "the order turned round": cold(
        "{send: last}", "{key: noted, set: {field: interest, to: stock}}", "{key: marked, tag: [seen]}",
        "{key: pause, wait: 1d}", "{send: one}", "{send: small}", "{key: bye, exit: done}",
    ),
    "every mail sent by steps of other names": cold(
        "{send: one, key: n-one}", "{key: n-pause, wait: 1d}", "{send: small, key: n-small}",
        "{send: large, key: n-large}", "{send: last, key: n-last}",
    ),
    "steps of another kind under the same names": cold(
        "{key: pause, send: extra}", "{key: one, wait: 1d}", "{key: answer, send: last}",
        "{key: size, wait: 2d}", "{key: last, tag: [over]}",
    ),
    "pulled out of their branches": cold(
        "{send: one}", "{key: inner, wait: 1d}", "{key: large-wait, wait: 1d}", "{send: large}",
        "{send: small}", "{send: last}",
    ),
    "nothing left but a new mail": cold("{send: news}"),
    "words only": COLD + EVERY_KIND.replace("wait: 3d", "wait: 1d"),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("inside", ["move", "finish"])
def test_with_leads_at_every_kind_of_step_nobody_gets_a_mail_twice_or_is_stuck(garden, edit, inside):
    publish(garden, COLD + EVERY_KIND)
    leads = spread_out(garden)
    stands = {garden.run(lead).step_key for lead in leads if garden.run(lead).state == "active"}
    assert {"pause", "answer", "inner", "large-wait"} <= stands
    publish(garden, EDITS[edit], inside=inside)
    garden.pass_time(40, timedelta(hours=12))
    never_twice(garden, leads)


@pytest.mark.parametrize("inside", ["move", "finish"])
def test_edit_after_edit_and_back_again_sends_nothing_twice(garden, inside):
    publish(garden, COLD + EVERY_KIND)
    leads = spread_out(garden, 20)
    for chains in (EDITS["every mail sent by steps of other names"], COLD + EVERY_KIND, *EDITS.values()):
        publish(garden, chains, inside=inside)
        garden.pass_time(1, timedelta(hours=6))
    publish(garden, COLD + EVERY_KIND, inside="move")
    garden.pass_time(40, timedelta(hours=12))
    never_twice(garden, leads)


def test_those_who_finish_get_the_old_way_to_its_end_and_newcomers_the_new_one(garden):
    publish(garden, cold("{send: one}", "{key: pause, wait: 2d}", "{send: two}"))
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(1)
    publish(garden, cold("{send: news}", "{key: pause, wait: 9d}", "{send: more}"), inside="finish")
    ben = garden.lead("ben")
    garden.enter(ben)
    garden.pass_time(12)
    assert garden.steps_sent(anna) == ["one", "two"]
    assert garden.steps_sent(ben) == ["news", "more"]
    assert [garden.run(lead).version_id for lead in (anna, ben)] == [1, 2]


def test_whoever_finished_on_the_old_version_wakes_up_in_the_new_one(garden):
    head = HEAD.replace("after_end: exit", "after_end: repeat")
    publish(garden, cold("{send: one}"), head=head)
    anna = garden.lead("anna")
    garden.enter(anna)
    publish(garden, cold("{send: two}"), inside="finish", head=head)
    garden.pass_time(100, timedelta(hours=12))
    assert garden.steps_sent(anna) == ["one", "two"]
    assert garden.run(anna).version_id == 2


def test_a_chain_that_goes_away_is_finished_by_those_who_may_finish_it(garden):
    warm = (
        "  warm:\n    steps:\n      - {send: w-one}\n      - {key: w-wait, wait: 2d}\n      - {send: w-two}\n"
    )
    publish(garden, cold("{send: one}", "{key: pause, wait: 90d}") + warm)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(0)
    garden.warm(anna, "cold", "warm")
    garden.pass_time(1)
    publish(garden, cold("{send: one}", "{key: pause, wait: 90d}"), inside="finish")
    garden.pass_time(3)
    assert garden.steps_sent(anna) == ["one", "w-one", "w-two"]


def test_a_shorter_wait_is_over_sooner_for_those_who_wait_already(garden):
    publish(garden, cold("{send: one}", "{key: pause, wait: 30d}", "{send: two}"))
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(3)
    publish(garden, cold("{send: one}", "{key: pause, wait: 2d}", "{send: two}"))
    garden.pass_time(0)
    assert garden.steps_sent(anna) == ["one", "two"]


def test_a_wider_window_lets_those_go_who_waited_for_it(garden):
    office = HEAD + 'window: {days: [mon], from: "09:00", to: "10:00"}\n'
    publish(garden, cold("{send: one}"), head=office)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()
    assert garden.run(anna).due_reason == "window"
    publish(garden, cold("{send: one}"), head=HEAD)
    garden.pass_time(0)
    assert garden.steps_sent(anna) == ["one"]


def test_a_mail_that_waits_to_go_out_goes_with_the_words_that_are_live(garden):
    publish(garden, cold("{send: one}"))
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()
    folder = garden.write(cold("{send: one}"))
    (folder / "mails" / "one.md").write_text("---\nsubject: Without the slip\n---\nHello.\n")
    with garden.sessions.begin() as session:
        programs.load_folder(session, folder, publish=True, now=garden.clock.now, by="mia")
    with garden.sessions() as session:
        subject = session.scalar(
            text("SELECT v.subject FROM delivery d JOIN mail_version v ON v.id = d.mail_version_id")
        )
    assert subject == "Without the slip"
    garden.pass_time(1)
    assert garden.steps_sent(anna) == ["one"]


def test_a_mail_that_is_on_the_wire_is_neither_changed_nor_sent_again(garden):
    publish(garden, cold("{send: one}", "{send: two}"))
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()
    with garden.sessions.begin() as session:
        session.execute(text("UPDATE delivery SET state = 'sending'"))
    publish(garden, cold("{send: one, key: renamed}", "{send: two}"))
    garden.tick()
    with garden.sessions.begin() as session:
        session.execute(text("UPDATE delivery SET state = 'ready' WHERE step_key = 'one'"))
    garden.pass_time(1)
    assert garden.steps_sent(anna) == ["one", "two"]


def test_a_cancelled_mail_comes_by_the_step_that_sends_it_now(garden):
    publish(garden, cold("{send: one}", "{key: pause, wait: 2d}"))
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()
    publish(garden, cold("{key: pause, wait: 2d}", "{send: one, key: later}"))
    garden.pass_time(4)
    assert garden.steps_sent(anna) == ["later"]


def test_whoever_comes_back_to_a_chain_goes_on_behind_the_step_that_was_taken_out(garden):
    steps = ("{send: one}", "{key: a, wait: 1d}", "{send: two}", "{key: b, wait: 30d}", "{send: three}")
    warm = "  warm:\n    steps:\n      - {key: rest, wait: 90d}\n"
    publish(garden, cold(*steps) + warm)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(3)
    garden.warm(anna, "cold", "warm")
    publish(garden, cold("{send: one}", "{key: a, wait: 1d}", "{send: three}", "{send: four}") + warm)
    publish(garden, cold("{send: one}", "{key: a, wait: 1d}", "{send: four}") + warm)
    garden.warm(anna, "warm", "cold")
    garden.pass_time(3)
    assert garden.steps_sent(anna) == ["one", "two", "four"]


def test_a_mail_that_moved_to_the_warm_chain_is_not_sent_again_to_whoever_had_it_cold(garden):
    warm = "  warm:\n    steps:\n      - {key: rest, wait: 1d}\n      - {send: w-one}\n"
    publish(garden, cold("{send: one}", "{key: a, wait: 9d}") + warm)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(1)
    publish(garden, cold("{key: a, wait: 9d}") + warm + "      - {send: one}\n")
    garden.warm(anna, "cold", "warm")
    garden.pass_time(4)
    assert garden.steps_sent(anna) == ["one", "w-one"]
    assert ("one", "skipped", "had_it") in garden.history(anna)


def test_a_run_that_comes_round_gets_its_mails_again_as_written(garden):
    head = HEAD.replace("after_end: exit", "after_end: repeat")
    publish(garden, cold("{send: one, key: first-name}"), head=head)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(1)
    publish(garden, cold("{send: one, key: second-name}"), head=head)
    ben = garden.lead("ben")
    garden.enter(ben)
    garden.pass_time(200, timedelta(hours=12))
    assert len(garden.steps_sent(ben)) == 3


def test_counters_say_who_stands_where_after_every_edit(garden):
    publish(garden, COLD + EVERY_KIND)
    spread_out(garden, 16)
    for chains in EDITS.values():
        publish(garden, chains)
        garden.tick()
        stands = "SELECT count(*) FROM enrollment WHERE state = 'active' AND step_key IS NOT NULL"
        counted = "SELECT sum(CASE what WHEN 'entered' THEN n WHEN 'left' THEN -n ELSE 0 END) FROM step_count"
        assert garden.value(counted) == garden.value(stands)


def test_of_one_lead_everything_is_told(garden):
    publish(garden, cold("{send: one}", "{key: pause, wait: 9d}", "{send: two}"))
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(1)
    publish(garden, cold("{send: one}", "{send: two}"))
    garden.pass_time(1)
    assert [line for line in garden.history(anna) if line[1] == "moved"] == [
        ("pause", "moved", "step_removed")
    ]
    with garden.sessions() as session:
        assert session.scalars(select(Delivery.state).order_by(Delivery.id)).all() == ["sent", "sent"]
