"""A lead that goto sends round and round is held for a person, who decides."""

import pytest
from sqlalchemy import select

from nurture.flows import pause_programs
from nurture.rules.chain import MOST_ROUNDS
from nurture.store.enrollments import late
from nurture.store.programs import ProgramRow
from tests.flows.garden import Garden

LOOP = """
  cold:
    enter: {when: {consent: marketing}}
    steps:
      - {tag: [seen], key: top}
      - {wait: 1h}
      - {goto: {step: top}}
"""


@pytest.fixture
def garden(sessions, clock, tmp_path):
    garden = Garden(sessions, clock, tmp_path / "garden")
    garden.publish(LOOP)
    return garden


def held(garden: Garden) -> int:
    with garden.sessions() as session:
        return late.held(session, session.scalars(select(ProgramRow.id)).one())


def decide(garden: Garden, *, go_on: bool) -> int:
    with garden.sessions.begin() as session:
        number = session.scalars(select(ProgramRow.id)).one()
        return pause_programs.decide_held(session, number, go_on=go_on, now=garden.clock.now)


def round_and_round(garden: Garden) -> int:
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time((MOST_ROUNDS + 5) / 24)
    return anna


def test_a_hundred_rounds_in_a_month_hold_the_run_with_its_reason(garden):
    anna = round_and_round(garden)
    run = garden.run(anna)
    assert (run.state, run.due_at, run.due_reason, run.step_key) == ("active", None, "looping", "goto-1")
    assert run.pass_no == MOST_ROUNDS + 1
    assert garden.history(anna)[-1] == ("goto-1", "held", "looping")
    assert held(garden) == 1
    garden.pass_time(1)
    assert garden.run(anna).pass_no == MOST_ROUNDS + 1


def test_let_go_on_it_goes_round_again_until_the_next_hundred(garden):
    anna = round_and_round(garden)
    assert decide(garden, go_on=True) == 1
    garden.pass_time(1)
    assert garden.run(anna).pass_no > MOST_ROUNDS + 20
    assert held(garden) == 0
    garden.pass_time(4)
    assert held(garden) == 1


def test_left_out_it_comes_to_the_end_of_the_chain(garden):
    anna = round_and_round(garden)
    assert decide(garden, go_on=False) == 1
    garden.tick()
    run = garden.run(anna)
    assert (run.state, run.exit_reason) == ("ended", "done")
