"""Heat by forward decay: its laws, stated for any signals in any order."""

import math
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.rules import caps, heat
from nurture.rules.caps import Bucket, RatedSignal
from nurture.rules.heat import NO_HEAT, Heat
from nurture.rules.model import SignalRule

START = datetime(2026, 3, 3, 10, tzinfo=UTC)
H = timedelta(days=21).total_seconds()
OPENED = SignalRule("opened", 1, cap=2)
CLICKED = SignalRule("clicked", 10, cap=3)
REPLIED = SignalRule("replied", 25)
NO_SHOW = SignalRule("event_no_show", -5, cap=1)
RULES = (OPENED, CLICKED, REPLIED, NO_SHOW)

signals = st.builds(
    RatedSignal,
    id=st.uuids(),
    at=st.integers(0, 60 * 86400).map(lambda gone: START + timedelta(seconds=gone)),
    rule=st.sampled_from(RULES),
)
histories = st.lists(signals, max_size=40, unique_by=lambda signal: signal.id)
END = START + timedelta(days=61)


def sum_of(history: list[RatedSignal], now: datetime) -> float:
    """The definition: every signal that counts by now, aged by hand."""
    past = [signal for signal in history if signal.at <= now]
    ages = [(one.rule.weight, (now - one.at).total_seconds()) for one in caps.counted(past)]
    return max(0.0, math.fsum(weight * 2 ** (-age / H) for weight, age in ages))


def of(history: list[RatedSignal]) -> Heat:
    return heat.total(heat.of_signal(one.rule.weight, one.at, H) for one in caps.counted(history))


def in_batches(history: list[RatedSignal], sizes: list[int]) -> dict[tuple[str, str], Bucket]:
    """Buckets after the signals came in this order and in these batches, as rating keeps them."""
    buckets: dict[tuple[str, str], Bucket] = {}
    known: list[RatedSignal] = []
    rest = list(history)
    while rest:
        size = sizes[len(known) % len(sizes)] if sizes else 1
        batch, rest = rest[:size], rest[size:]
        known += batch
        for key in {(one.rule.key, str(one.day)) for one in batch}:
            arrivals = [one for one in batch if (one.rule.key, str(one.day)) == key]
            added = caps.add(buckets.get(key, Bucket()), arrivals, H)
            every = [one for one in known if (one.rule.key, str(one.day)) == key]
            buckets[key] = caps.fill(every, H) if added is None else added[0]
    return buckets


def test_a_signal_is_worth_half_after_one_half_life() -> None:
    warmth = heat.of_signal(10, START, H)
    assert heat.value(warmth, START, H) == 10
    assert heat.value(warmth, START + timedelta(days=21), H) == 5
    assert heat.value(warmth, START + timedelta(days=42), H) == 2.5


def test_a_lead_without_signals_has_no_heat() -> None:
    assert heat.value(NO_HEAT, START, H) == 0
    assert heat.cool_at(NO_HEAT.net, 12, H) is None


def test_what_the_negative_outweighs_is_no_heat_and_never_warms() -> None:
    warmth = heat.of_signal(10, START, H).plus(heat.of_signal(-100, START, H))
    assert warmth.net == heat.NOTHING
    assert heat.value(warmth, START + timedelta(days=900), H) == 0


def test_a_signal_and_its_like_with_the_other_sign_cancel() -> None:
    warmth = heat.of_signal(30, START, H).plus(heat.of_signal(-30, START, H))
    assert heat.value(warmth, START, H) == 0


@given(histories, st.integers(0, 61 * 86400))
def test_heat_is_what_its_definition_says_at_any_moment(history: list[RatedSignal], gone: int) -> None:
    now = START + timedelta(seconds=gone)
    past = [signal for signal in history if signal.at <= now]
    assert heat.value(of(past), now, H) == pytest.approx(sum_of(history, now), rel=1e-9, abs=2e-6)


