"""Columns that may know the outcome and may not are asked about: they stay in until a person has said."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nurture.errors import Invalid
from nurture.rules.target.columns import Column, Layout, Matrix
from nurture.rules.target.doubts import Doubt, find_doubts, sounds_late
from nurture.rules.target.leaks import each_alone
from nurture.rules.target.learning import _reckonable, learn
from nurture.rules.target.reading import number
from tests.rules.schools import school

Rows = list[dict[str, Any]]
Value = Callable[[random.Random, float], Any]


@pytest.fixture(scope="module")
def learnt() -> tuple[Rows, Matrix]:
    return school(7, many=3_000)


def with_column(learnt: tuple[Rows, Matrix], name: str, value: Value) -> tuple[Rows, Matrix]:
    chance = random.Random(11)
    rows, won = learnt
    return [{**row, name: value(chance, one)} for row, one in zip(rows, won, strict=True)], won


def doubts(rows: Rows, won: Matrix, name: str, **more: Any) -> list[Doubt]:
    return find_doubts(rows, won, [name], each_alone(rows, won, [name]), **more)


def last_thing_they_did(chance: random.Random, won: float) -> str:
    return chance.choices(["sms", "mail", "chat"], [3, 5, 1] if won else [1, 5, 3])[0]


def test_the_last_activity_is_asked_about_by_its_name(learnt: tuple[Rows, Matrix]) -> None:
    rows, won = with_column(learnt, "fields.last_notable_activity", lambda chance, one: (
        last_thing_they_did(chance, one) if chance.random() < 0.4 else "mail"
    ))  # fmt: skip
    [doubt] = doubts(rows, won, "fields.last_notable_activity")
    assert doubt.why == "name"
    rows = [{"fields.way": row["fields.last_notable_activity"]} for row in rows]
    assert doubts(rows, won, "fields.way") == [], "the same values under a name that says nothing of when"


def test_what_is_known_to_have_been_there_in_time_is_not_asked_about_for_its_name(
    learnt: tuple[Rows, Matrix],
) -> None:
    rows, won = with_column(learnt, "score", lambda chance, one: chance.gauss(one / 2, 1.0))
    assert [one.why for one in doubts(rows, won, "score")] == ["name"]
    assert doubts(rows, won, "score", dated={"score"}) == []


def test_a_value_that_stands_with_one_outcome_alone_is_named(learnt: tuple[Rows, Matrix]) -> None:
    rows, won = with_column(
        learnt,
        "remark",
        lambda chance, one: "Ringing" if not one and chance.random() < 0.3 else chance.choice("abc"),
    )
    [doubt] = doubts(rows, won, "remark")
    assert (doubt.why, doubt.value) == ("one_value", "ringing")
    assert 0.05 < doubt.figure < 0.3


def test_what_tells_much_alone_and_what_tells_by_its_gaps_are_asked_about(
    learnt: tuple[Rows, Matrix],
) -> None:
    strong, won = with_column(learnt, "minutes", lambda chance, one: chance.gauss(one * 1.2, 1.0))
    assert [one.why for one in doubts(strong, won, "minutes")] == ["good"]
    gaps, won = with_column(
        learnt,
        "size",
        lambda chance, one: chance.randrange(90) if chance.random() < 0.5 + 0.3 * one else None,
    )
    assert [one.why for one in doubts(gaps, won, "size")] == ["emptiness"]


@pytest.mark.parametrize(
    "name",
    ["Last Activity", "fields.letzte_aktivität", "Activité récente", "Última actividad", "Последнее действие",
     "Качество лида", "Lead Score", "Tags", "Asymmetrique Activity Index", "Powód utraty", "Qualità"],
)  # fmt: skip
def test_names_of_what_is_written_on_the_way_sound_late(name: str) -> None:
    assert sounds_late(name)


@pytest.mark.parametrize(
    "name", ["Country", "company.size", "Blast radius", "Source", "Стоимость", "Branche", "Elastic"]
)
def test_other_names_do_not(name: str) -> None:
    assert not sounds_late(name)


def test_the_report_tells_the_auc_with_and_without_and_keeps_the_answer(learnt: tuple[Rows, Matrix]) -> None:
    rows, won = with_column(learnt, "last_step", last_thing_they_did)
    rows, won = with_column(
        (rows, won), "verdict", lambda chance, one: one if chance.random() < 0.97 else 1 - one
    )
    rows = [{**row, "verdict": "good" if row["verdict"] else "bad"} for row in rows]
    _spec, report = learn(rows, won, {}, None)
    [asked] = [one for one in report["asked"] if one["column"] == "last_step"]
    assert asked["auc_without"] < report["auc_plain"]
    [out] = report["left_out"]
    assert out["column"] == "verdict" and out["auc_with"] > 0.95 > report["auc_plain"]
    assert "last_step" in report["columns"] and "verdict" not in report["columns"]

    _spec, kept = learn(rows, won, {}, None, use=["last_step"])
    assert "last_step" in kept["columns"]
    assert "last_step" not in [one["column"] for one in kept["asked"]]
    assert "last_step" in [one["column"] for one in kept["used_all_the_same"]]
    _spec, without = learn(rows, won, {}, None, leave_out=["last_step"])
    assert "last_step" not in without["columns"]


def test_a_number_beyond_measure_is_no_number_and_stops_nothing(learnt: tuple[Rows, Matrix]) -> None:
    assert number("1e300") is None and number(1e16) is None and number("1e6") == 1e6
    rows, won = with_column(learnt, "budget", lambda chance, _one: 1e300 if chance.random() < 0.02 else 100.0)
    _spec, report = learn(rows, won, {}, None)
    assert np.isfinite(report["auc"])


def test_a_column_that_cannot_be_reckoned_with_is_named() -> None:
    layout = Layout((Column("fields.budget", (), 0.0, 1e-320),))
    with pytest.raises(Invalid, match="“budget” has numbers"):
        _reckonable(layout, [{"fields.budget": 1e14}])
