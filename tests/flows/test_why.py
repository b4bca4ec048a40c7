"""In any state that a garden of leads can come to, every lead and step has one answer that agrees with the
rows."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from nurture.flows import pause_programs
from nurture.flows.why import chain_stats, why
from nurture.rules.why import reasons_sentence, sentence
from nurture.store.deliveries import Delivery
from nurture.store.programs import ChainRow
from tests.flows.cold_chain import COLD, STEPS
from tests.flows.garden import HEAD, Garden
from tests.flows.published import publish

# The same chain after edits: steps gone, others new, one that means something else.
VERSIONS = (
    STEPS,
    STEPS.replace("      - {key: wait, wait: 2d}\n", "      - {key: pause, wait: 4d}\n      - send: offer\n"),
    STEPS.replace("      - send: last\n", "      - {key: last, wait: 2d}\n"),
)
OFFICE = (
    HEAD + 'window: {days: mon-fri, from: "09:00", to: "18:00", holidays: DE}\nfrequency: {max: 2, per: 5d}\n'
)


@pytest.fixture
def garden(sessions, clock, tmp_path):
    return Garden(sessions, clock, tmp_path / "garden")


def answers(garden: Garden, lead: int, chain: str = "garden/cold"):
    with garden.sessions() as session:
        return why(session, lead, chain, now=garden.clock.now, live=True).steps


def test_one_lead_along_the_way(garden):
    garden.publish(COLD + STEPS)
    anna = garden.lead("anna")
    assert answers(garden, anna)["one"].reason == "enters"
    garden.enter(anna)
    assert (answers(garden, anna)["one"].state, answers(garden, anna)["one"].reason) == ("not_yet", "due")
    garden.tick()
    assert answers(garden, anna)["one"].reason == "sending"
    assert answers(garden, anna)["last"].reason == "ahead"
    garden.settle()
    garden.tick()
    found = answers(garden, anna)
    assert (found["one"].state, found["one"].at) == ("sent", garden.clock.now)
    assert (found["wait"].reason, found["wait"].at) == ("wait", garden.clock.now + timedelta(days=2))
    garden.withdraw(anna)
    garden.pass_time(16)
    found = answers(garden, anna)
    assert {key: (one.state, one.reason) for key, one in found.items()} == {
        "one": ("sent", ""),
        "wait": ("done", ""),
        "click": ("done", ""),
        "thanks": ("no", "left"),
        "again": ("no", "no_consent"),
        "size": ("done", ""),
        "large": ("no", "left"),
        "marked": ("done", ""),
        "tuesday": ("done", ""),
        "last": ("no", "no_consent"),
    }


def test_the_counts_of_a_step_say_who_waits_for_what(garden):
    garden.publish(COLD + '      - wait_until: {weekday: [tue], at: "09:00"}\n      - send: one\n')
    leads = [garden.lead(f"lead{n}") for n in range(5)]
    garden.enter(*leads)
    garden.tick()
    with garden.sessions() as session:
        chain_id = session.scalars(select(ChainRow.id)).one()
        (step, _send) = chain_stats(session, chain_id)
    assert [(one.reason, one.shared, one.n) for one in step.reasons.waiting] == [("wait_until", True, 5)]


def test_the_counts_of_a_step_say_whose_mail_was_not_sent_and_why(garden):
    garden.publish(COLD + "      - wait: 1d\n      - send: one\n      - wait: 9d\n")
    leads = [garden.lead(f"lead{n}") for n in range(5)]
    garden.enter(*leads)
    garden.tick()
    for lead in leads[:2]:
        garden.withdraw(lead)
    garden.pass_time(2)
    assert reasons(garden)["one"].sent == 3
    assert reasons(garden)["one"].not_sent == {"no_consent": 2}
    said = reasons_sentence(reasons(garden)["one"], str)
    assert said == "2 not sent: there was no consent for this purpose"


def test_leads_of_a_paused_chain_are_counted_as_paused(garden):
    loaded = garden.publish(COLD + "      - {key: wait, wait: 1d}\n      - send: one\n")
    garden.enter(garden.lead("anna"), garden.lead("ben"))
    garden.tick()
    with garden.sessions.begin() as session:
        pause_programs.pause(session, loaded.program_id, now=garden.clock.now)
    assert [(one.reason, one.n) for one in reasons(garden)["wait"].waiting] == [("program_paused", 2)]


def reasons(garden: Garden):
    with garden.sessions() as session:
        chain_id = session.scalars(select(ChainRow.id)).one()
        return {step.key: step.reasons for step in chain_stats(session, chain_id, live=True)}


@pytest.mark.parametrize("seed", range(6))
def test_every_lead_and_step_has_one_answer_whatever_has_happened(garden, seed):
    dice = random.Random(seed)
    loaded = garden.publish(COLD + STEPS, OFFICE)
    leads = [garden.lead(f"lead{n}", consent=dice.random() < 0.9) for n in range(12)]
    paused = False
    for _day in range(25):
        _live_through_a_day(garden, leads, dice)
        if dice.random() < 0.08:
            publish(garden, COLD + dice.choice(VERSIONS), head=OFFICE, inside=dice.choice(["move", "finish"]))
        if dice.random() < 0.1:
            with garden.sessions.begin() as session:
                turn = pause_programs.resume if paused else pause_programs.pause
                turn(session, loaded.program_id, now=garden.clock.now)
            paused = not paused
        _check(garden, leads)


def _live_through_a_day(garden: Garden, leads: list[int], dice: random.Random) -> None:
    for lead in dice.sample(leads, 4):
        chance = dice.random()
        if chance < 0.3:
            garden.enter(lead)
        elif chance < 0.5:
            garden.signal(lead, "clicked", "one")
        elif chance < 0.6:
            garden.withdraw(lead)
        elif chance < 0.75:
            garden.warm(lead, "cold", "warm")
        elif chance < 0.85:
            garden.warm(lead, "warm", "cold")
        else:
            garden.change(lead, tags=["large"])
    garden.tick()
    garden.settle(dice.choice(["sent", "sent", "sent", "failed", "skipped", "uncertain"]))
    garden.clock.advance(hours=dice.choice([1, 7, 20, 30]))
    if dice.random() < 0.7:
        garden.tick()


def _check(garden: Garden, leads: list[int]) -> None:
    with garden.sessions() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
        newest = {(row.lead_id, row.step_key): row for row in rows}
        for lead in leads:
            for chain in ("garden/cold", "garden/warm"):
                found = why(session, lead, chain, now=garden.clock.now, live=True)
                assert set(found.program.chains[found.temperature].by_key) <= set(found.steps)
                for key, one in found.steps.items():
                    assert one.state in ("sent", "done", "not_yet", "no")
                    assert sentence(one, lambda at: at.isoformat()).endswith(".")
                    row = newest.get((lead, key))
                    if one.state == "sent":
                        assert row is not None and row.state in ("sent", "uncertain")
                    if row is not None and row.state == "ready":
                        assert one.state == "not_yet"


OLD = """\
      - send: one
      - {key: pause, wait: 4d}
      - send: farewell
      - {key: rest, wait: 9d}
