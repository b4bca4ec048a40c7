"""The one condition language."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.rules.conditions import ConditionFault, Look, describe, holds, parse, signals_asked, unparse
from nurture.rules.conditions.tree import EVER
from nurture.rules.facts import Facts, SignalFact
from nurture.rules.folding import fold

NOW = datetime(2026, 5, 12, 10, tzinfo=UTC)


def says(raw: dict[str, Any], extra: dict[str, Any] | None = None, **known: Any) -> bool:
    return holds(parse(raw), Facts(lead_id=7, **known), NOW, extra)


def faults(raw: object) -> dict[str, str]:
    with pytest.raises(ConditionFault) as caught:
        parse(raw)
    return {str(fault).partition(": ")[0]: fault.sentence for fault in caught.value.faults}


@pytest.mark.parametrize(
    ("asked", "value", "expected"),
    [
        ({"eq": "DE"}, "de", True),
        ({"eq": "STRASSE"}, "Straße", True),
        ({"eq": "ﬁt"}, "FIT", True),
        ({"ne": "DE"}, "FR", True),
        ({"ne": "DE"}, "DE", False),
        ({"gte": 50}, 50, True),
        ({"gte": 50}, "120", True),
        ({"gte": 50}, "many", False),
        ({"gt": 50}, 50, False),
        ({"gte": 10, "lt": 50}, 49.5, True),
        ({"gte": 10, "lt": 50}, 50, False),
        ({"in": ["DE", "AT"]}, "at", True),
        ({"not_in": ["DE", "AT"]}, "CH", True),
        ({"contains": "head"}, "Deputy HEAD of sales", True),
        ({"contains": "solar"}, ["Wind", "Solar"], True),
        ({"starts": "chief"}, "Chief buyer", True),
        ({"ends": "gmbh"}, "Nordlicht GmbH", True),
        ({"eq": True}, "true", True),
        ({"eq": 1}, True, False),
        ({"lt": "2026-06-01"}, date(2026, 5, 31), True),
        ({"gte": "2026-06-01"}, "2026-06-01", True),
        ({"gte": "2026-06-01T09:00:00+02:00"}, datetime(2026, 6, 1, 7, tzinfo=UTC), True),
    ],
)
def test_a_field_is_compared_in_the_type_of_what_is_wanted(
    asked: dict[str, Any], value: object, expected: bool
) -> None:
    assert says({"field": "x", **asked}, fields={"x": value}) is expected


@pytest.mark.parametrize("missing", [{}, {"x": None}, {"x": " "}, {"x": []}])
def test_what_is_missing_makes_every_comparison_false(missing: dict[str, Any]) -> None:
    for op in ("eq", "ne", "contains", "starts", "ends"):
        assert not says({"field": "x", op: "a"}, fields=missing)
    for op in ("gt", "gte", "lt", "lte"):
        assert not says({"field": "x", op: 0}, fields=missing)
    for op in ("in", "not_in"):
        assert not says({"field": "x", op: ["a"]}, fields=missing)


def test_only_exists_and_not_see_what_is_missing() -> None:
    assert says({"field": "x", "exists": False})
    assert not says({"field": "x", "exists": True})
    assert says({"not": {"field": "x", "eq": "a"}})


def test_the_traits_of_a_lead_are_fields_too() -> None:
    assert says({"field": "heat", "gte": 20}, heat=20.0)
    assert says({"field": "stage", "ne": "customer"}, stage="lead")
    assert says({"field": "company.size", "gte": 50}, fields={"company.size": 80})


def test_names_of_the_question_win_over_those_of_the_lead() -> None:
    assert says({"field": "data.rating", "gte": 5}, extra={"data": {"rating": 5}})
    assert not says({"field": "data.rating", "gte": 5}, extra={"data": {}})


def test_traits_hold_by_name_whatever_the_case() -> None:
    anna = {"tags": frozenset({"Engaged"}), "consents": frozenset({"marketing"}), "temperature": "warm"}
    assert says({"tag": "engaged"}, **anna)
    assert says({"consent": "marketing"}, **anna)
    assert says({"temperature": ["warm", "hot"]}, **anna)
    assert not says({"temperature": "hot"}, **anna)
    assert not says({"grade": "A"}, **anna)
    assert not says({"source": "fair"}, **anna)


def test_within_reaches_back_to_but_not_including_its_start() -> None:
    asked = {"signal": "clicked", "within": "5d"}
    for ago, counts in (
        (timedelta(0), True),
        (timedelta(days=5), False),
        (timedelta(days=5, seconds=-1), True),
    ):
        assert says(asked, signals=(SignalFact("clicked", NOW - ago),)) is counts
    assert not says(asked, signals=(SignalFact("clicked", NOW + timedelta(seconds=1)),))


def test_signals_are_counted_by_kind_and_mail() -> None:
    signals = tuple(SignalFact("clicked", NOW, mail) for mail in ("welcome", "welcome", "offer"))
    assert says({"signal": "clicked", "at_least": 3}, signals=signals)
    assert says({"signal": "clicked", "mail": "welcome", "at_least": 2}, signals=signals)
    assert not says({"signal": "clicked", "mail": "offer", "at_least": 2}, signals=signals)


def test_bant_asks_for_yes_unless_told_otherwise() -> None:
    four = dict.fromkeys(("budget", "authority", "need", "timing"), "yes")
    assert says({"bant": "all"}, bant=four)
    assert not says({"bant": "all"}, bant={**four, "timing": "partly"})
    assert says({"bant": "timing", "in": ["partly", "yes"]}, bant={"timing": "partly"})
    assert says({"bant": {"need": "yes", "budget": "unknown"}}, bant={"need": "yes"})


def test_touches_are_a_number() -> None:
    assert says({"touches": {"gte": 7}}, touches=8)
    assert not says({"touches": None, "gte": 9}, touches=8)


def test_all_faults_are_named_at_once_with_their_place() -> None:
    found = faults(
        {
            "all": [
                {"field": "country", "is": "DE"},
                {"temperature": "lukewarm"},
                {
                    "any": [
                        {"signal": "clicked", "within": "soon", "at_least": 0},
                        {"tag": "a", "stage": "lead"},
                    ]
                },
                {"colour": "red"},
            ]
        }
    )
    assert set(found) == {
        "all[0].is",
        "all[1].temperature",
        "all[2].any[0].at_least",
        "all[2].any[0].within",
        "all[2].any[1]",
        "all[3].colour",
    }


@pytest.mark.parametrize(
    "raw", [None, [], {}, "cold", {"all": []}, {"field": "x"}, {"field": "x", "gt": "much"}]
)
def test_what_is_no_condition_is_refused(raw: object) -> None:
    assert faults(raw)


def test_a_condition_nested_beyond_reason_is_refused() -> None:
    raw: dict[str, Any] = {"tag": "a"}
    for _level in range(200):
        raw = {"not": raw}
    assert faults(raw)


def test_a_condition_says_itself_in_words() -> None:
    raw = {
        "any": [{"field": "company.size", "gte": 50}, {"signal": "clicked", "at_least": 2, "within": "5d"}]
    }
    assert describe(parse(raw)) == "company size is at least 50 or clicked at least 2 times within 5 days"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"signal": "form_submitted", "within": "1d"}, "sent a form within 1 day"),
        ({"signal": "clicked", "mail": "case"}, "clicked in the mail case"),
        ({"signal": "looked_at_prices"}, "looked at prices"),
        ({"stage": "sales_ready"}, "stage sales ready"),
        ({"tag": "our_own_tag"}, "tagged our_own_tag"),
        ({"field": "fields.fleet_size", "gte": 5}, "fleet size is at least 5"),
    ],
)
def test_a_condition_speaks_as_people_do(raw: dict[str, Any], words: str) -> None:
    assert describe(parse(raw)) == words


def test_conditions_tell_which_signals_they_look_at_and_how_far_back() -> None:
    asked = [
        {"any": [{"signal": "clicked", "within": "5d"}, {"not": {"signal": "clicked", "within": "30d"}}]},
        {"signal": "replied", "at_least": 3},
        {"tag": "a"},
    ]
    assert signals_asked(map(parse, asked), NOW) == {
        "clicked": Look(NOW - timedelta(days=30), most=1),
        "replied": Look(EVER, most=3),
    }


_scalars = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1).filter(str.strip),
    st.integers(-99, 99),
    st.booleans(),
    st.dates().map(date.isoformat),
)
_leaves = st.one_of(
    st.fixed_dictionaries({"field": st.sampled_from(["country", "company.size"]), "eq": _scalars}),
    st.fixed_dictionaries({"field": st.just("x"), "in": st.lists(_scalars, min_size=1)}),
    st.fixed_dictionaries({"field": st.just("x"), "gte": st.integers()}),
    st.fixed_dictionaries({"field": st.just("x"), "exists": st.booleans()}),
    st.fixed_dictionaries({"tag": st.sampled_from(["a", "b"])}),
    st.fixed_dictionaries({"signal": st.just("opened"), "at_least": st.integers(1, 3)}),
    st.fixed_dictionaries({"bant": st.sampled_from(["all", "need"])}),
    st.fixed_dictionaries({"touches": st.fixed_dictionaries({"gte": st.integers(0, 9)})}),
)
_conditions = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=8,
)


@given(_conditions)
def test_what_is_read_and_written_again_is_the_same(raw: dict[str, Any]) -> None:
    assert parse(unparse(parse(raw))) == parse(raw)
    assert describe(parse(raw))


@given(_conditions)
def test_a_condition_or_its_opposite_holds_never_both(raw: dict[str, Any]) -> None:
    for fields in ({}, {"x": 3, "country": "DE", "company.size": "12"}):
        assert says(raw, fields=fields) is not says({"not": raw}, fields=fields)


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
