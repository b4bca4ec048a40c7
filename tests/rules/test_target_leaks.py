"""What knows the outcome is found by its shape where nothing says when it was filled in, and what is honest
stays."""

import random
from typing import Any

import numpy as np
import pytest

from nurture.rules.target.barren import find_barren
from nurture.rules.target.columns import Matrix, column_of
from nurture.rules.target.leaks import Leak, find_leaks
from nurture.rules.target.learning import learn
from nurture.rules.target.reading import ANOTHER, number
from tests.rules.schools import school

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def learnt() -> tuple[Rows, Matrix]:
    return school(7, many=3_000)


def with_column(learnt: tuple[Rows, Matrix], name: str, value: Any) -> tuple[Rows, Matrix]:
    """The leads of the school with one column more: value(chance, row, won)."""
    chance = random.Random(11)
    rows, won = learnt
    return [{**row, name: value(chance, row, one)} for row, one in zip(rows, won, strict=True)], won


def found(rows: Rows, won: Matrix, **more: Any) -> list[Leak]:
    names = sorted({name for row in rows for name in row} - {"number", "constant"})
    return find_leaks(rows, won, names, {}, **more)


def test_nothing_honest_is_suspected(learnt: tuple[Rows, Matrix]) -> None:
    assert found(*learnt) == []


def test_the_reasons_why_deals_were_lost_occur_with_one_outcome_only(learnt: tuple[Rows, Matrix]) -> None:
    def reason(chance: random.Random, _row: Any, won: float) -> str | None:
        return None if won or chance.random() < 0.8 else chance.choice(["too dear", "no budget", "silent"])

    leaks = found(*with_column(learnt, "reason", reason))
    assert [(one.column, one.why, one.figure) for one in leaks] == [("reason", "one_outcome", 1.0)]


def test_a_number_that_only_deals_won_have_occurs_with_one_outcome_only(learnt: tuple[Rows, Matrix]) -> None:
    def contract(chance: random.Random, _row: Any, won: float) -> int | None:
        return chance.randrange(10_000, 99_999) if won and chance.random() < 0.3 else None

    leaks = found(*with_column(learnt, "contract", contract))
    assert [(one.column, one.why) for one in leaks] == [("contract", "one_outcome")]


def test_a_good_source_with_few_losses_is_honest(learnt: tuple[Rows, Matrix]) -> None:
    def source(chance: random.Random, _row: Any, won: float) -> str:
        return "reference" if won and chance.random() < 0.2 else chance.choice(["search", "ads", "fair"])

    assert found(*with_column(learnt, "came_by", source)) == []


def test_what_stands_with_hardly_an_open_lead_was_filled_in_at_the_end(learnt: tuple[Rows, Matrix]) -> None:
    def minutes_of_the_call(chance: random.Random, _row: Any, won: float) -> float:
        return chance.gammavariate(2.0, 4.0 if won else 3.0)

    rows, won = with_column(learnt, "call", minutes_of_the_call)
    assert found(rows, won) == []
    still_open = [{**row, "call": None} for row in school(8, many=400)[0]]
    leaks = found(rows, won, still_open=still_open)
    assert [(one.column, one.why) for one in leaks] == [("call", "unlike_open")]
    # Open leads from a list of addresses differ in everything: that says nothing of any one column.
    assert found(rows, won, still_open=[{"origin": "import"}] * 400) == []


def test_what_is_filled_together_with_a_leak_goes_with_it(learnt: tuple[Rows, Matrix]) -> None:
    def contract(chance: random.Random, _row: Any, won: float) -> int | None:
        return chance.randrange(10_000, 99_999) if won and chance.random() < 0.3 else None

    rows, won = with_column(learnt, "contract", contract)
    chance = random.Random(5)
    rows = [{**row, "clerk": chance.choice(["Ada", "Ole"]) if row["contract"] else None} for row in rows]
    rows[0]["clerk"], rows[1]["clerk"] = "Ada", "Ole"
    leaks = found(rows, won)
    assert {one.column for one in leaks} == {"contract", "clerk"}
    _spec, report = learn(rows, won, {}, None, use=["contract", "clerk"])
    assert report["left_out"] == [] and report["auc"] > 0.8


