"""The simulator by itself: the same seed gives the same, parts give the whole, delays have their reasons."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from nurture.errors import Invalid
from nurture.files.models import read_model
from nurture.files.programs import read_folder
from nurture.files.yaml_lines import Faults
from nurture.rules.program import read
from nurture.rules.simulation import chance
from nurture.rules.simulation.habits import Habits, Rates, SalesHabits
from nurture.rules.simulation.invented import invent
from nurture.rules.simulation.play import parts, play, together
from nurture.rules.simulation.result import result_of
from nurture.rules.simulation.settings import read_settings, shares_of
from nurture.rules.simulation.trial import Says, path
from nurture.rules.simulation.values import Capacity, World

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"
TUESDAY = datetime(2026, 3, 3, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    program = read_folder(CAMPAIGNS / "consulting").program
    model = read_model(CAMPAIGNS / "models" / "default.yaml", Faults("default.yaml"))
    assert program is not None and model is not None
    return World(program, model[0])


def simulated(world: World, *, per_day: int | None = None, pieces: int = 1, **said: Any) -> dict[str, Any]:
    settings = read_settings({"leads": 120, "days": 60, "runs": 1} | said)
    work = list(
        parts(
            "a",
            world,
            invent(settings, world, TUESDAY),
            settings.habits,
            Capacity(per_day, "Europe/Berlin"),
            start=TUESDAY,
            days=settings.days,
            runs=settings.runs,
            pieces=pieces,
        )
    )
    counted = together(work, [play(part) for part in work])
    return result_of(world.program, counted["a"], TUESDAY, settings.days)


def test_the_same_seed_gives_the_same_and_another_one_does_not(world: World) -> None:
    first = simulated(world)
    assert simulated(world) == first
    assert simulated(world, seed=2)["figures"] != first["figures"]


def test_parts_that_are_worked_on_apart_give_the_same_figures(world: World) -> None:
    whole, pieces = simulated(world), simulated(world, pieces=3)
    assert pieces["figures"] == whole["figures"]
    assert pieces["by_day"] == whole["by_day"]
    assert pieces["ends"] == whole["ends"] or Counter(map(str, pieces["ends"])) == Counter(
        map(str, whole["ends"])
    )


def test_sales_takes_no_more_than_it_has_room_for(world: World) -> None:
    said = {"clicked": 35, "opened": 70, "rates": "stated", "hot": 30, "warm": 40, "cold": 30, "asked": 0}
    found = simulated(world, per_day=1, leads=600, **said)
    taken = [one["taken"] for one in found["by_day"]]
    assert all(after - before <= 1 for before, after in pairwise(taken))
    assert found["figures"]["ready"]["value"] > taken[-1] > 5
    assert found["figures"]["longest_wait"]["value"] > 86_400


def test_what_holds_mails_back_is_told_apart(world: World) -> None:
    held = {one["reason"]: one for one in simulated(world, days=120)["held"]}
    assert {"window", "holiday", "frequency"} <= set(held)
    without = replace(world, program=replace(world.program, window=None, frequency=None))
    assert {one["reason"] for one in simulated(without, days=120)["held"]} <= {"with_sales"}


def test_steps_that_nobody_comes_to_are_named(world: World) -> None:
    found = simulated(world, opened=0, clicked=0, asked=0, replied=0, hot=0, warm=0, days=30)
    missed = {one["step"] for one in found["steps"] if one["chain"] == "cold" and not one["arrived"]}
    assert "reorder-points" in missed and "one-hour-check" not in missed
    assert found["figures"]["hot"]["value"] == 0


def test_repetitions_give_the_spread(world: World) -> None:
    figure = simulated(world, runs=5)["figures"]["opened"]
    assert figure["p10"] < figure["p50"] < figure["p90"]


def test_the_ways_tell_every_decision_with_its_moment(world: World) -> None:
    ways = simulated(world)["ways"]
    lines = ways[0]["lines"]
    assert [one["what"] for one in lines[:2]] == ["came", "entered"]
    assert [one["at"] for one in lines] == sorted(one["at"] for one in lines)
    assert all("until" in one for one in lines if one["what"] in ("waits", "deferred"))


def test_draws_are_even_and_do_not_depend_on_each_other() -> None:
    drawn = [chance.draw(7, 1, lead, 0) for lead in range(4000)]
    assert abs(sum(drawn) / 4000 - 0.5) < 0.02
    pairs = [(chance.draw(7, 1, no, 0) < 0.5, chance.draw(7, 1, no, 1) < 0.5) for no in range(4000)]
    assert all(abs(n - 1000) < 150 for n in Counter(pairs).values())


def test_rates_are_met_on_average_however_people_differ() -> None:
    for uneven in (0.0, 1.0):
        habits = Habits(3, Rates(0.3, 0.05, 0.0, 0.0, 0.0), sales=SalesHabits(), uneven=uneven)
        done = [habits.reactions(lead, "one", 0) for lead in range(6000)]
        opened, clicked = (
            sum(kind in {r.kind for r in one} for one in done) / 6000 for kind in ("opened", "clicked")
        )
        assert abs(clicked - 0.05) < 0.015
        assert abs(opened - 0.3) < 0.05


def test_settings_name_every_fault() -> None:
    with pytest.raises(Invalid) as refused:
        read_settings({"days": 0, "leads": "many", "zones": "Nowhere 5", "colour": "red"})
    assert set(refused.value.errors) == {"days", "leads", "zones", "colour"}
    assert shares_of("Europe/Berlin 80, Europe/Paris 20") == {"Europe/Berlin": 80.0, "Europe/Paris": 20.0}


def test_the_path_of_a_test_run_follows_the_stated_answers(world: World) -> None:
    person = invent(read_settings({"leads": 1}), world, TUESDAY)[0]
    silent = [one.step for one in path(world, person, "cold", Says(False, False), TUESDAY)]
    eager = path(world, person, "cold", Says(True, True), TUESDAY)
    assert "one-hour-check" in silent and "reorder-points" not in silent
    assert "reorder-points" in {one.step for one in eager}
    assert {one.chain for one in eager} >= {"cold", "warm"}


def test_a_date_of_the_lead_lets_it_in(world: World) -> None:
    spec = {
        "program": "renewals",
        "name": "Renewals",
        "timezone": "Europe/Berlin",
        "chains": {
            "cold": {
                "enter": {"date": {"field": "renewal", "offset": "-7d", "at": "10:00"}},
                "steps": [{"send": "soon", "key": "soon"}],
            }
        },
    }
    there = replace(world, program=read(spec))
    [person] = invent(read_settings({"leads": 1, "warm": 0, "hot": 0}), there, TUESDAY)
    day = (TUESDAY + timedelta(days=20)).date()
    person = replace(person, facts=replace(person.facts, fields={**person.facts.fields, "renewal": day}))
    habits = read_settings({"opened": 0, "clicked": 0}).habits
    [part] = parts("a", there, [person], habits, Capacity(), start=TUESDAY, days=30, runs=1)
    counted = play(part)
    assert counted.mails_of_lead == {0: 1}
    assert next(iter(counted.mails))[0] == 13
