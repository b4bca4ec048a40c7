"""A signal that turns out to be no person's is undone as if it had never been."""

import uuid
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import NotFound
from nurture.flows.rate import rate
from nurture.flows.rejudge import undo_signal
from nurture.store.handoffs import Handoff
from nurture.store.heat import LeadHeat
from nurture.store.heat_buckets import HeatBucket
from tests.conftest import TUESDAY
from tests.flows.rated_leads import all_of, heat_row, lead, make_lead, publish, rate_all, send, strong_lead
from tests.flows.statements import counting

Sessions = sessionmaker[Session]


def undo(sessions: Sessions, signal_id: uuid.UUID, now=TUESDAY) -> None:
    with sessions.begin() as session:
        undo_signal(session, signal_id, now=now, reason="a gateway followed every link")


def test_an_undone_signal_warms_no_more(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    first = send(sessions, anna, "replied", TUESDAY)
    send(sessions, anna, "clicked", TUESDAY)
    rate(sessions, now=TUESDAY)
    assert lead(sessions, anna).temperature == "warm"
    undo(sessions, first)
    found = heat_row(sessions, anna)
    assert (found.temperature, found.warm_floor_until) == ("cold", None)
    assert [bucket.rule for bucket in all_of(sessions, HeatBucket)] == ["clicked"]
    assert lead(sessions, anna).touches_in == 1


def test_undoing_twice_is_undoing_once(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    click = send(sessions, anna, "clicked", TUESDAY)
    rate(sessions, now=TUESDAY)
    undo(sessions, click)
    undo(sessions, click, TUESDAY + timedelta(minutes=1))
    assert heat_row(sessions, anna).net_log2 is None
    assert lead(sessions, anna).touches_in == 0


def test_a_signal_undone_before_it_was_rated_never_counts(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    click = send(sessions, anna, "clicked", TUESDAY)
    undo(sessions, click)
    assert rate(sessions, now=TUESDAY) == 1
    assert all_of(sessions, HeatBucket) == []


def test_what_the_cap_had_left_out_counts_in_the_place_of_the_undone(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    clicks = [send(sessions, anna, "clicked", TUESDAY + timedelta(minutes=minute)) for minute in range(4)]
    now = TUESDAY + timedelta(minutes=5)
    rate(sessions, now=now)
    undo(sessions, clicks[0], now)
    [bucket] = all_of(sessions, HeatBucket)
    assert (bucket.count, bucket.last_id) == (3, clicks[3])


def test_a_hand_off_that_waits_is_withdrawn_when_what_ripened_it_is_undone(sessions: Sessions) -> None:
    publish(sessions)
    anna = strong_lead(sessions)
    clicks = [
        send(sessions, anna, "clicked", TUESDAY + timedelta(days=day, minutes=minute))
        for day in range(5)
        for minute in range(2)
    ]
    now = TUESDAY + timedelta(days=4, minutes=5)
    rate(sessions, now=now)
    assert [handoff.state for handoff in all_of(sessions, Handoff)] == ["waiting"]
    for number, click in enumerate(clicks):
        undo(sessions, click, now + timedelta(seconds=number))
    assert [handoff.state for handoff in all_of(sessions, Handoff)] == ["withdrawn"]
    assert lead(sessions, anna).stage == "lead"
    assert heat_row(sessions, anna).net_log2 is None


def test_a_signal_that_does_not_exist_cannot_be_undone(sessions: Sessions) -> None:
    publish(sessions)
    with pytest.raises(NotFound):
        undo(sessions, uuid.uuid4())


_kinds = st.sampled_from(["opened", "clicked", "replied", "event_no_show", "unsubscribed", "event_attended"])
_histories = st.lists(st.tuples(_kinds, st.integers(0, 40 * 24)), min_size=1, max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=_histories, spurious=st.tuples(_kinds, st.integers(0, 40 * 24)), data=st.data())
def test_a_lead_after_undo_is_like_one_who_never_sent_the_signal(
    sessions: Sessions, history: list[tuple[str, int]], spurious: tuple[str, int], data: st.DataObject
) -> None:
    publish(sessions)
    now = TUESDAY + timedelta(days=41)
    anna, boris = make_lead(sessions), make_lead(sessions)
    place = data.draw(st.integers(0, len(history)))
    undone = None
    for number, (kind, hour) in enumerate([*history[:place], spurious, *history[place:]]):
        arrived = now - timedelta(hours=1) + timedelta(seconds=number)
        sent = send(sessions, anna, kind, TUESDAY + timedelta(hours=hour), now=arrived)
        undone = sent if number == place else undone
        if data.draw(st.booleans()):
            rate(sessions, now=now)
    for kind, hour in history:
        send(sessions, boris, kind, TUESDAY + timedelta(hours=hour), now=now)
    rate_all(sessions, now)
    assert undone is not None
    undo(sessions, undone, now)
    rows = {row.lead_id: row for row in all_of(sessions, LeadHeat)}
    one, other = rows[anna], rows[boris]
    for log in ("pos_log2", "neg_log2"):
        assert (getattr(one, log) or 0) == pytest.approx(getattr(other, log) or 0, rel=1e-12)
    assert (one.warm_floor_until, one.hot_floor_until) == (other.warm_floor_until, other.hot_floor_until)


def test_undo_reads_the_history_of_a_lead_only_where_the_way_there_decides(
    sessions: Sessions, engine: Engine
) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    clicks = [send(sessions, anna, "clicked", TUESDAY - timedelta(days=day)) for day in range(4)]
    rate_all(sessions, TUESDAY)
    assert heat_row(sessions, anna).level == "warm"
    with counting(engine) as statements:
        undo(sessions, clicks[3])
    assert not any("s.lead_id = ANY" in one for one in statements), "29 is warm either way"
    with counting(engine) as statements:
        undo(sessions, clicks[2])
    assert any("s.lead_id = ANY" in one for one in statements), "who had cooled to 19.7 would be warm"
    assert heat_row(sessions, anna).level == "cold", "but without those two it was never 20"
