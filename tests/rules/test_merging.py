"""What a person is after two leads were found to be one."""

from hypothesis import given
from hypothesis import strategies as st

from nurture.rules import merging
from nurture.store.leads import STAGES

NOTHING = {
    "email": None, "email_norm": None, "phone": None, "first_name": None, "last_name": None,
    "company_id": None, "role": None, "buying_role": None, "language": None, "timezone": None,
    "timezone_source": None, "country": None, "city": None, "address": None, "owner_id": None,
    "grade_override": None, "grade_override_reason": None, "tags": [], "fields": {}, "dates": {}, "bant": {},
    "profiles": [], "source_id": None, "last_source_id": None, "created_at": "2026-03-01T09:00:00+00:00",
    "touches_in": 0, "touches_out": 0, "ripening_no": 0, "last_signal_at": None, "held_at": None,
    "future_at": None, "armed": True,
}  # fmt: skip
ANNA = NOTHING | {
    "email": "Anna@pumps.example", "email_norm": "anna@pumps.example", "first_name": "Anna", "role": "Buyer",
    "tags": ["fair"], "fields": {"size": 3}, "touches_in": 4, "source_id": 7,
    "last_signal_at": "2026-03-02T09:00:00.5+00:00",
}  # fmt: skip
CALLER = NOTHING | {
    "phone": "+49301234567", "first_name": "A.", "last_name": "Weber", "tags": ["fair", "phone"],
    "fields": {"size": 5, "need": "pumps"}, "touches_in": 1, "source_id": 9,
    "created_at": "2026-02-01T09:00:00+00:00", "last_signal_at": "2026-03-02T09:00:00+00:00",
}  # fmt: skip


def test_the_survivor_keeps_what_it_says_and_takes_what_it_does_not_know():
    row = merging.merged(ANNA, CALLER, [])
    assert (row["first_name"], row["last_name"], row["phone"]) == ("Anna", "Weber", "+49301234567")
    assert row["fields"] == {"size": 3, "need": "pumps"} and row["tags"] == ["fair", "phone"]


def test_what_is_taken_is_the_others_with_all_that_goes_along():
    row = merging.merged(ANNA, CALLER | {"email": "a@w.example", "email_norm": "a@w.example"},
                         ["email", "first_name", "fields.size"])  # fmt: skip
    assert (row["email"], row["email_norm"], row["first_name"]) == ("a@w.example", "a@w.example", "A.")
    assert row["fields"]["size"] == 5


def test_history_is_that_of_both():
    row = merging.merged(ANNA, CALLER, [])
    assert (row["created_at"], row["source_id"]) == (CALLER["created_at"], 9)
    assert (row["touches_in"], row["last_signal_at"]) == (5, ANNA["last_signal_at"])


def test_only_what_both_say_differently_has_to_be_chosen():
    assert merging.choices(ANNA, CALLER) == ["first_name", "fields.size"]


def test_taking_apart_leaves_what_was_changed_since():
    after = merging.merged(ANNA, CALLER, ["first_name"])
    later = after | {"role": "Head of buying", "touches_in": 7}
    back = merging.unmerged(later, {"survivor": ANNA, "alias": CALLER, "after": after})
    assert (back["first_name"], back["last_name"], back["phone"]) == ("Anna", None, None)
    assert (back["role"], back["touches_in"], back["tags"]) == ("Head of buying", 6, ["fair"])


STATES = st.sampled_from([None, "granted", "pending", "withdrawn"])


@given(STATES, STATES)
def test_a_no_of_either_wins(mine, other):
    holds = merging.consent(mine, other) or mine
    if "withdrawn" in (mine, other):
        assert holds == "withdrawn"
    elif "granted" in (mine, other):
        assert holds == "granted"
    else:
        assert holds == mine


@given(st.sampled_from(STAGES), st.sampled_from(STAGES))
def test_the_order_of_the_two_does_not_matter_for_the_stage(one, two):
    assert merging.stage(one, two) == merging.stage(two, one)


def test_a_customer_stays_one_and_a_living_lead_is_not_lost():
    assert merging.stage("lost", "lead") == "lead" and merging.stage("opportunity", "customer") == "customer"


def test_an_active_run_goes_on_before_one_at_rest_and_the_further_one_before_the_other():
    assert merging.goes_on([(1, False, 9, True), (2, True, 0, False)]) == 2
    assert merging.goes_on([(1, True, 1, True), (2, True, 3, False)]) == 2
    assert merging.goes_on([(1, True, 1, False), (2, True, 1, True)]) == 2
