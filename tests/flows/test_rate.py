"""Rating: signals warm, silence cools, the ripe are handed over, in one transaction."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.answer import Outcome, answer
from nurture.flows.hand_over import hand_over
from nurture.flows.judge_leads import judge_leads
from nurture.flows.rate import rate
from nurture.rules.tokens import KeyRing
from nurture.store.handoffs import Handoff
from nurture.store.heat_buckets import HeatBucket
from nurture.store.signals import UnratedSignal
from nurture.store.temperature_changes import TemperatureChange
from nurture.store.webhooks import WebhookEndpoint, WebhookMessage
from tests.conftest import TUESDAY
from tests.flows.rated_leads import (
    all_of,
    heat_row,
    lead,
    make_lead,
    publish,
    rate_all,
    send,
    strong_lead,
    worth,
)
from tests.rules.models import contract_model

Sessions = sessionmaker[Session]


def test_a_signal_warms_its_lead_and_leaves_the_inbox(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    send(sessions, anna, "clicked", TUESDAY)
    assert rate(sessions, now=TUESDAY) == 1
    assert worth(sessions, anna, TUESDAY) == 10
    assert worth(sessions, anna, TUESDAY + timedelta(days=21)) == 5
    assert all_of(sessions, UnratedSignal) == []
    assert rate(sessions, now=TUESDAY) == 0


def test_signals_wait_until_there_is_a_model(sessions: Sessions) -> None:
    anna = make_lead(sessions)
    send(sessions, anna, "replied", TUESDAY)
    assert rate(sessions, now=TUESDAY) == 0
    publish(sessions)
    assert rate(sessions, now=TUESDAY) == 1
    assert worth(sessions, anna, TUESDAY) == 25


def test_a_lead_turns_warm_and_the_change_is_recorded_and_told(sessions: Sessions) -> None:
    publish(sessions)
    with sessions.begin() as session:
        session.add(WebhookEndpoint(url="https://sales.example/in", types=[], secrets=[], created_at=TUESDAY))
    anna = make_lead(sessions, email="anna@example.com")
    for minute in range(2):
        click = send(sessions, anna, "clicked", TUESDAY + timedelta(minutes=minute))
    now = TUESDAY + timedelta(minutes=1)
    rate(sessions, now=now)
    assert lead(sessions, anna).temperature == "cold"  # a minute's cooling keeps it a hair below 20
    third = send(sessions, anna, "opened", now)
    rate(sessions, now=now)
    found = lead(sessions, anna)
    assert (found.temperature, found.temperature_since, found.touches_in) == ("warm", now, 2)
    assert found.last_signal_at == now
    [change] = all_of(sessions, TemperatureChange)
    assert (change.old, change.new, change.reason, change.signal_id) == ("cold", "warm", "opened", third)
    assert click != third
    [message] = [one for one in all_of(sessions, WebhookMessage) if one.type == "lead.temperature_changed"]
    assert b'"new":"warm"' in message.body


def test_only_the_first_of_a_days_clicks_count(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    for minute in range(5):
        send(sessions, anna, "clicked", TUESDAY + timedelta(minutes=minute))
    rate(sessions, now=TUESDAY + timedelta(minutes=5))
    [bucket] = all_of(sessions, HeatBucket)
    assert bucket.count == 3
    send(sessions, anna, "clicked", TUESDAY + timedelta(minutes=7))
    rate(sessions, now=TUESDAY + timedelta(minutes=7))
    [bucket] = all_of(sessions, HeatBucket)
    assert (bucket.count, bucket.last_at) == (3, TUESDAY + timedelta(minutes=2))


def test_a_late_arrival_takes_the_place_of_the_last_that_counted(sessions: Sessions) -> None:
    publish(sessions)
    anna, boris = make_lead(sessions), make_lead(sessions)
    minutes = [3, 4, 5, 1, 2]
    for minute in minutes:
        send(sessions, anna, "clicked", TUESDAY + timedelta(minutes=minute))
        rate(sessions, now=TUESDAY + timedelta(minutes=10))
    for minute in sorted(minutes):
        send(sessions, boris, "clicked", TUESDAY + timedelta(minutes=minute))
    rate(sessions, now=TUESDAY + timedelta(minutes=10))
    assert heat_row(sessions, anna).net_log2 == pytest.approx(heat_row(sessions, boris).net_log2, rel=1e-12)
    assert [bucket.last_at for bucket in all_of(sessions, HeatBucket)] == [TUESDAY + timedelta(minutes=3)] * 2


def test_a_machines_signal_does_not_warm(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    send(sessions, anna, "clicked", TUESDAY)
    with sessions.begin() as session:
        session.execute(text("UPDATE signal SET verdict = 'machine'"))
    assert rate(sessions, now=TUESDAY) == 1
    assert worth(sessions, anna, TUESDAY) == 0
    assert lead(sessions, anna).touches_in == 0


def test_alternatives_of_a_kind_are_chosen_by_the_signals_own_data(sessions: Sessions) -> None:
    publish(sessions)
    anna, boris, clara = (make_lead(sessions) for _ in range(3))
    for who, rating in ((anna, 5), (boris, 2), (clara, 3)):
        send(sessions, who, "feedback", TUESDAY, data={"rating": rating})
    rate(sessions, now=TUESDAY)
    assert [worth(sessions, who, TUESDAY) for who in (anna, boris, clara)] == [30, 0, 0]
    assert lead(sessions, anna).temperature == "hot"
    assert {bucket.rule for bucket in all_of(sessions, HeatBucket)} == {"feedback#0", "feedback#1"}


def test_silence_cools_a_lead_when_it_is_due_and_not_before(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    for day in range(3):
        send(sessions, anna, "clicked", TUESDAY + timedelta(days=day))
    now = TUESDAY + timedelta(days=2)
    rate(sessions, now=now)
    assert lead(sessions, anna).temperature == "warm"
    due = heat_row(sessions, anna).due_at
    assert due is not None
    assert rate(sessions, now=due - timedelta(seconds=1)) == 0
    assert rate(sessions, now=due) == 1
    assert lead(sessions, anna).temperature == "cold"
    assert heat_row(sessions, anna).due_at is None
    assert [change.reason for change in all_of(sessions, TemperatureChange)] == ["clicked", "silence"]


def test_a_lead_that_is_warmed_again_is_found_still_warm_at_the_old_due_time(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    for minute in range(3):
        send(sessions, anna, "clicked", TUESDAY + timedelta(minutes=minute))
    rate(sessions, now=TUESDAY + timedelta(minutes=3))
    due = heat_row(sessions, anna).due_at
    assert due is not None
    send(sessions, anna, "clicked", TUESDAY + timedelta(days=1))
    rate(sessions, now=TUESDAY + timedelta(days=1))
    assert heat_row(sessions, anna).due_at == due
    assert rate(sessions, now=due) == 1
    assert lead(sessions, anna).temperature == "warm"
    assert heat_row(sessions, anna).due_at > due


def test_a_floor_holds_until_it_ends(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    send(sessions, anna, "event_attended", TUESDAY)
    rate(sessions, now=TUESDAY)
    assert heat_row(sessions, anna).warm_floor_until == TUESDAY + timedelta(days=30)
    rate_all(sessions, TUESDAY + timedelta(days=29))
    assert (lead(sessions, anna).temperature, heat_row(sessions, anna).level) == ("warm", "cold")
    rate_all(sessions, TUESDAY + timedelta(days=30))
    assert lead(sessions, anna).temperature == "cold"


def test_a_lead_that_becomes_ready_gets_one_hand_off_in_the_same_turn(sessions: Sessions) -> None:
    publish(sessions)
    anna = strong_lead(sessions, email="anna@example.com")
    for day in range(5):
        for minute in range(2):
            send(sessions, anna, "clicked", TUESDAY + timedelta(days=day, minutes=minute))
    now = TUESDAY + timedelta(days=4, minutes=2)
    rate(sessions, now=now)
    found = lead(sessions, anna)
    assert (found.temperature, found.grade, found.stage, found.armed) == ("hot", "A", "sales_ready", False)
    [handoff] = all_of(sessions, Handoff)
    assert (handoff.cause, handoff.ripening_no, handoff.score) == ("threshold", 1, found.readiness)
    assert round(sum(reason["points"] for reason in handoff.reasons), 6) == handoff.score
    assert [one.type for one in all_of(sessions, WebhookMessage)].count("lead.ready") == 1
    send(sessions, anna, "clicked", now + timedelta(days=1))
    rate(sessions, now=now + timedelta(days=1))
    assert len(all_of(sessions, Handoff)) == 1


def test_a_request_for_a_meeting_hands_over_a_lead_of_whom_nothing_is_known(sessions: Sessions) -> None:
    publish(sessions)
    boris = make_lead(sessions)
    send(sessions, boris, "meeting_requested", TUESDAY)
    rate(sessions, now=TUESDAY)
    [handoff] = all_of(sessions, Handoff)
    assert handoff.cause == "direct_request"
    assert lead(sessions, boris).stage == "sales_ready"
    assert handoff.reasons[0] == {"text": "asked for a meeting within 7 days", "points": 0}


def test_a_hot_lead_of_a_weak_grade_is_kept(sessions: Sessions) -> None:
    publish(sessions)
    boris = make_lead(sessions)
    send(sessions, boris, "feedback", TUESDAY, data={"rating": 5})
    send(sessions, boris, "replied", TUESDAY)
    rate(sessions, now=TUESDAY)
    assert lead(sessions, boris).temperature == "hot"
    assert all_of(sessions, Handoff) == []


def test_four_yeses_hand_over_without_any_signal(sessions: Sessions) -> None:
    publish(sessions)
    yes = {part: {"answer": "yes"} for part in ("budget", "authority", "need", "timing")}
    boris = make_lead(sessions, bant=yes)
    with sessions.begin() as session:
        judge_leads(session, [boris], now=TUESDAY)
    [handoff] = all_of(sessions, Handoff)
    assert handoff.cause == "bant"


def test_a_lead_that_has_cooled_is_armed_again(sessions: Sessions) -> None:
    publish(sessions)
    anna = strong_lead(sessions)
    for day in range(5):
        for minute in range(2):
            send(sessions, anna, "clicked", TUESDAY + timedelta(days=day, minutes=minute))
    rate(sessions, now=TUESDAY + timedelta(days=5))
    assert lead(sessions, anna).armed is False
    for day in range(6, 120, 2):
        rate_all(sessions, TUESDAY + timedelta(days=day))
    found = lead(sessions, anna)
    assert (found.temperature, found.armed) == ("cold", True)
    assert len(all_of(sessions, Handoff)) == 1


def test_a_lead_that_sales_gave_back_is_not_handed_over_again_by_its_next_click(sessions: Sessions) -> None:
    publish(sessions)
    anna, back = strong_lead(sessions), TUESDAY + timedelta(days=5)
    for day in range(5):
        for minute in range(2):
            send(sessions, anna, "clicked", TUESDAY + timedelta(days=day, minutes=minute))
    rate(sessions, now=back)
    [first] = all_of(sessions, Handoff)
    hand_over(sessions, KeyRing((b"k" * 32,)), "https://nurture.example", now=back)
    with sessions.begin() as session:
        answer(session, first.id, Outcome("rejected", reason="not_ready"), by="user:1", now=back)

    for day in range(1, 7):
        send(sessions, anna, "clicked", back + timedelta(days=day))
        rate(sessions, now=back + timedelta(days=day))
    assert len(all_of(sessions, Handoff)) == 1
    send(sessions, anna, "clicked", back + timedelta(days=7))
    rate(sessions, now=back + timedelta(days=7))
    assert sorted(one.ripening_no for one in all_of(sessions, Handoff)) == [1, 2]


def test_an_erased_leads_signals_leave_the_inbox_uncounted(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions, erased_at=TUESDAY)
    send(sessions, anna, "clicked", TUESDAY)
    assert rate(sessions, now=TUESDAY) == 1
    assert all_of(sessions, HeatBucket) == []
    assert rate(sessions, now=TUESDAY) == 0


def test_a_second_model_keeps_a_heat_of_its_own(sessions: Sessions) -> None:
    publish(sessions)
    quick = replace(contract_model(), key="quick", half_life=replace(contract_model().half_life, amount=2))
    publish(sessions, quick)
    anna = make_lead(sessions)
    send(sessions, anna, "replied", TUESDAY)
    rate(sessions, now=TUESDAY)
    with sessions() as session:
        rows = session.execute(text("SELECT model_id, pos_log2, temperature FROM lead_heat ORDER BY 1")).all()
        assert len(rows) == 2
        assert rows[0].pos_log2 != rows[1].pos_log2
        count = session.scalar(select(text("count(*)")).select_from(text("temperature_change")))
        assert count == 2


def test_a_click_worth_a_threshold_warms_though_it_waited_out_its_stall(sessions: Sessions) -> None:
    model = contract_model()
    rules = tuple(replace(rule, weight=20) if rule.kind == "clicked" else rule for rule in model.rules)
    publish(sessions, replace(model, rules=rules))
    anna = make_lead(sessions)
    send(sessions, anna, "clicked", TUESDAY)
    rate(sessions, now=TUESDAY + timedelta(minutes=1))
    assert lead(sessions, anna).temperature == "warm"


def test_what_warmed_and_then_cooled_a_little_is_warm_whether_rated_apart_or_at_once(
    sessions: Sessions,
) -> None:
    publish(sessions)
    at_once, apart = make_lead(sessions), make_lead(sessions)
    times = [TUESDAY + timedelta(hours=hour) for hour in range(4)]
    for at, kind in zip(times, ("clicked", "clicked", "clicked", "event_no_show"), strict=True):
        send(sessions, apart, kind, at)
        rate(sessions, now=at)
    for at, kind in zip(times, ("clicked", "clicked", "clicked", "event_no_show"), strict=True):
        send(sessions, at_once, kind, at)
    for kind in ("event_no_show", "event_no_show"):
        for anybody in (at_once, apart):
            send(sessions, anybody, kind, times[-1])
    rate_all(sessions, times[-1])
    one, other = heat_row(sessions, at_once), heat_row(sessions, apart)
    assert (one.level, one.pos_log2, one.neg_log2) == (
        "warm", pytest.approx(other.pos_log2, rel=1e-12), pytest.approx(other.neg_log2, rel=1e-12)
    )  # fmt: skip
    assert other.level == "warm"
