"""What customers share: told with its counts, and only where chance is an unlikely reason."""

from nurture.rules.model import read
from nurture.rules.portrait import portrait, rules
from nurture.rules.threshold import Scored, past, today
from tests.rules.models import RAW


def test_what_is_as_frequent_everywhere_is_not_told() -> None:
    assert portrait([("country", "DE", 50, 500)], leads=1000, won=100) == []


def test_a_value_twice_as_frequent_among_customers_is_told_with_its_counts() -> None:
    [one] = portrait([("country", "AT", 40, 200)], leads=1000, won=100)
    assert (one.lift, one.reached, one.points) == (2.0, 0.2, 10)


def test_two_customers_make_no_portrait() -> None:
    assert portrait([("country", "AT", 2, 2)], leads=1000, won=2) == []


def test_few_customers_say_less_than_many() -> None:
    found = portrait([("city", "Graz", 4, 10), ("country", "AT", 60, 200)], leads=1000, won=100)
    assert [one.value for one in found] == ["AT", "Graz"]
    assert portrait([("city", "Linz", 3, 15)], leads=1000, won=100) == []


def test_the_portrait_is_offered_as_rules_that_a_model_reads() -> None:
    traits = portrait(
        [("company.size", "50-249", 60, 200), ("tag", "fair", 50, 100), ("fields.plan", "pro", 30, 50)],
        leads=1000,
        won=100,
    )
    card = {"grades": {"A": 60, "B": 30}, "rules": rules(traits)}
    model = read({**RAW, "scorecard": card})
    assert model.scorecard is not None and len(model.scorecard.rules) == 3


def test_a_threshold_lets_through_who_reaches_it() -> None:
    assert today({54: 2, 55: 3, 70: 1}, 55) == 4


def test_the_past_tells_what_a_threshold_would_have_kept_and_lost() -> None:
    found = past([Scored(60, 10, 9, 4, 1), Scored(75, 7, 6, 5, 3)], 70)
    assert (found.handed, found.answered, found.accepted, found.won) == (7, 6, 5, 3)
    assert (found.handed_of, found.won_of, found.lowest) == (17, 4, 60)
