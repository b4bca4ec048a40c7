"""Reading and writing a heat model."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from nurture.rules.conditions.faults import dotted
from nurture.rules.model import ModelFault, plain, read
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
        "temperature.hot",
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
