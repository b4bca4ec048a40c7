"""The response clock, step by step, in a team's own hours."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from nurture.rules import response
from nurture.rules.response import ResponseRule, Watched, after, due_at, next_step
from nurture.rules.timing import Window

UTC_ZONE = ZoneInfo("UTC")
TEN = datetime(2026, 3, 3, 10, tzinfo=UTC)
RULE = ResponseRule(
    within=timedelta(minutes=10),
    warn_before=timedelta(minutes=3),
    reroute_after=timedelta(minutes=20),
    ask_after=timedelta(days=3),
    return_after=timedelta(days=14),
    hours=Window(frozenset(range(5)), 9 * 60, 18 * 60),
    zone=UTC_ZONE,
)
FRESH = Watched("released", TEN, due_at(RULE, TEN), TEN)


def steps(watched: Watched, now: datetime, rule: ResponseRule = RULE) -> list[str]:
    """Everything that is due by `now`, in the order in which it is done."""
    done = []
    while (step := next_step(rule, watched, now)).kind is not None:
        done.append(step.kind)
        watched = after(watched, step.kind)
        if step.kind in (response.RETURN, response.REROUTE):
            break
    return done


def minutes(count: int) -> datetime:
    return TEN + timedelta(minutes=count)


def test_a_fresh_lead_is_looked_at_again_when_the_warning_is_due() -> None:
    step = next_step(RULE, FRESH, TEN)
    assert (step.kind, step.again_at) == (None, minutes(7))


def test_first_the_warning_then_the_escalation_then_somebody_else() -> None:
    assert steps(FRESH, minutes(6)) == []
    assert steps(FRESH, minutes(7)) == ["warned"]
    assert steps(FRESH, minutes(10)) == ["overdue"]
    warned = after(FRESH, "warned")
    assert steps(warned, minutes(10)) == ["overdue"]
    assert steps(after(warned, "overdue"), minutes(30)) == ["rerouted"]


def test_an_escalation_that_was_missed_is_told_before_the_lead_goes_to_somebody_else() -> None:
    assert steps(FRESH, minutes(45)) == ["overdue", "rerouted"]


def test_a_lead_that_somebody_has_accepted_is_not_taken_from_them() -> None:
    accepted = replace(FRESH, state="accepted")
    assert steps(accepted, minutes(45)) == ["overdue"]


def test_the_clock_stops_with_the_first_contact() -> None:
    contacted = replace(FRESH, state="contacted")
    step = next_step(RULE, contacted, minutes(45))
    assert (step.kind, step.again_at) == (None, TEN + timedelta(days=3))


def test_after_three_colleagues_it_stays_where_it_is() -> None:
    tried = replace(FRESH, rerouted=3, warned=True, overdue=True)
    assert next_step(RULE, tried, minutes(600)).kind is None


def test_silence_is_asked_about_and_then_ends_the_hand_off() -> None:
    silent = replace(FRESH, state="contacted")
    assert steps(silent, TEN + timedelta(days=3)) == ["asked"]
    assert steps(after(silent, "asked"), TEN + timedelta(days=14)) == ["returned"]
    # Nobody looked for two weeks: it is returned, without a question first.
    assert steps(silent, TEN + timedelta(days=15)) == ["returned"]


def test_a_meeting_is_asked_about_but_never_taken_back() -> None:
    meeting = replace(FRESH, state="meeting")
    assert steps(meeting, TEN + timedelta(days=100)) == ["asked"]


def test_a_hot_opportunity_is_asked_about_after_a_day() -> None:
    meeting = replace(FRESH, state="meeting")
    tomorrow = TEN + timedelta(days=1)
    assert steps(meeting, tomorrow) == []
    assert steps(replace(meeting, hot=True), tomorrow) == ["asked"]
    # An opportunity that is not hot yet is looked at every day: it may turn hot.
    assert next_step(RULE, meeting, TEN).again_at == tomorrow
    assert next_step(RULE, meeting, tomorrow).again_at == TEN + timedelta(days=2)
    never = replace(RULE, ask_after=None)
    assert steps(replace(meeting, hot=True), TEN + timedelta(days=50), never) == []


def test_a_closed_hand_off_is_watched_no_more() -> None:
    step = next_step(RULE, replace(FRESH, state="won"), TEN + timedelta(days=100))
    assert (step.kind, step.again_at) == (None, None)


@given(st.sampled_from(response.SILENT), st.lists(st.integers(1, 3000), min_size=1, max_size=30))
def test_each_thing_happens_once_for_a_clock_however_often_one_looks(state, gaps) -> None:
    watched, now, seen = replace(FRESH, state=state), TEN, []
    for gap in gaps:
        now += timedelta(minutes=gap)
        while (step := next_step(RULE, watched, now)).kind is not None:
            seen.append(step.kind)
            watched = after(watched, step.kind)
            if step.kind == response.REROUTE:
                watched = replace(watched, rerouted=3)
            if step.kind == response.RETURN:
                break
        if seen and seen[-1] == response.RETURN:
            break
        # Nothing that is due is left, and the next look lies ahead.
        assert step.again_at is None or step.again_at > now
    assert len(seen) == len(set(seen))
