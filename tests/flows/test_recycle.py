"""Lost leads come back to nurturing after a time; those out of the audience do not."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from nurture.flows.answer import Outcome, answer
from nurture.flows.hand_over import hand_over
from nurture.flows.recycle import recycle_lost
from nurture.rules.tokens import KeyRing
from nurture.store.installation import Installation
from nurture.store.leads import Lead
from nurture.store.stages import StageChange
from tests.conftest import TUESDAY
from tests.flows.ripe_leads import a_lead, a_model, ripened

RING = KeyRing((b"k" * 32,))


@pytest.fixture
def closed(db, sessions):
    """A lead whose hand-off was closed with this answer on Tuesday."""

    def close(outcome: Outcome) -> int:
        lead = a_lead(db)
        handoff = ripened(db, lead, a_model(db))
        hand_over(sessions, RING, "https://nurture.example", now=TUESDAY)
        with sessions.begin() as session:
            answer(session, handoff, outcome, by="user:1", now=TUESDAY)
        db.rollback()
        return lead

    return close


def after(db, days: int | None) -> None:
    db.get_one(Installation, 1).recycle_lost_days = days
    db.commit()


def test_a_lost_lead_is_nurtured_again_when_its_time_has_come(db, sessions, closed) -> None:
    lead = closed(Outcome("lost", reason="price"))
    after(db, 90)
    assert recycle_lost(sessions, now=TUESDAY + timedelta(days=89)) == 0
    assert recycle_lost(sessions, now=TUESDAY + timedelta(days=90)) == 1
    found = db.get_one(Lead, lead, populate_existing=True)
    assert (found.stage, found.armed, found.tags) == ("lead", True, ["recycled"])
    last = db.scalars(select(StageChange).order_by(StageChange.id.desc()).limit(1)).one()
    assert (last.reason, last.by) == ("recycled after 90 days", "recycle")
    assert recycle_lost(sessions, now=TUESDAY + timedelta(days=91)) == 0


def test_nobody_comes_back_unless_that_is_wanted(db, sessions, closed) -> None:
    closed(Outcome("lost", reason="price"))
    assert recycle_lost(sessions, now=TUESDAY + timedelta(days=5000)) == 0


def test_who_was_never_in_the_audience_stays_out(db, sessions, closed) -> None:
    lead = closed(Outcome("rejected", reason="wrong_audience"))
    after(db, 1)
    assert db.get_one(Lead, lead).stage == "lost"
    assert recycle_lost(sessions, now=TUESDAY + timedelta(days=100)) == 0
