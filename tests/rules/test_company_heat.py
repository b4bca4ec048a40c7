"""The heat of a company: the sum of its contacts' heat, whatever their order, cooling as they do."""

import math
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from nurture.rules import heat
from nurture.rules.company_heat import warm
from tests.conftest import TUESDAY
from tests.rules.models import contract_model

MODEL = contract_model()
worths = st.lists(st.floats(0.001, 500), max_size=12)


def log_of(worth: float) -> float:
    return math.log2(worth) + heat.seconds(TUESDAY) / MODEL.half_life_s


@given(worths, st.randoms())
def test_the_heat_is_the_sum_of_the_contacts_in_any_order(each: list[float], random: object) -> None:
    logs = [log_of(worth) for worth in each]
    found = warm("cold", logs, [], MODEL, TUESDAY)
    random.shuffle(logs)  # type: ignore[attr-defined]
    assert warm("cold", logs, [], MODEL, TUESDAY) == found
    assert math.isclose(heat.log2_value(found.net, TUESDAY, MODEL.half_life_s), sum(each), rel_tol=1e-6)


def test_two_lukewarm_contacts_make_a_warm_company() -> None:
    half = MODEL.thresholds.warm.rise * 0.6
    assert warm("cold", [log_of(half)], ["cold"], MODEL, TUESDAY).temperature == "cold"
    assert warm("cold", [log_of(half)] * 2, ["cold"], MODEL, TUESDAY).temperature == "warm"


def test_a_company_is_as_warm_as_its_warmest_contact_at_least() -> None:
    assert warm("cold", [], ["cold", "hot", "warm"], MODEL, TUESDAY).temperature == "hot"


def test_it_cools_by_silence_at_the_lower_threshold_and_not_before() -> None:
    found = warm("cold", [log_of(MODEL.thresholds.warm.rise + 1)], ["cold"], MODEL, TUESDAY)
    assert found.due_at is not None
    before = found.due_at - timedelta(minutes=5)
    assert warm("warm", [found.net], ["cold"], MODEL, before).temperature == "warm"
    assert warm("warm", [found.net], ["cold"], MODEL, found.due_at).temperature == "cold"


def test_without_contacts_it_is_cold_and_nothing_is_due() -> None:
    assert warm("hot", [], [], MODEL, TUESDAY) == warm("cold", [], [], MODEL, TUESDAY)
