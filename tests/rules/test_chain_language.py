"""The steps that divide, wait for dates, tell others, and go round: decided on values alone."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.rules.chain import (
    MOST_ROUNDS,
    Around,
    Call,
    Decision,
    Emit,
    Rounds,
    SendMail,
    Standing,
    Tell,
    Worth,
    next_step,
    share_of,
)
from nurture.rules.facts import Facts, SignalFact
from nurture.rules.program import Program, Split, read

TUESDAY = datetime(2026, 3, 3, 10, tzinfo=UTC)
ANNA = Facts(lead_id=1, consents=frozenset({"marketing"}), fields={"email": "anna@muster.example"})


def program(*steps: object, **top: object) -> Program:
    raw = {"program": "garden", "after_end": "exit", "chains": {"cold": {"steps": list(steps)}}}
    return read(raw | top)


def decide(
    found: Program, standing: Standing | None = None, lead: Facts = ANNA, now: datetime = TUESDAY
) -> Decision:
    standing = standing or Standing(None, TUESDAY, TUESDAY)
    return next_step(found, found.chains["cold"], standing, lead, Around(), now)


def a_split(**weights: float) -> Split:
    step = {"split": {"name": "test", "weights": weights}}
    return program(step | {name: [] for name in weights}).chains["cold"].steps[0]


def test_a_split_takes_the_same_lead_the_same_way_and_says_so():
    found = program(
        {
            "split": {"name": "subject", "weights": {"a": 50, "b": 50}},
            "a": [{"send": "x"}],
            "b": [{"send": "y"}],
        }
    )
    taken = {}
    for lead_id in range(40):
        first, again = (decide(found, lead=replace(ANNA, lead_id=lead_id)) for _time in range(2))
        assert first == again
        taken[lead_id] = first.history[0].reason
        assert first.history[0].detail == {"split": "subject"}
        assert first.intents == (SendMail(*{"a": ("x", "x"), "b": ("y", "y")}[taken[lead_id]]),)
    assert set(taken.values()) == {"a", "b"}


def test_weights_need_not_be_even():
    split = a_split(a=80, b=15, c=5)
    ways = Counter(share_of(split, lead_id).name for lead_id in range(10_000))
    assert 7_800 < ways["a"] < 8_200
    assert 1_350 < ways["b"] < 1_650
    assert 400 < ways["c"] < 600


def test_splits_of_different_names_divide_independently():
    one, other = a_split(a=50, b=50), replace(a_split(a=50, b=50), name="another")
    same = sum(share_of(one, lead).name == share_of(other, lead).name for lead in range(4_000))
    assert 1_800 < same < 2_200


@given(lead_id=st.integers(1, 2**62), heavier=st.integers(51, 99))
def test_weights_that_change_move_leads_one_way_only(lead_id, heavier):
    if share_of(a_split(a=50, b=50), lead_id).name == "a":
        assert share_of(a_split(a=heavier, b=100 - heavier), lead_id).name == "a"


def test_nobody_goes_a_way_of_no_weight():
    assert {share_of(a_split(a=0, b=1, c=0), lead_id).name for lead_id in range(500)} == {"b"}


def test_a_step_holds_out_a_share_and_steps_of_one_name_the_same_leads():
    early = program({"holdout": {"percent": 30, "name": "spring"}}, {"send": "x"})
    late = program({"send": "x"}, {"holdout": {"percent": 30, "name": "spring"}, "key": "again"})
    held = set()
    for lead_id in range(1_000):
        lead = replace(ANNA, lead_id=lead_id)
        decision = decide(early, lead=lead)
        if decision.state == "resting":
            assert (decision.reason, decision.intents) == ("holdout", ())
            held.add(lead_id)
        later = decide(late, Standing("again", TUESDAY, TUESDAY), lead)
        assert (later.reason == "holdout") == (lead_id in held)
    assert 250 < len(held) < 350


def test_a_held_out_lead_is_left_alone_and_still_meets_the_goal():
    found = program({"holdout": 100}, {"send": "x"}, goal={"when": {"stage": "customer"}, "value": 5})
    resting = decide(found)
    assert (resting.state, resting.reason) == ("resting", "holdout")
    met = decide(found, resting.standing, replace(ANNA, stage="customer"), TUESDAY + timedelta(days=9))
    assert (met.state, met.reason, met.goal) == ("ended", "goal", Worth(5.0, None))


def renewal(offset: str = "-14d", **beside: object) -> Program:
    wait = {"field": "dates.renewal", "offset": offset, "at": "10:00"}
    return program({"wait_until": wait} | beside, {"send": "x"}, timezone="Europe/Berlin")


def with_renewal(day: str) -> Facts:
    return replace(ANNA, fields={**ANNA.fields, "dates.renewal": day})


def test_a_date_of_the_lead_is_waited_for():
    decision = decide(renewal(), lead=with_renewal("2026-06-15"))
    assert decision.due_at == datetime(2026, 6, 1, 8, tzinfo=UTC)
    assert (decision.reason, decision.waiting_for) == ("wait_date", "dates.renewal")
    then = decide(renewal(), decision.standing, with_renewal("2026-06-15"), decision.due_at)
    assert then.intents == (SendMail("x", "x"),)


def test_a_date_that_moves_while_it_is_waited_for_is_followed():
    standing = decide(renewal(), lead=with_renewal("2026-06-15")).standing
    moved = decide(renewal(), standing, with_renewal("2026-07-15"), datetime(2026, 6, 1, 8, tzinfo=UTC))
    assert moved.due_at == datetime(2026, 7, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(("lead", "why"), [(ANNA, "no_date"), (with_renewal("2026-03-10"), "date_past")])
def test_a_date_past_or_missing_takes_the_else_and_without_one_goes_on(lead, why):
    otherwise = decide(renewal(**{"else": [{"exit": "no_date"}]}), lead=lead)
    assert (otherwise.state, otherwise.reason) == ("ended", "no_date")
    assert otherwise.history[0].reason == why
    assert decide(renewal(), lead=lead).intents == (SendMail("x", "x"),)


def test_a_date_met_behind_a_late_worker_is_not_past():
    standing = decide(renewal(), lead=with_renewal("2026-06-15")).standing
    late = decide(
        renewal(**{"else": [{"exit": "no_date"}]}),
        standing,
        with_renewal("2026-06-15"),
        datetime(2026, 6, 20, tzinfo=UTC),
    )
    assert late.intents == (SendMail("x", "x"),)


def test_any_of_several_signals_ends_the_wait():
    found = program(
        {"wait_for": {"signal": ["visited", "called"], "within": "5d"}, "then": [{"exit": "warm"}]},
        {"exit": "silent"},
    )
    waiting = decide(found)
    assert (waiting.reason, waiting.waiting_for) == ("wait_for", "visited,called")
    called = replace(ANNA, signals=(SignalFact("called", TUESDAY + timedelta(days=1)),))
    assert decide(found, waiting.standing, called, TUESDAY + timedelta(days=1)).reason == "warm"
    assert decide(found, waiting.standing, ANNA, TUESDAY + timedelta(days=5)).reason == "silent"


def test_a_signal_a_notice_and_a_webhook_are_asked_for_once_a_pass_and_the_chain_goes_on():
    found = program(
        {"signal": {"kind": "finished_cold", "data": {"round": 1}}},
        {"notify": {"owner": True, "text": "Look."}},
        {"webhook": {"url": "https://crm.example/hooks"}},
        {"exit": "told"},
    )
    decision = decide(found, Standing(None, TUESDAY, TUESDAY, pass_no=3))
    emit, tell, call = decision.intents
    assert isinstance(emit, Emit) and isinstance(tell, Tell) and isinstance(call, Call)
    assert (emit.step.kind, dict(emit.step.data), emit.pass_no) == ("finished_cold", {"round": 1}, 3)
    assert (tell.step.owner, tell.step.text, call.step.url) == (True, "Look.", "https://crm.example/hooks")
    assert decision.reason == "told"


def test_a_step_sees_the_signal_that_the_step_before_it_has_recorded():
    found = program(
        {"signal": {"kind": "finished_cold"}},
        {"branch": [{"when": {"signal": "finished_cold", "within": "1h"}, "steps": [{"exit": "seen"}]}]},
    )
    assert decide(found).reason == "seen"


def round_and_round() -> Program:
    return program({"send": "x"}, {"wait": "1h"}, {"goto": {"step": "x"}})


def at_goto(rounds: Rounds, waits: str = "") -> Standing:
    return Standing("goto-1", TUESDAY, TUESDAY - timedelta(days=9), waits=waits, rounds=rounds, hops=0)


def test_who_is_sent_round_a_hundred_times_in_a_month_is_held_for_a_person():
    many = Rounds(MOST_ROUNDS, TUESDAY - timedelta(days=5))
    held = decide(round_and_round(), at_goto(many))
    assert (held.state, held.due_at, held.reason, held.position) == ("active", None, "looping", "goto-1")
    assert held.history[-1].what == "held"
    assert decide(round_and_round(), at_goto(many, "looping")).history == ()


def test_a_person_lets_it_go_on_and_the_count_begins_anew():
    many = Rounds(MOST_ROUNDS, TUESDAY - timedelta(days=5))
    released = decide(round_and_round(), at_goto(many, "spread"))
    assert released.intents == (SendMail("x", "x"),)
    assert released.standing.rounds == Rounds(1, TUESDAY)


def test_a_slow_loop_goes_on_for_years():
    slow = Rounds(MOST_ROUNDS, TUESDAY - timedelta(days=31))
    assert decide(round_and_round(), at_goto(slow)).intents == (SendMail("x", "x"),)


@pytest.mark.parametrize(
    ("said", "fields", "worth"),
    [
        ({"value": 1500, "currency": "EUR"}, {}, Worth(1500.0, "EUR")),
        ({"value": {"field": "deal"}, "currency": "EUR"}, {"deal": "2500.5"}, Worth(2500.5, "EUR")),
        ({"value": {"field": "deal"}}, {}, Worth(None, None)),
        ({}, {}, Worth(None, None)),
    ],
)
def test_a_goal_has_the_worth_that_is_said_or_that_the_lead_holds(said, fields, worth):
    found = program({"send": "x"}, goal={"when": {"stage": "customer"}} | said)
    lead = replace(ANNA, stage="customer", fields={**ANNA.fields, **fields})
    assert decide(found, lead=lead).goal == worth


def test_a_run_beside_another_one_ends_where_others_would_rest():
    found = program({"exit": "done"}, after_end="newsletter_only")
    assert decide(found).state == "resting"
    beside = decide(found, Standing(None, TUESDAY, TUESDAY, parallel=True))
    assert (beside.state, beside.reason, beside.finished) == ("ended", "done", "done")
