"""Languages and countries by their names; what is no code stays as it was typed."""

import pytest

from nurture.rules.places import country_name, language_name


@pytest.mark.parametrize(
    ("tag", "name"), [("de", "German"), ("pt-BR", "Portuguese (Brazil)"), ("Klingon", "Klingon"), (None, "")]
)
def test_a_language_is_called_by_its_name(tag, name) -> None:
    assert language_name(tag) == name


@pytest.mark.parametrize(
    ("code", "name"), [("DE", "Germany"), ("at", "Austria"), ("XX", "XX"), ("Bavaria", "Bavaria"), (None, "")]
)
def test_a_country_is_called_by_its_name(code, name) -> None:
    assert country_name(code) == name
