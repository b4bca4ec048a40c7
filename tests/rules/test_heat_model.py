"""Reading and writing a heat model."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from nurture.rules.conditions.faults import dotted
from nurture.rules.model import ModelFault, asked_fields, doubts, plain, read
from nurture.rules.reach import highest_heat
from tests.rules.models import RAW, contract_model


def faults(change: dict[str, Any]) -> set[str]:
    raw = deepcopy(RAW)
    for path, value in change.items():
        *parents, last = path.split("/")
        place = raw
        for parent in parents:
            place = place[parent]
        place[last] = value
    with pytest.raises(ModelFault) as caught:
        read(raw)
    return {dotted(fault.path) for fault in caught.value.faults}


def test_the_contracts_model_is_read_whole() -> None:
    model = contract_model()
    assert model.half_life_s == 21 * 86400
    assert [rule.key for rule in model.rules_of("feedback")] == ["feedback#0", "feedback#1"]
    assert model.rules_of("clicked")[0].cap == 3
    assert model.readiness.require.grade == "B"
    assert model.scorecard is not None


def test_what_is_read_and_written_again_is_the_same() -> None:
    assert read(plain(contract_model())) == contract_model()


def test_every_fault_is_named_at_once() -> None:
    assert faults(
        {
            "half_life": "soon",
            "signals/opened/cap": 0,
            "signals/clicked/wieght": 3,
            "signals/replied/floor": "boiling",
            "temperature/hot/rise": 10,
            "readiness/rise": 120,
            "readiness/always": [{"signal": "called", "within": "x"}],
            "colour": "red",
        }
    ) == {
        "half_life",
        "signals.opened.cap",
        "signals.clicked.wieght",
        "signals.replied.floor",
        "temperature.hot.rise",
        "temperature.hot.fall",
        "readiness.rise",
        "readiness.always[0].within",
        "colour",
    }


def test_a_weight_may_ask_only_the_signal_itself() -> None:
    asking_the_lead = [{"when": {"field": "company.size", "gte": 50}, "weight": 5}]
    assert faults({"signals/visited": asking_the_lead}) == {"signals.visited[0].when"}
    asking_its_mail = {"when": {"field": "mail", "eq": "price-list"}, "weight": 5}
    raw = deepcopy(RAW)
    raw["signals"]["visited"] = asking_its_mail
    assert read(raw).rules_of("visited")[0].weight == 5


@pytest.mark.parametrize("raw", [None, [], {}, {"model": "default"}, "model"])
def test_what_is_no_model_is_refused(raw: object) -> None:
    with pytest.raises(ModelFault):
        read(raw)


def test_the_best_path_is_the_one_on_which_every_mail_is_read() -> None:
    model = contract_model()
    assert highest_heat(model, ["welcome"]) == 11
    assert highest_heat(model, ["welcome", timedelta(days=21), "review"]) == 16.5
    assert highest_heat(model, ["a", "b", "c", "d", "e"]) == 32
    assert highest_heat(model, []) == 0


def test_a_model_that_nobody_could_satisfy_is_doubted_not_refused() -> None:
    assert doubts(contract_model(), frozenset()) == []
    raw = deepcopy(RAW)
    raw["signals"] = {"note": {"weight": 0}}
    raw["scorecard"]["grades"] = {"A": 900, "B": 30}
    raw["readiness"]["parts"] = {"need": 10, "activity": 10, "data": 10, "bant": 10}
    sentences = doubts(read(raw), {"shoe_size"})
    assert [sentence.partition(":")[0] for sentence in sentences] == [
        "No signal gives points",
        "All rules of the scorecard together give 60 points",
        "The parts of readiness give 40 points at their best",
        'No lead has a field called "shoe_size" so far',
    ]


def test_fields_of_ones_own_are_asked_for_by_their_bare_name() -> None:
    raw = deepcopy(RAW)
    asks = [{"field": "fields.shoe_size", "gte": 40}, {"field": "company.fleet", "exists": True}]
    raw["scorecard"]["rules"] = [{"when": {"any": asks}, "points": 5, "text": "x"}]
    assert asked_fields(read(raw)) == {"shoe_size", "company.fleet"}
