"""What sales answers stands among the signals of the lead, weighs what the model says, hands nobody over."""

import copy
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.answer import Outcome, answer
from nurture.flows.hand_over import hand_over
from nurture.flows.rate import rate
from nurture.rules.conditions import parse
from nurture.rules.ids import time_of
from nurture.rules.model import read
from nurture.rules.sales_signals import KIND_OF
from nurture.rules.stages import OUTCOMES
from nurture.rules.tokens import KeyRing
from nurture.store import outcomes, partitions
from nurture.store.conditions import population
from nurture.store.handoffs import Handoff
from nurture.store.signals import Signal, SignalKey, UnratedSignal
from nurture.store.views import timeline as timelines
from tests.conftest import TUESDAY
from tests.flows.rated_leads import all_of, heat_row, lead, publish, rate_all, send, strong_lead
from tests.rules.models import RAW

Sessions = sessionmaker[Session]
Say = Callable[..., None]
LATER = TUESDAY + timedelta(hours=1)


def weighing(**weights: Any) -> Any:
    """The contract's model, with weights for what sales says, and no rest after a rejection."""
    raw = copy.deepcopy(RAW)
    raw["signals"] |= weights
    raw["readiness"]["cool_down_days"] = 0
    return read(raw)


@pytest.fixture
def ada(sessions: Sessions) -> int:
    """Handed over to sales, by what she did."""
    publish(sessions, weighing())
    ada = strong_lead(sessions, email="ada@nordlicht.example", email_norm="ada@nordlicht.example")
    send(sessions, ada, "feedback", TUESDAY, data={"rating": 5})
    for minute in range(3):
        send(sessions, ada, "clicked", TUESDAY + timedelta(minutes=minute))
    rate_all(sessions, LATER)
    hand_over(sessions, KeyRing((b"k" * 32,)), "https://nurture.example", now=LATER)
    return ada


@pytest.fixture
def say(sessions: Sessions, ada: int) -> Say:
    def says(outcome: str, **more: Any) -> None:
        with sessions.begin() as session:
            newest = session.scalars(select(Handoff.id).order_by(Handoff.id.desc()).limit(1)).one()
            answer(session, newest, Outcome(outcome, **more), by="user:1", now=LATER)

    return says


def said(sessions: Sessions) -> list[tuple[str, dict[str, Any]]]:
    return [(one.kind, one.data) for one in all_of(sessions, Signal) if one.source == "sales"]


def test_every_answer_has_a_kind_of_signal() -> None:
    assert set(KIND_OF) == set(OUTCOMES)


def test_a_deal_leaves_its_steps_in_the_history(sessions: Sessions, ada: int, say: Say) -> None:
    say("accepted")
    say("accepted")
    say("meeting", at=LATER + timedelta(days=7))
    say("won", amount=Decimal("1200.50"), currency="EUR", note="signed at the fair")
    assert said(sessions) == [
        ("sales_accepted", {}),
        ("meeting_booked", {"at": "2026-03-10T11:00:00Z"}),
        ("sales_won", {"amount": 1200.5, "currency": "EUR"}),
    ]
    with sessions() as session:
        shown = timelines.timeline(session, ada, before=None)
        assert sorted(one.kind for one in shown if one.what == "outcome") == ["accepted", "meeting", "won"]
        assert not [one for one in shown if one.what == "signal" and one.kind in KIND_OF.values()]
        asked = parse({"signal": "sales_won", "within": "1d"})
        assert list(session.scalars(population(session, asked, now=LATER))) == [ada]
        assert set(outcomes.signals(session, {ada: LATER})[ada]) == {"feedback", "clicked"}


def test_what_sales_says_is_worth_nothing_until_a_model_weighs_it(
    sessions: Sessions, ada: int, say: Say
) -> None:
    before, touches, seen = heat_row(sessions, ada).net_log2, *_doings(sessions, ada)
    say("rejected", reason="not_ready")
    rate_all(sessions, LATER)
    assert heat_row(sessions, ada).net_log2 == before
    assert _doings(sessions, ada) == (touches, seen)


def test_a_rejection_cools_by_its_reason_where_the_model_says_so(
    sessions: Sessions, ada: int, say: Say
) -> None:
    by_reason = [{"when": {"field": "data.reason", "eq": "not_ready"}, "weight": -40}]
    publish(sessions, weighing(sales_rejected=by_reason), LATER)
    assert lead(sessions, ada).temperature == "hot"
    say("rejected", reason="not_ready")
    rate_all(sessions, LATER)
    worth = 2 ** (heat_row(sessions, ada).net_log2 - LATER.timestamp() / timedelta(days=21).total_seconds())
    assert worth == pytest.approx(20, abs=0.2)


def test_a_rejection_is_no_reason_to_hand_over_again_but_a_click_is(
    sessions: Sessions, ada: int, say: Say
) -> None:
    say("rejected", reason="not_ready")
    rate_all(sessions, LATER)
    assert len(all_of(sessions, Handoff)) == 1
    send(sessions, ada, "clicked", LATER)
    rate_all(sessions, LATER)
    assert len(all_of(sessions, Handoff)) == 2


def test_answers_of_before_come_into_the_history_without_being_counted(
    sessions: Sessions, ada: int, say: Say
) -> None:
    say("accepted")
    say("lost", reason="price", amount=Decimal(10))
    rate(sessions, now=LATER)
    past = import_module("nurture.migrations.versions.0041_judged_anew")
    with sessions.begin() as session:
        session.execute(text("DELETE FROM signal_key WHERE source = 'sales'"))
        session.execute(text("DELETE FROM signal WHERE source = 'sales'"))
        session.execute(text(past._ANSWERS))
        session.execute(text(past._KEYS))
    assert said(sessions) == [("sales_accepted", {}), ("sales_lost", {"amount": 10, "reason": "price"})]
    found = [one for one in all_of(sessions, Signal) if one.source == "sales"]
    assert {time_of(one.id) for one in found} == {one.received_at for one in found} == {LATER}
    assert sum(one.source == "sales" for one in all_of(sessions, SignalKey)) == 2
    assert all_of(sessions, UnratedSignal) == []
    with sessions() as session:
        assert not any(partitions.stray_rows(session).values())


def _doings(sessions: Sessions, lead_id: int) -> tuple[int, Any]:
    found = lead(sessions, lead_id)
    return found.touches_in, found.last_signal_at
