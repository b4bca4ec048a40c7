"""Whom "who would be handed over if `rise` were 55?" names, publishing lists: lead by lead."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.files.models import write_model
from nurture.files.yaml_lines import Faults
from nurture.flows.answer import Outcome, answer
from nurture.flows.approve import decide
from nurture.flows.hand_over import hand_over
from nurture.flows.judge_by_hand import set_future, set_grade
from nurture.flows.models import ModelFile, publish_model, read_models
from nurture.flows.preview_model import preview
from nurture.rules.model import HeatModel
from nurture.rules.tokens import KeyRing
from nurture.store import models, readiness_now
from nurture.store.models import LiveModel
from tests.conftest import TUESDAY
from tests.flows.rated_leads import make_lead, publish, rate_all, send, strong_lead

Sessions = sessionmaker[Session]
CAMPAIGNS = Path(__file__).parents[2] / "campaigns"
LEADS = 240
KINDS = ("clicked", "opened", "downloaded", "replied", "offer_viewed", "form_submitted", "event_attended")
SOON, NOW = TUESDAY + timedelta(days=72), TUESDAY + timedelta(days=86)
KEYS = KeyRing((b"k" * 32,))


def with_rise(model: HeatModel, rise: float) -> HeatModel:
    return replace(model, readiness=replace(model.readiness, rise=rise, fall=min(30, rise - 1)))


@pytest.fixture
def model(sessions: Sessions) -> HeatModel:
    """The sample model; a past that has everything in it: leads ripe, with sales, given back lately and long
    ago, put off, graded by hand, declined, of tests."""
    sample = read_models(CAMPAIGNS, Faults("campaigns"))["default"].model
    publish(sessions, sample)
    dice = Random(7)
    leads = [
        (strong_lead if dice.random() < 0.7 else make_lead)(
            sessions, **({"is_test": True} if dice.random() < 0.05 else {}), fields={"interest": "a"}
        )
        for _each in range(LEADS)
    ]
    for part, until in enumerate((TUESDAY + timedelta(days=40), SOON)):
        _live(sessions, leads, dice, since=until - timedelta(days=40), until=until)
        rate_all(sessions, until)
        while hand_over(sessions, KEYS, "https://nurture.example", now=until):
            pass
        _answer(sessions, dice, until + timedelta(hours=1))
        _decide_by_hand(sessions, dice, leads[part::3], until + timedelta(hours=2))
    publish(sessions, with_rise(sample, 48), SOON + timedelta(days=8))
    with sessions() as session:
        waiting = list(session.scalars(text("SELECT id FROM model_approval WHERE state = 'waiting'")))
    assert waiting
    decide(sessions, waiting[::3], hand_over=False, now=SOON + timedelta(days=9), by="user:1")
    _answer(sessions, dice, SOON + timedelta(days=9))
    rate_all(sessions, NOW)
    return sample


def _live(sessions: Sessions, leads: list[int], dice: Random, *, since: datetime, until: datetime) -> None:
    span = (until - since).total_seconds()
    for lead_id in leads:
        for _signal in range(dice.randrange(9)):
            at = since + timedelta(seconds=dice.random() * span)
            send(sessions, lead_id, dice.choice(KINDS), at, until)


def _answer(sessions: Sessions, dice: Random, now: datetime) -> None:
    with sessions.begin() as session:
        released = list(session.scalars(text("SELECT id FROM handoff WHERE state = 'released' ORDER BY id")))
        for handoff_id in released:
            outcome = dice.choice(("rejected", "rejected", "rejected", "accepted", "later", ""))
            at = now + timedelta(days=dice.choice((3, 60))) if outcome == "later" else None
            if outcome:
                reason = "not_ripe" if outcome == "rejected" else ""
                answer(session, handoff_id, Outcome(outcome, reason, at=at), by="user:1", now=now)


def _decide_by_hand(sessions: Sessions, dice: Random, leads: list[int], now: datetime) -> None:
    with sessions.begin() as session:
        for lead_id in leads:
            if dice.random() < 0.2:
                set_grade(session, lead_id, dice.choice("ABC"), "met them", now=now, by="user:1")
            elif dice.random() < 0.1:
                set_future(session, lead_id, now + timedelta(days=90), now=now, by="user:1")


@pytest.mark.parametrize("rise", [40, 55])
def test_what_if_names_whom_publishing_lists(sessions: Sessions, model: HeatModel, rise: int) -> None:
    draft = with_rise(model, rise)
    with sessions() as session:
        live = next(one for one in models.live(session) if one.is_default)
        named = readiness_now.ripe(session, live.model, rise, now=NOW, limit=1_000)
        counted = readiness_now.histogram(session, live.model, now=NOW)
        nearly = readiness_now.nearly(session, draft, within=15, after=None, now=NOW, limit=1_000)
    ahead = preview(sessions, live, LiveModel(live.id, 0, 0, draft), now=NOW, told=lambda _done: True)
    with sessions() as session:
        switch = publish_model(session, ModelFile(draft, write_model(draft)), now=NOW)
        scores = dict(
            session.execute(
                text("SELECT lead_id, score FROM model_approval WHERE version_id = :v"),
                {"v": switch.version_id},
            ).all()
        )
        session.rollback()
    assert {one.lead_id: one.score for one in named} == pytest.approx(scores)
    assert len(scores) > 3
    assert sum(leads for score, leads in counted.items() if score >= rise) == len(scores)
    assert ahead["ripe"]["count"] == len(scores)
    assert not {one.lead_id for one in nearly} & set(scores), "who is ripe is not about to be"
