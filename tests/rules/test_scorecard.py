"""Potential: the scorecard a marketer writes."""

from datetime import UTC, datetime
from typing import Any

from nurture.rules.facts import Facts
from nurture.rules.scorecard import at_least, grade
from tests.rules.models import contract_model

NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)
CARD = contract_model().scorecard


def anna(**fields: Any) -> Facts:
    return Facts(lead_id=1, fields={name.replace("__", "."): value for name, value in fields.items()})


def test_points_of_the_rules_that_hold_make_the_grade() -> None:
    strong = grade(CARD, anna(company__size=80, role="Head of supply"), NOW)
    assert (strong.grade, strong.points) == ("A", 60)
    assert [reason.text for reason in strong.reasons] == ["company of 50 or more", "head of something"]
    assert grade(CARD, anna(company__size=80), NOW).grade == "B"
    assert grade(CARD, anna(company__size=80, country="FR"), NOW).grade == "C"


def test_the_reasons_add_up_to_the_points() -> None:
    found = grade(CARD, anna(company__size=80, role="Head", country="FR"), NOW)
    assert sum(reason.points for reason in found.reasons) == found.points == 50


def test_a_lead_of_whom_nothing_is_known_is_weak() -> None:
    assert grade(CARD, anna(), NOW).grade == "C"


def test_a_grade_set_by_hand_wins_and_shows_what_the_rules_say() -> None:
    found = grade(CARD, anna(), NOW, override="A")
    assert (found.grade, found.computed, found.points) == ("A", "C", 0)


def test_without_a_scorecard_there_is_no_grade() -> None:
    assert grade(None, anna(company__size=80), NOW).grade is None


def test_a_grade_is_at_least_itself_and_every_worse_one() -> None:
    assert at_least("A", "B")
    assert at_least("B", "B")
    assert not at_least("C", "B")
    assert not at_least(None, "C")
