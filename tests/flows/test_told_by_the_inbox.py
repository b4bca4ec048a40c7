"""Signals of hits are counted by what the inbox tells of them, and read only where somebody asks for more."""

import os
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.rate import rate
from nurture.rules.ids import millis_of, uuid7
from nurture.rules.model import read
from nurture.store import signals, verdicts
from nurture.store.signals import TRACKING, NewSignal
from tests.conftest import TUESDAY
from tests.flows.rated_leads import lead, make_lead, publish, send, worth
from tests.flows.statements import counting
from tests.rules.models import RAW

Sessions = sessionmaker[Session]


def hit(sessions: Sessions, lead_id: int, kind: str = "clicked", at: datetime = TUESDAY, **rest: Any) -> None:
    number = uuid7(millis_of(at), os.urandom(10))
    with sessions.begin() as session:
        signals.add(session, [NewSignal(lead_id, kind, at, TRACKING, id=number, **rest)], now=at)


def test_hits_warm_without_being_read(sessions: Sessions, engine: Engine) -> None:
    publish(sessions)
    anna, boris = make_lead(sessions), make_lead(sessions)
    for who in (anna, anna, boris):
        hit(sessions, who)
    with counting(engine) as asked:
        rate(sessions, now=TUESDAY)
    assert [worth(sessions, who, TUESDAY) for who in (anna, boris)] == [20, 10]
    assert lead(sessions, anna).touches_in == 2
    assert not [one for one in asked if "WITH ORDINALITY AS g (id, received_at" in one]


def test_what_comes_by_other_doors_beside_them_is_read(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    hit(sessions, anna)
    send(sessions, anna, "feedback", TUESDAY, data={"rating": 5})
    assert rate(sessions, now=TUESDAY) == 2
    assert worth(sessions, anna, TUESDAY) == 40


@pytest.mark.parametrize(
    ("when", "then"),
    [({"field": "data.link", "eq": "Prices"}, [30, 10]), ({"field": "mail", "eq": "offer"}, [30, 10])],
)
def test_a_model_that_asks_what_was_clicked_is_told(
    sessions: Sessions, when: dict[str, str], then: list[float]
) -> None:
    clicked = [{"when": when, "weight": 30}, {"weight": 10}]
    publish(sessions, read(RAW | {"signals": RAW["signals"] | {"clicked": clicked}}))
    anna, boris = make_lead(sessions), make_lead(sessions)
    hit(sessions, anna, mail_key="offer", data={"mail": "offer", "link": "Prices"})
    hit(sessions, boris, mail_key="news", data={"mail": "news", "link": "Our house"})
    rate(sessions, now=TUESDAY)
    assert [worth(sessions, who, TUESDAY) for who in (anna, boris)] == then


def test_a_hit_that_turned_out_a_machines_while_it_waited_does_not_warm(sessions: Sessions) -> None:
    publish(sessions)
    anna, boris = make_lead(sessions), make_lead(sessions)
    for who in (anna, boris):
        hit(sessions, who)
    with sessions.begin() as session:
        wrong = [one.signal_id for one in session.query(signals.UnratedSignal).filter_by(lead_id=anna)]
        verdicts.append(session, [(wrong[0], "machine", "sweep")], by="rules", now=TUESDAY)
    assert rate(sessions, now=TUESDAY) == 2
    assert [worth(sessions, who, TUESDAY) for who in (anna, boris)] == [0, 10]
    assert lead(sessions, anna).touches_in == 0


def test_a_hit_of_a_clock_ahead_of_ours_warms_as_of_now(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    ahead = uuid7(millis_of(TUESDAY) + 3_600_000, os.urandom(10))
    with sessions.begin() as session:
        signals.add(session, [NewSignal(anna, "clicked", TUESDAY, TRACKING, id=ahead)], now=TUESDAY)
    rate(sessions, now=TUESDAY)
    assert worth(sessions, anna, TUESDAY) == 10