def test_fields_always_filled_together_are_judged_together(learnt: tuple[Rows, Matrix]) -> None:
    """Each mark of an agent says a little; whoever gives one gives them all."""
    rows, won = learnt
    chance = random.Random(3)
    marked = []
    for row, one in zip(rows, won, strict=True):
        seen = chance.random() < 0.5
        marks = {
            name: round(chance.gauss(1.5 * one, 1.4), 1) if seen else chance.choice(["Select", None])
            for name in ("mark_a", "mark_b", "mark_c", "mark_d")
        }
        marked.append({**row, **marks})
    leaks = found(marked, won)
    assert {(one.column, one.why) for one in leaks} == {
        (f"mark_{one}", "often_empty") for one in ("a", "b", "c", "d")
    }


def test_tags_that_sales_give_are_seen_through_together(learnt: tuple[Rows, Matrix]) -> None:
    rows, won = learnt
    chance = random.Random(4)
    good, bad = ["will call back", "asked for papers", "talked to"], ["rings on", "is off", "other plans"]
    tagged = []
    for row, one in zip(rows, won, strict=True):
        right = chance.random() < 0.96
        tagged.append({**row, f"tag {chance.choice(good if one == right else bad)}": True})
    leaks = found(tagged, won)
    assert [(one.column, one.why) for one in leaks] == [("tags", "too_good")]
    report = learn(tagged, won, {}, None)[1]
    assert not [name for name in report["columns"] if name.startswith("tag ")]
    assert any(name.startswith("tag ") for name in learn(tagged, won, {}, None, use=["tags"])[1]["columns"])


def test_columns_that_say_nothing_of_others_are_named() -> None:
    rows = [
        {
            "ticket": 660_000 - 7 * at,
            "uuid": f"{at:08x}-{at * 7919:08x}",
            "country": "DE",
            "signed": f"2026-{at % 12 + 1:02d}-{at % 28 + 1:02d}",
            "rare": "x" if at < 3 else None,
            "revenue": (at * 7919) % 10_007 * 31,
            "size": at % 40,
        }
        for at in range(400)
    ]
    told = {one.column: one.why for one in find_barren(rows, sorted(rows[0]))}
    assert told == {"ticket": "each", "uuid": "each", "country": "same", "signed": "day", "rare": "hardly"}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("12", 12.0), ("1,234.50", 1234.5), ("1.234,50", 1234.5), ("1 234", 1234.0), ("€ 900", 900.0),
        ("12 %", 12.0), ("0,5", 0.5), ("-3", -3.0), ("1,234", 1234.0), ("1'200'000", 1_200_000.0),
        ("nan", None), ("02.Medium", None), ("51-200", None), ("", None), (True, None), (7, 7.0),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(written: Any, said: float | None) -> None:
    assert number(written) == said


def test_of_days_only_counts_whether_one_is_known() -> None:
    column = column_of("demo_on", ["2026-03-01", "2026-03-02", None, "15.04.2026"] * 40)
    assert column is not None and set(column.levels) == {"", ANOTHER}


def test_where_only_the_source_tells_won_from_lost_nothing_is_learnt() -> None:
    """Customers came in one file and the lost in another: that is no knowledge of people."""
    rows: Rows = [{"source": "Customers" if at % 2 else "Lost deals", "country": "DE"} for at in range(400)]
    report = learn(rows, np.array([at % 2 for at in range(400)], dtype=float), {}, None)[1]
    assert [(one["column"], one["why"]) for one in report["left_out"]] == [("source", "too_good")]
    assert report["columns"] == [] and report["factors"] == []
    assert report["auc"] == 0.5 and not report["useful"]


@pytest.mark.parametrize("seed", [50, 58])
def test_few_leads_raise_no_false_alarm(seed: int) -> None:
    rows, won = school(seed, many=300)
    assert found(rows, won) == []
