"""Whole numbers out of texts: what is none never makes a flow fall."""

import pytest

from nurture.rules.answers import size
from nurture.rules.whole import whole


@pytest.mark.parametrize("text", ["", "²", "1²", "-1", "+1", "1.0", "1_0", " 1", "x", "9" * 10, "9" * 5000])
def test_what_is_no_number_of_this_length_is_none(text: str) -> None:
    assert whole(text) is None


def test_digits_of_any_script_are_a_number() -> None:
    assert [whole("0"), whole("042"), whole("٣٥"), whole("9" * 18, digits=18)] == [0, 42, 35, 10**18 - 1]


def test_a_company_of_endlessly_many_people_has_no_size() -> None:
    assert size("9" * 5000) is None
    assert size("1,200 people") == 1200
