"""Turns of rating: many signals at once, long histories, raters side by side, and a turn that fails."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.rate import rate, rate_new
from nurture.store.heat_buckets import HeatBucket
from nurture.store.signals import UnratedSignal
from tests.conftest import TUESDAY
from tests.flows.rated_leads import all_of, heat_row, make_lead, publish, rate_all, send, strong_lead, worth
from tests.flows.statements import counting

Sessions = sessionmaker[Session]


def test_batches_give_the_same_heat_as_one_by_one(sessions: Sessions) -> None:
    publish(sessions)
    anna, boris = make_lead(sessions), make_lead(sessions)
    kinds = ["opened", "clicked", "replied", "opened", "event_no_show", "clicked", "opened", "unsubscribed"]
    for number, kind in enumerate(kinds):
        at = TUESDAY + timedelta(hours=5 * number)
        send(sessions, anna, kind, at, now=TUESDAY)
        rate(sessions, now=TUESDAY + timedelta(days=3))
    for number, kind in enumerate(kinds):
        send(sessions, boris, kind, TUESDAY + timedelta(hours=5 * number), now=TUESDAY)
    rate(sessions, now=TUESDAY + timedelta(days=3))
    one, other = heat_row(sessions, anna), heat_row(sessions, boris)
    assert one.pos_log2 == pytest.approx(other.pos_log2, rel=1e-12)
    assert one.neg_log2 == pytest.approx(other.neg_log2, rel=1e-12)
    assert one.net_log2 is None
    assert (one.temperature, one.warm_floor_until) == (other.temperature, other.warm_floor_until)


def test_a_batch_takes_the_same_statements_however_many_leads(sessions: Sessions, engine: Engine) -> None:
    publish(sessions)

    def statements_for(count: int) -> int:
        for _ in range(count):
            who = strong_lead(sessions)
            for minute in range(4):
                send(sessions, who, "clicked", TUESDAY + timedelta(minutes=minute))
            send(sessions, who, "feedback", TUESDAY, data={"rating": 5})
        with counting(engine) as statements:
            rate(sessions, now=TUESDAY + timedelta(minutes=5))
        return len(statements)

    assert statements_for(2) == statements_for(12)


def test_a_turn_reads_no_more_signals_of_a_lead_with_a_long_history(
    sessions: Sessions, engine: Engine
) -> None:
    publish(sessions)
    anna = make_lead(sessions)

    def rows_read(day: int) -> int:
        send(sessions, anna, "opened", TUESDAY + timedelta(days=day), now=TUESDAY)
        rows = 0

        def note(_connection, cursor, *_rest) -> None:
            nonlocal rows
            rows += max(cursor.rowcount, 0)

        event.listen(engine, "after_cursor_execute", note)
        rate(sessions, now=TUESDAY + timedelta(days=day))
        event.remove(engine, "after_cursor_execute", note)
        return rows

    counts = [rows_read(day) for day in range(1, 30)]
    assert counts[-1] == counts[1]


def test_two_raters_at_once_count_every_signal_once(sessions: Sessions) -> None:
    publish(sessions)
    who = [make_lead(sessions) for _ in range(3)]
    for number in range(60):
        send(sessions, who[number % 3], "replied", TUESDAY + timedelta(seconds=number))

    def turns(_number: int) -> None:
        while rate(sessions, now=TUESDAY + timedelta(minutes=1), limit=5):
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(turns, range(4)))
    rate_all(sessions, TUESDAY + timedelta(minutes=1))
    assert sorted(bucket.count for bucket in all_of(sessions, HeatBucket)) == [20, 20, 20]
    for one in who:
        assert worth(sessions, one, TUESDAY + timedelta(minutes=1)) == pytest.approx(500, abs=0.01)


def test_a_turn_that_fails_leaves_its_signals_in_the_inbox(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    send(sessions, anna, "clicked", TUESDAY)
    with sessions() as session:
        rate_new(session, now=TUESDAY, limit=10)
        session.rollback()
    assert len(all_of(sessions, UnratedSignal)) == 1
    assert all_of(sessions, HeatBucket) == []
    rate(sessions, now=TUESDAY)
    assert worth(sessions, anna, TUESDAY) == 10
