"""A condition as text and back is the same condition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.errors import Invalid
from nurture.files.conditions import read, write
from nurture.rules.conditions import parse, unparse
from tests.store.trees import leaves, trees


@given(st.one_of(leaves, trees))
def test_any_condition_comes_back_from_its_text(raw):
    plain = unparse(parse(raw))
    assert read(write(plain)) == plain


@given(st.one_of(st.text(), st.integers(-(10**15), 10**15), st.floats(allow_nan=False, allow_infinity=False)))
def test_any_value_comes_back_as_what_it_was(value):
    found = read(write({"field": "fields.x", "eq": value}))["eq"]
    assert (found, type(found)) == (value, type(value))


def test_it_reads_like_the_files_of_programs():
    condition = {
        "all": [
            {"temperature": ["warm", "hot"]},
            {"any": [{"field": "country", "in": ["DE", "NO", "yes", "1"]}, {"tag": "Messe Köln"}]},
            {"not": {"signal": "unsubscribed", "within": "30d"}},
            {"not": {"all": [{"consent": "marketing"}, {"field": "heat", "gte": 5.5}]}},
        ]
    }
    assert write(condition) == (
        "all:\n"
        "  - {temperature: [warm, hot]}\n"
        "  - any:\n"
        '      - {field: country, in: [DE, NO, yes, "1"]}\n'
        "      - {tag: Messe Köln}\n"
        "  - not: {signal: unsubscribed, within: 30d}\n"
        "  - not:\n"
        "      all:\n"
        "        - {consent: marketing}\n"
        "        - {field: heat, gte: 5.5}\n"
    )


@pytest.mark.parametrize("text", ["", "- a\n", "all: [\n", "tag: x\ntag: y\n", "17"])
def test_what_is_no_condition_is_refused_in_a_sentence(text):
    with pytest.raises(Invalid) as fault:
        read(text)
    assert fault.value.errors["condition"]
