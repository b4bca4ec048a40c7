"""Signals are taken in once, whoever reports them how often, and wait to be rated."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from nurture.store import signals
from nurture.store.leads import Lead
from nurture.store.signals import NewSignal
from tests.conftest import TUESDAY
from tests.statements import watched


@pytest.fixture
def anna(db: Session) -> Lead:
    lead = Lead(email="anna@example.com", email_norm="anna@example.com", first_name="Anna")
    lead.stage_since = lead.temperature_since = lead.created_at = lead.updated_at = TUESDAY
    db.add(lead)
    db.flush()
    return lead


def visited(lead: Lead, key: str | None = None, minutes: int = 0, source: str = "api") -> NewSignal:
    return NewSignal(
        lead.id, "visited", TUESDAY + timedelta(minutes=minutes), source, key, data={"n": minutes}
    )


def count(db: Session, table: str) -> int:
    return int(db.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def test_a_signal_is_stored_and_waits_to_be_rated(db: Session, anna: Lead) -> None:
    (number,) = signals.add(db, [visited(anna)], now=TUESDAY)
    assert (
        db.scalar(text("SELECT lead_id FROM unrated_signal WHERE signal_id = :id"), {"id": number}) == anna.id
    )
    (shown,) = signals.timeline(db, anna.id)
    assert (shown.id, shown.kind, shown.data, shown.verdict) == (number, "visited", {"n": 0}, "human")


def test_the_same_key_of_a_source_is_the_same_signal(db: Session, anna: Lead) -> None:
    assert (
        len(signals.add(db, [visited(anna, "k"), visited(anna, "k"), visited(anna, "l")], now=TUESDAY)) == 2
    )
    assert signals.add(db, [visited(anna, "k")], now=TUESDAY + timedelta(days=40)) == []
    assert count(db, "signal") == count(db, "unrated_signal") == 2


def test_two_sources_may_use_the_same_key(db: Session, anna: Lead) -> None:
    assert len(signals.add(db, [visited(anna, "k"), visited(anna, "k", source="import")], now=TUESDAY)) == 2


def test_signals_without_a_key_are_all_different(db: Session, anna: Lead) -> None:
    assert len(signals.add(db, [visited(anna), visited(anna)], now=TUESDAY)) == 2


def test_a_hit_that_comes_twice_is_one_signal(db: Session, anna: Lead) -> None:
    (number,) = signals.add(db, [visited(anna)], now=TUESDAY)
    again = NewSignal(anna.id, "visited", TUESDAY, "tracking", id=number)
    assert signals.add(db, [again], now=TUESDAY + timedelta(seconds=9)) == []


def test_a_timeline_is_read_page_by_page_without_gap_or_double(db: Session, anna: Lead) -> None:
    # Five of them at the same moment: the id decides.
    rows = [visited(anna, minutes=max(0, minute - 5)) for minute in range(12)]
    signals.add(db, rows, now=TUESDAY)
    seen: list[signals.TimelineSignal] = []
    while page := signals.timeline(
        db, anna.id, limit=5, before=(seen[-1].occurred_at, seen[-1].id) if seen else None
    ):
        seen += page
    assert len({signal.id for signal in seen}) == 12
    assert [signal.occurred_at for signal in seen] == sorted((row.occurred_at for row in rows), reverse=True)


def test_nothing_to_add_asks_the_database_nothing(db: Session, engine: Engine) -> None:
    seen = watched(engine)
    assert signals.add(db, [], now=TUESDAY) == []
    assert seen == []


def test_a_thousand_signals_cost_two_statements(db: Session, anna: Lead, engine: Engine) -> None:
    seen = watched(engine)
    signals.add(db, [visited(anna, str(n)) for n in range(1000)], now=TUESDAY)
    assert len(seen) == 2
