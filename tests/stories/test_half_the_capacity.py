"""A week with room for half of the ready: who is served, who waits, and who is called in time."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.answer import Outcome, answer
from nurture.flows.hand_over import hand_over
from nurture.flows.watch_response import watch_response
from nurture.rules.tokens import KeyRing
from nurture.store.handoffs import Handoff
from nurture.store.leads import Lead
from nurture.store.views import response
from nurture.store.webhooks import WebhookMessage
from tests.conftest import TUESDAY
from tests.flows.ripe_leads import a_lead, a_model, a_seller, ripened
from tests.flows.sales_team import the_team, with_room

RING = KeyRing((b"k" * 32,))
BASE = "https://nurture.example"
DAYS, HOURS, PER_HOUR = 4, 8, 3
SELLERS, ROOM = 3, 4  # twelve a day, where twenty-four ripen
WITHIN = 10
DELAYS = (2, 6, 9, 14, 25)  # minutes until a seller calls


@dataclass
class Week:
    """The company through the week. `called` holds after how many minutes each lead was spoken with."""

    db: Session
    sessions: sessionmaker[Session]
    model: int
    chance: random.Random
    ripe: list[int] = field(default_factory=list)
    called: dict[int, int] = field(default_factory=dict)

    def ripens(self, now: datetime) -> None:
        number = len(self.ripe)
        cause = "direct_request" if self.chance.random() < 0.05 else "threshold"
        lead = a_lead(self.db, f"Lead{number}")
        score = round(self.chance.uniform(60, 99), 3)
        self.ripe.append(ripened(self.db, lead, self.model, score=score, cause=cause, now=now))

    def warms_on(self) -> None:
        """One of those who wait does something more: it is ranked by what it is now."""
        waiting = self.rows("waiting")
        if waiting:
            lead = self.chance.choice(waiting).lead_id
            self.db.execute(update(Lead).where(Lead.id == lead).values(readiness=self.chance.uniform(60, 99)))
            self.db.commit()

    def hands_over(self, now: datetime) -> None:
        """A turn, sometimes while another transaction holds the ripest lead; whoever is served, nobody riper
        waits."""
        ranked = self.ranking()
        held = ranked[0] if ranked and self.chance.random() < 0.4 else None
        with self.sessions() as other:
            if held is not None:
                other.execute(text("SELECT FROM lead WHERE id = :id FOR UPDATE"), {"id": held[1]})
            before = {one[2] for one in ranked}
            while hand_over(self.sessions, RING, BASE, now=now):
                pass
        waits = {one[2] for one in self.ranking()}
        served = [one[0] for one in ranked if one[2] in before - waits and not one[3]]
        left = [one[0] for one in ranked if one[2] in waits and not one[3]]
        assert not served or not left or min(served) > max(left)

    def ranking(self) -> list[tuple[float, int, int, bool]]:
        """Who waits, ripest first: readiness of now, lead, hand-off, whether they asked to be called."""
        self.db.rollback()
        query = (
            select(Handoff.score, Lead.readiness, Lead.id, Handoff.id, Handoff.cause)
            .join(Lead, Lead.id == Handoff.lead_id)
            .where(Handoff.state == "waiting")
        )
        rows = [
            (max(score, now), lead, id, cause == "direct_request")
            for score, now, lead, id, cause in self.db.execute(query)
        ]
        return sorted(rows, reverse=True)

    def calls(self, now: datetime) -> None:
        """Each seller calls what came within the hour, some too late; the clock is looked at meanwhile."""
        new = [row.id for row in self.rows("released") if row.id not in self.called]
        for id in new:
            self.called[id] = self.chance.choice(DELAYS)
        for minute in sorted({WITHIN + 1, *(self.called[id] for id in new)}):
            at = now + timedelta(minutes=minute)
            for id in [id for id in new if self.called[id] == minute]:
                with self.sessions.begin() as session:
                    answer(session, id, Outcome("contacted"), by="user:1", now=at)
            while watch_response(self.sessions, RING, BASE, now=at):
                pass

    def rows(self, *states: str) -> list[Handoff]:
        self.db.rollback()
        query = select(Handoff).where(Handoff.state.in_(states)).order_by(Handoff.id)
        return list(self.db.scalars(query.execution_options(populate_existing=True)))


@pytest.mark.parametrize("seed", [1, 7])
def test_half_the_room_serves_the_ripest_first_and_loses_nobody(
    db: Session, sessions: sessionmaker[Session], seed: int
) -> None:
    the_team(db, opens=540, closes=1080, within_min=WITHIN, warn_min=3, reroute_min=None)
    people = [a_seller(db, f"Seller{number}") for number in range(SELLERS)]
    for person in people:
        with_room(db, person, per_day=ROOM)
    week = Week(db, sessions, a_model(db), random.Random(seed))
    for day in range(DAYS):
        for hour in range(HOURS):
            now = TUESDAY + timedelta(days=day, hours=hour - 1)
            for _ in range(PER_HOUR):
                week.ripens(now)
            week.warms_on()
            week.hands_over(now)
            week.calls(now)
        asked = [row for row in week.rows("contacted", "released") if row.cause == "direct_request"]
        by_rank = len(week.rows("contacted", "released")) - len(asked)
        assert by_rank <= SELLERS * ROOM * (day + 1)
    assert len(week.ripe) == DAYS * HOURS * PER_HOUR
    _half_is_served_and_the_other_half_waits(week)
    _in_time_is_what_the_rule_says(week)
    _with_room_for_all_everybody_comes_out_once(week, people)


def _half_is_served_and_the_other_half_waits(week: Week) -> None:
    served, waiting = week.rows("contacted"), week.rows("waiting")
    assert len(served) + len(waiting) == len(week.ripe)
    assert abs(len(served) - len(week.ripe) / 2) <= 0.1 * len(week.ripe)
    assert not [row for row in waiting if row.cause == "direct_request"]


def _in_time_is_what_the_rule_says(week: Week) -> None:
    with week.sessions() as session:
        told = response.together(
            session, since=TUESDAY - timedelta(days=1), until=TUESDAY + timedelta(days=9)
        )
    late = {id for id, minutes in week.called.items() if minutes > WITHIN}
    assert (told.given, told.called) == (len(week.called), len(week.called))
    assert (told.in_time, told.late) == (len(week.called) - len(late), len(late))
    overdue = {row.id for row in week.rows("contacted") if row.overdue_at is not None}
    assert overdue == late


def _with_room_for_all_everybody_comes_out_once(week: Week, people: list[int]) -> None:
    for person in people:
        with_room(week.db, person)
    end = TUESDAY + timedelta(days=DAYS)
    while hand_over(week.sessions, RING, BASE, now=end):
        pass
    assert week.rows("waiting") == []
    told = week.db.scalars(select(WebhookMessage.lead_id).where(WebhookMessage.type == "lead.hot")).all()
    assert len(told) == len(set(told)) == len(week.ripe)
