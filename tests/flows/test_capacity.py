"""Weeks of hand-overs with room for half of the ready: the ripest go first and nobody is forgotten."""

import random
from collections import Counter
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.answer import Outcome, answer
from nurture.flows.hand_over import hand_over
from nurture.flows.watch_response import watch_response
from nurture.rules.tokens import KeyRing
from nurture.store.handoffs import Handoff
from nurture.store.leads import Lead
from tests.conftest import TUESDAY
from tests.flows.ripe_leads import a_lead, a_model, a_seller, ripened
from tests.flows.sales_team import a_rule, a_team, country, the_team, with_room

RING = KeyRing((b"k" * 32,))
BASE = "https://nurture.example"
DAYS, A_DAY, ROOM = 6, 8, 2


def test_with_room_for_half_of_the_ready_no_less_ripe_lead_is_served_first(
    db: Session, sessions: sessionmaker[Session]
) -> None:
    """Eight ripen a day, two sellers take two a day each. At each release everybody who still waits is at
    most as ripe as everybody who went; in the end all are served, each once."""
    the_team(db, opens=0, closes=1440, days=list(range(7)))
    for name in ("Mia", "Ben"):
        with_room(db, a_seller(db, name), per_day=ROOM)
    model, chance, number = a_model(db), random.Random(11), 0
    for day in range(DAYS * 3):
        now = TUESDAY + timedelta(days=day)
        for _ in range(A_DAY if day < DAYS else 0):
            number += 1
            ripened(db, a_lead(db, f"Lead{number}"), model, score=chance.randint(60, 100), now=now)
        before = states(db)
        hand_over(sessions, RING, BASE, now=now)
        assert_ripest_first(db, before)
        answer_in_time(db, sessions, now, chance)
    done = states(db)
    assert Counter(state for state, _ in done.values()) == {"contacted": DAYS * A_DAY}
    db.rollback()
    in_time = [row.response_s <= 600 for row in db.scalars(select(Handoff))]
    overdue = [row.overdue_at is not None for row in db.scalars(select(Handoff))]
    # The share in time is what the rule says of each single call.
    assert in_time == [not late for late in overdue]
    assert True in in_time
    assert False in in_time


def states(db: Session) -> dict[int, tuple[str, float]]:
    db.rollback()
    return {row.id: (row.state, row.score) for row in db.scalars(select(Handoff))}


def assert_ripest_first(db: Session, before: dict[int, tuple[str, float]]) -> None:
    after = states(db)
    gone = [
        score for one, (state, score) in after.items() if state != "waiting" and before[one][0] == "waiting"
    ]
    waits = [score for state, score in after.values() if state == "waiting"]
    assert len(gone) <= 2 * ROOM
    if waits:
        assert len(gone) == 2 * ROOM
        assert min(gone) >= max(waits)


def answer_in_time(db: Session, sessions: sessionmaker[Session], now, chance: random.Random) -> None:
    """Each new one is called after some minutes, before or after the ten that are promised."""
    ours = sorted(
        (chance.choice([2, 5, 8, 12, 20]), one)
        for one, (state, _) in states(db).items()
        if state == "released"
    )
    for minutes, one in ours:
        at = now + timedelta(minutes=minutes)
        while watch_response(sessions, RING, BASE, now=at):
            pass
        with sessions.begin() as session:
            answer(session, one, Outcome("contacted"), by="user:1", now=at)


def test_a_full_team_keeps_its_own_waiting_and_holds_up_nobody_elses(db, sessions) -> None:
    north = a_team(db, "North", opens=0, closes=1440)
    mia, ben = a_seller(db, "Mia"), a_seller(db, "Ben")
    with_room(db, mia, per_day=1)
    with_room(db, ben, team=north, per_day=1)
    a_rule(db, {"field": "country", "eq": "NO"}, team=north)
    model = a_model(db)
    leads = {name: a_lead(db, name) for name in ("Ada", "Bo", "Cy", "Di")}
    country(db, leads["Di"], "NO")
    ripe = {name: ripened(db, leads[name], model, score=90 - no) for no, name in enumerate(leads)}
    hand_over(sessions, RING, BASE, now=TUESDAY)
    found = states(db)
    assert [name for name, one in ripe.items() if found[one][0] == "released"] == ["Ada", "Di"]
    assert db.get_one(Handoff, ripe["Di"]).owner_id == ben
    assert db.get_one(Lead, leads["Di"]).owner_id == ben


def test_those_who_wait_are_ranked_by_how_ripe_they_are_now(db, sessions) -> None:
    with_room(db, a_seller(db, "Mia"), per_day=1)
    model = a_model(db)
    early, late = a_lead(db, "Early"), a_lead(db, "Late")
    first, second = ripened(db, early, model, score=70), ripened(db, late, model, score=65)
    db.get_one(Lead, late).readiness = 95
    db.commit()
    hand_over(sessions, RING, BASE, now=TUESDAY)
    assert [states(db)[one][0] for one in (first, second)] == ["waiting", "released"]


def test_a_riper_lead_that_is_being_changed_is_waited_for_where_room_is_short(db, sessions) -> None:
    with_room(db, a_seller(db, "Mia"), per_day=1)
    model = a_model(db)
    best, other = a_lead(db, "Best"), a_lead(db, "Other")
    first, second = ripened(db, best, model, score=90), ripened(db, other, model, score=65)
    with sessions.begin() as busy:
        busy.scalar(select(Lead.id).where(Lead.id == best).with_for_update())
        hand_over(sessions, RING, BASE, now=TUESDAY)
        assert [states(db)[one][0] for one in (first, second)] == ["waiting", "waiting"]
    hand_over(sessions, RING, BASE, now=TUESDAY)
    assert [states(db)[one][0] for one in (first, second)] == ["released", "waiting"]
