"""Statistics: published examples, and laws that hold for any numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.rules.statistics.comparing import (
    LEAST_GOALS,
    LEAST_LEADS,
    Group,
    compare,
    newcombe,
    wilson,
)
from nurture.rules.statistics.stays import AT_ONCE, class_of, median, seconds_of
from nurture.rules.statistics.ways_out import fate_of, sorted_out

groups = st.integers(0, 5_000).flatmap(lambda n: st.builds(Group, st.just(n), st.integers(0, n)))


@pytest.mark.parametrize(
    ("met", "leads", "low", "high"),
    # Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998),
    # 857-872, table I, method 3.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_of_a_rate_is_the_published_one(met, leads, low, high):
    found = wilson(Group(leads, met))
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), 873-890, table II, method 10.
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_the_interval_of_a_difference_is_the_published_one(one, other, low, high):
    found = newcombe(Group(one[1], one[0]), Group(other[1], other[0]))
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(groups, groups)
def test_the_interval_holds_the_difference_and_turns_round_with_the_groups(one, other):
    found, turned = newcombe(one, other), newcombe(other, one)
    assert -1 <= found.low <= one.rate - other.rate <= found.high <= 1
    assert found.low == pytest.approx(-turned.high) and found.high == pytest.approx(-turned.low)


@given(groups, groups)
def test_nothing_is_said_of_too_few_and_what_is_needed_is_enough(one, other):
    found = compare(one, other)
    if found.verdict == "not_enough":
        assert found.leads_needed or found.leads_needed_against or found.goals_needed
    else:
        assert min(one.leads, other.leads) >= LEAST_LEADS and one.met + other.met >= LEAST_GOALS
        assert (found.verdict == "better") == (found.interval.low > 0)
        assert (found.verdict == "worse") == (found.interval.high < 0)


def test_half_as_much_again_is_said_as_such():
    found = compare(Group(2_000, 300), Group(1_000, 100))
    assert found.verdict == "better" and found.relative == pytest.approx(0.5)
    assert compare(Group(2_000, 300), Group(1_000, 0)).relative is None


@given(st.floats(1, 1e9))
def test_a_stay_is_told_from_its_class_within_five_percent(seconds):
    assert seconds_of(class_of(seconds)) == pytest.approx(seconds, rel=0.045)


@given(st.lists(st.floats(0, 1e8), min_size=1))
def test_the_median_is_that_of_the_stays(stays):
    classes: dict[int, int] = {}
    for stay in stays:
        classes[class_of(stay)] = classes.get(class_of(stay), 0) + 1
    middle = sorted(stays)[(len(stays) - 1) // 2]
    assert median(classes) == seconds_of(class_of(middle))


def test_nobody_has_no_median_and_whoever_went_on_at_once_stayed_for_nothing():
    assert median({}) is None
    assert (class_of(0.4), median({AT_ONCE: 3})) == (AT_ONCE, 0.0)


def test_leaving_is_told_by_what_it_means():
    found = sorted_out(
        {"next": 5, "way:a": 3, "goal": 2, "over:warm": 4, "done": 6, "left:replied": 7, "rest:circle": 1}
    )
    assert (found.on, found.goal, found.over, found.done, found.out, found.all) == (8, 2, 4, 6, 8, 28)
    assert fate_of("exit:no_answer") == "done" and fate_of("edited") == "edited"
