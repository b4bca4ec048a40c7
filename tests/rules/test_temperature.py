"""Temperature: hysteresis, floors, and when silence is due to change it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from nurture.rules import heat, temperature
from nurture.rules.caps import RatedSignal
from nurture.rules.duration import Duration
from nurture.rules.heat import NO_HEAT, Heat
from nurture.rules.temperature import Floors, judge, level
from tests.rules.models import contract_model

NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)
MODEL = contract_model()
H = MODEL.half_life_s


def warmth(worth: float) -> Heat:
    return heat.of_signal(worth, NOW, H)


def test_a_lead_warms_at_the_rise_and_cools_only_at_the_fall() -> None:
    steps = [("cold", 19.9), ("cold", 20), ("warm", 12.1), ("warm", 12), ("warm", 49.9), ("warm", 50)]
    found = [level(before, worth, MODEL.thresholds) for before, worth in steps]
    assert found == ["cold", "warm", "warm", "cold", "warm", "hot"]


def test_a_hot_lead_that_cools_is_warm_until_it_cools_further() -> None:
    assert level("hot", 35.1, MODEL.thresholds) == "hot"
    assert level("hot", 35, MODEL.thresholds) == "warm"
    assert level("hot", 12, MODEL.thresholds) == "cold"


def test_a_millionth_short_of_a_threshold_counts_as_crossed() -> None:
    assert level("cold", 20 - 5e-7, MODEL.thresholds) == "warm"
    assert level("warm", 12 + 5e-7, MODEL.thresholds) == "cold"


def test_cooling_is_due_when_the_heat_reaches_the_fall() -> None:
    state = judge("cold", warmth(50), Floors(), MODEL, NOW)
    assert (state.level, state.temperature) == ("hot", "hot")
    assert state.due_at is not None
    cooled = judge("hot", warmth(50), Floors(), MODEL, state.due_at)
    assert cooled.temperature == "warm"
    just_before = judge("hot", warmth(50), Floors(), MODEL, state.due_at - timedelta(seconds=2))
    assert just_before.temperature == "hot"


def test_a_cold_lead_has_nothing_due() -> None:
    assert judge("cold", warmth(5), Floors(), MODEL, NOW).due_at is None
    assert judge("warm", NO_HEAT, Floors(), MODEL, NOW).temperature == "cold"


def test_a_floor_lifts_until_it_ends_and_its_end_is_due() -> None:
    ends = NOW + timedelta(days=5)
    state = judge("cold", warmth(5), Floors(hot_until=ends), MODEL, NOW)
    assert (state.level, state.temperature, state.due_at) == ("cold", "hot", ends)
    assert judge("cold", warmth(5), Floors(hot_until=ends), MODEL, ends).temperature == "cold"


def test_a_lead_held_by_a_floor_falls_to_what_its_heat_says() -> None:
    ends = NOW + timedelta(seconds=1)
    state = judge("warm", warmth(40), Floors(hot_until=ends), MODEL, NOW)
    assert state.temperature == "hot"
    assert judge(state.level, warmth(40), Floors(hot_until=ends), MODEL, ends).temperature == "warm"


def test_a_floor_holds_for_its_own_time_or_one_half_life() -> None:
    replied = RatedSignal(UUID(int=1), NOW, MODEL.rules_of("replied")[0])
    attended = RatedSignal(UUID(int=2), NOW, MODEL.rules_of("event_attended")[0])
    praised = RatedSignal(UUID(int=3), NOW, MODEL.rules_of("feedback")[0])
    assert temperature.floors_of([replied], MODEL) == Floors(warm_until=NOW + timedelta(days=21))
    assert temperature.floors_of([praised, replied, attended], MODEL) == Floors(
        NOW + timedelta(days=30), NOW + timedelta(days=21)
    )


@given(st.floats(0.01, 500), st.sampled_from(["cold", "warm", "hot"]))
def test_between_two_dues_silence_changes_nothing(worth: float, before: str) -> None:
    since, state = NOW, judge(before, warmth(worth), Floors(), MODEL, NOW)
    for _turn in range(4):
        if state.due_at is None:
            break
        later = judge(state.level, warmth(worth), Floors(), MODEL, state.due_at)
        middle = since + (state.due_at - since) / 2
        assert judge(state.level, warmth(worth), Floors(), MODEL, middle).temperature == state.temperature
        assert later.temperature != state.temperature
        since, state = state.due_at, later
    assert state.due_at is None


def test_replaying_what_counted_leads_to_the_level_it_would_have_had() -> None:
    clicked = MODEL.rules_of("clicked")[0]
    days = [NOW + timedelta(days=day) for day in range(6)]
    clicks = [RatedSignal(UUID(int=n), at, clicked) for n, at in enumerate(days)]
    assert temperature.replay(clicks, MODEL, days[-1]) == "hot"
    assert temperature.replay(clicks[:4], MODEL, days[-1]) == "warm"
    assert temperature.replay(clicks, MODEL, days[-1] + timedelta(days=90)) == "cold"


def test_a_signal_worth_as_much_as_a_threshold_crosses_it_however_late_it_is_rated() -> None:
    worth_it = RatedSignal(UUID(int=1), NOW, replace(MODEL.rules_of("clicked")[0], weight=20))
    found, heat_of_it = temperature.climb("cold", NO_HEAT, [worth_it], MODEL)
    assert found == "warm"
    assert judge("cold", heat_of_it, Floors(), MODEL, NOW + timedelta(minutes=1)).level == "cold"
    assert temperature.climb("cold", NO_HEAT, [worth_it], MODEL, judged_at=NOW)[0] == "warm"
    late = NOW + timedelta(minutes=1)
    assert temperature.climb("cold", NO_HEAT, [worth_it], MODEL, judged_at=late)[0] == "cold"


@given(
    st.floats(0, 25),
    st.lists(st.tuples(st.floats(-15, 25), st.integers(0, 90)), min_size=1, max_size=6),
    st.integers(0, 90),
)
def test_who_is_said_to_stay_cold_is_cold_after_every_signal(
    worth: float, done: list[tuple[float, int]], judged: int
) -> None:
    clicked, before = MODEL.rules_of("clicked")[0], warmth(worth) if worth else NO_HEAT
    signals = sorted(
        (
            RatedSignal(UUID(int=n), NOW + timedelta(days=day), replace(clicked, weight=weight))
            for n, (weight, day) in enumerate(done)
        ),
        key=lambda one: one.place,
    )
    judged_at = NOW + timedelta(days=judged)
    _level, total = temperature.climb("cold", before, signals, MODEL)
    if temperature.stays_cold("cold", total, signals[0].at, MODEL):
        assert temperature.climb("cold", before, signals, MODEL)[0] == "cold"
        assert temperature.climb("cold", before, signals, MODEL, judged_at=judged_at)[0] == "cold"
    assert not temperature.stays_cold("warm", total, signals[0].at, MODEL)


def test_a_long_floor_is_remembered_beyond_what_still_warms() -> None:
    brief = replace(MODEL, half_life=Duration(1, "h"))
    assert NOW - temperature.remembered_since(brief, NOW) == timedelta(days=30)
    assert NOW - temperature.remembered_since(MODEL, NOW) == 40 * timedelta(days=21)
