"""A company may have any colour; whoever reads its pages can read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.rules import colours

_ANY = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(_ANY)
def test_text_stays_readable_whatever_the_colour(colour: str) -> None:
    both = colours.palette(colour)
    for shades, grounds in ((both.light, colours.LIGHT_GROUNDS), (both.dark, colours.DARK_GROUNDS)):
        assert colours.contrast(shades.on, shades.accent) >= 4.5
        assert all(colours.contrast(shades.ink, ground) >= 4.5 for ground in (*grounds, shades.soft))
        assert all(colours.contrast(shades.accent, ground) >= 3 for ground in grounds)


def test_a_colour_that_is_readable_stays_as_chosen() -> None:
    assert colours.palette("#0b6b5b").light.accent == "#0b6b5b"
    assert colours.palette("#ffd400").dark.accent == "#ffd400"


def test_contrast_is_that_of_the_guidelines() -> None:
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(("written", "read"), [(" #0B6B5B ", "#0b6b5b"), ("abc", "#aabbcc"), ("red", None)])
def test_a_colour_is_written_in_six_or_three_digits(written: str, read: str | None) -> None:
    assert colours.read(written) == read