"""
NEW = "      - send: one\n      - {key: think, wait: 2d}\n      - send: offer\n"


def test_a_lead_that_finishes_on_an_older_version_is_told_by_its_steps(garden):
    garden.publish(COLD + OLD)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(1)
    publish(garden, COLD + NEW, inside="finish")
    ben = garden.lead("ben")
    garden.enter(ben)
    garden.pass_time(1)

    hers, his = answers(garden, anna), answers(garden, ben)
    assert list(hers) == ["one", "pause", "farewell", "rest", "think", "offer"]
    assert (hers["pause"].state, hers["pause"].reason) == ("not_yet", "wait")
    assert (hers["farewell"].reason, hers["farewell"].detail["step"]) == ("ahead_until", "pause")
    assert said(hers["offer"]) == (
        "Not sent: the lead finishes on version 1 of the program, which has no such step."
    )
    assert list(his) == ["one", "think", "offer"]
    assert his["offer"].detail["step"] == "think"
    with garden.sessions() as session:
        assert why(session, anna, None, now=garden.clock.now).version == 1
        assert why(session, ben, None, now=garden.clock.now).version is None

    garden.pass_time(15)
    hers = answers(garden, anna)
    assert (hers["farewell"].state, hers["offer"].state, hers["offer"].reason) == ("sent", "no", "left")


def test_the_counts_of_steps_name_the_older_version_on_which_leads_finish(garden):
    garden.publish(COLD + OLD)
    garden.enter(garden.lead("anna"), garden.lead("ada"))
    garden.pass_time(1)
    publish(garden, COLD + NEW, inside="finish")
    garden.enter(garden.lead("ben"))
    garden.pass_time(1)
    garden.enter(garden.lead("cleo"))

    with garden.sessions() as session:
        steps = chain_stats(session, session.scalars(select(ChainRow.id)).one(), live=True)
    assert [(one.key, one.older) for one in steps] == [
        ("one", False),
        ("think", False),
        ("offer", False),
        ("pause", True),
    ]
    counted = {step.key: [(one.n, one.version) for one in step.reasons.waiting] for step in steps}
    assert counted == {"one": [(1, None)], "think": [(1, None)], "offer": [], "pause": [(2, 1)]}
    assert reasons_sentence(steps[3].reasons, str) == "2 in the wait as written (on version 1)"


def said(answer):
    return sentence(answer, lambda at: at.isoformat())