@given(st.data(), histories)
def test_any_order_gives_the_same_heat(data: st.DataObject, history: list[RatedSignal]) -> None:
    shuffled = data.draw(st.permutations(history))
    one_by_one = in_batches(shuffled, [1])
    at_once = of(history)
    summed = heat.total(bucket.heat for bucket in one_by_one.values())
    assert heat.value(summed, END, H) == pytest.approx(heat.value(at_once, END, H), rel=1e-9, abs=2e-6)
    assert {key: bucket.count for key, bucket in one_by_one.items()} == {
        key: bucket.count for key, bucket in in_batches(history, [len(history) or 1]).items()
    }


@given(histories, st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_batches_give_the_same_as_one_by_one(history: list[RatedSignal], sizes: list[int]) -> None:
    single, batched = in_batches(history, [1]), in_batches(history, sizes)
    assert single.keys() == batched.keys()
    for key, bucket in single.items():
        assert (bucket.count, bucket.last) == (batched[key].count, batched[key].last)
        assert bucket.heat.pos == pytest.approx(batched[key].heat.pos, rel=1e-12)
        assert bucket.heat.neg == pytest.approx(batched[key].heat.neg, rel=1e-12)


@given(histories, signals)
def test_a_signal_undone_might_never_have_been(history: list[RatedSignal], spurious: RatedSignal) -> None:
    with_it = [*history, spurious]
    without = [signal for signal in with_it if signal.id != spurious.id]
    assert of(without) == of([one for one in history if one.id != spurious.id])


@given(histories)
def test_silence_never_warms(history: list[RatedSignal]) -> None:
    warmth = of(history)
    worth = [heat.value(warmth, END + timedelta(days=days), H) for days in range(0, 200, 20)]
    assert worth == sorted(worth, reverse=True)


@given(histories, st.sampled_from([0.5, 12.0, 35.0]))
def test_cooling_is_due_in_the_second_in_which_the_threshold_is_reached(
    history: list[RatedSignal], threshold: float
) -> None:
    warmth = of(history)
    at = heat.cool_at(warmth.net, threshold, H)
    if at is None:
        assert warmth.net == heat.NOTHING
        return
    assert at.microsecond == 0
    assert heat.value(warmth, at, H) <= threshold + heat.TOLERANCE
    assert heat.value(warmth, at - timedelta(seconds=1, milliseconds=1), H) >= threshold - heat.TOLERANCE


@given(histories)
def test_what_signals_add_is_together_what_they_are(history: list[RatedSignal]) -> None:
    parts = [heat.signed(heat.of_signal(one.rule.weight, one.at, H), END, H) for one in caps.counted(history)]
    assert max(0.0, math.fsum(parts)) == pytest.approx(heat.value(of(history), END, H), rel=1e-9, abs=2e-6)


def test_of_a_days_clicks_the_first_three_count() -> None:
    clicks = [RatedSignal(UUID(int=n), START + timedelta(minutes=n), CLICKED) for n in range(5)]
    assert [one.id.int for one in caps.counted(reversed(clicks))] == [0, 1, 2]
    tomorrow = RatedSignal(UUID(int=9), START + timedelta(days=1), CLICKED)
    assert len(caps.counted([*clicks, tomorrow])) == 4


def test_a_late_arrival_that_displaces_another_is_told_apart() -> None:
    clicks = [RatedSignal(UUID(int=n), START + timedelta(minutes=n), CLICKED) for n in range(1, 4)]
    full = caps.fill(clicks, H)
    earlier = RatedSignal(UUID(int=0), START, CLICKED)
    later = RatedSignal(UUID(int=7), START + timedelta(hours=1), CLICKED)
    assert caps.add(full, [later], H) == (full, NO_HEAT)
    assert caps.add(full, [earlier], H) is None
    assert caps.add(caps.fill(clicks[:2], H), [earlier], H) is not None


def test_signals_without_weight_leave_no_heat() -> None:
    assert heat.of_signal(0, START, H) == NO_HEAT
