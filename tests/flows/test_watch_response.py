"""The response clock over real rows: warn, escalate, re-route, ask, return."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from nurture.files.catalogues import catalogues
from nurture.flows.answer import Outcome, answer
from nurture.flows.hand_over import hand_over
from nurture.flows.watch_response import watch_response
from nurture.rules import words
from nurture.rules.tokens import KeyRing
from nurture.store import handoffs, teams
from nurture.store.deliveries import Delivery
from nurture.store.handoffs import Handoff
from nurture.store.leads import Lead
from nurture.store.stages import StageChange
from nurture.store.users import User
from nurture.store.webhooks import WebhookMessage
from tests.conftest import TUESDAY
from tests.flows.ripe_leads import a_lead, a_model, a_seller, ripened
from tests.flows.sales_team import the_team, with_room

RING = KeyRing((b"k" * 32,))
BASE = "https://nurture.example"
HOURS = {"opens": 9 * 60, "closes": 18 * 60}


class Floor:
    """One ripe lead, handed over on Tuesday at ten, and the clock that is looked at."""

    def __init__(self, db: Session, sessions: sessionmaker[Session]) -> None:
        self.db, self.sessions = db, sessions
        self.lead = a_lead(db)
        self.handoff = ripened(db, self.lead, a_model(db))
        hand_over(sessions, RING, BASE, now=TUESDAY)

    def look(self, now: datetime) -> Handoff:
        while watch_response(self.sessions, RING, BASE, now=now):
            pass
        return self.row()

    def row(self) -> Handoff:
        self.db.rollback()
        return self.db.get_one(Handoff, self.handoff, populate_existing=True)

    def say(self, outcome: Outcome, now: datetime) -> None:
        with self.sessions.begin() as session:
            answer(session, self.handoff, outcome, by="user:1", now=now)

    def events(self) -> list[str]:
        self.db.rollback()
        return [event.kind for event in handoffs.events_of(self.db, self.handoff)]

    def mails(self) -> list[tuple[str, str]]:
        self.db.rollback()
        query = select(Delivery).where(Delivery.purpose == "notice").order_by(Delivery.id)
        rows = self.db.scalars(query).all()
        keys = dict(
            self.db.execute(
                text("SELECT v.id, m.key FROM mail_version v JOIN mail m ON m.id = v.mail_id")
            ).all()
        )
        return [(keys[row.mail_version_id], row.address) for row in rows]

    def overdue(self) -> list[dict]:
        self.db.rollback()
        found = self.db.scalars(select(WebhookMessage).where(WebhookMessage.type == "handoff.overdue"))
        return [json.loads(message.body)["data"] for message in found]


@pytest.fixture
def mia(db: Session) -> int:
    the_team(db, **HOURS)
    return a_seller(db, "Mia")


@pytest.fixture
def floor(db: Session, sessions: sessionmaker[Session], mia: int) -> Floor:
    return Floor(db, sessions)


def minutes(count: float) -> datetime:
    return TUESDAY + timedelta(minutes=count)


def test_the_clock_starts_with_the_hand_over_in_the_hours_of_the_team(floor: Floor, mia: int) -> None:
    row = floor.look(TUESDAY)
    assert (row.owner_id, row.due_at, row.watch_at) == (mia, minutes(10), minutes(7))
    assert floor.events() == ["released"]
    assert floor.mails() == [("sales_released", "mia@sales.example")]


def test_a_colleague_is_told_in_the_language_of_the_account(
    db: Session, sessions: sessionmaker[Session], mia: int
) -> None:
    words.learn(catalogues())
    db.get_one(User, mia).preferences = {"language": "ru"}
    db.commit()
    floor = Floor(db, sessions)
    assert floor.mails() == [("sales_released.ru", "mia@sales.example")]
    db.rollback()
    params = db.scalars(select(Delivery).where(Delivery.purpose == "notice")).one().params
    assert params["due"] == "3 мар., 10:10"


def test_a_lead_that_ripens_at_night_is_due_in_the_morning(db, sessions, mia) -> None:
    night = TUESDAY + timedelta(hours=12)
    handoff_id = ripened(db, a_lead(db), a_model(db), now=night)
    hand_over(sessions, RING, BASE, now=night)
    db.rollback()
    assert db.get_one(Handoff, handoff_id).due_at == TUESDAY + timedelta(hours=23, minutes=10)


def test_the_owner_is_warned_once_before_the_time_is_over(floor: Floor) -> None:
    floor.look(minutes(7))
    floor.look(minutes(8))
    assert floor.events() == ["released", "warned"]
    assert floor.mails()[1:] == [("sales_warned", "mia@sales.example")]
    assert floor.overdue() == []


def test_what_is_late_is_told_to_those_above_and_to_whoever_listens(db, floor: Floor, mia: int) -> None:
    boss = a_seller(db, "Vera")
    the_team(db, escalate_to=boss)
    row = floor.look(minutes(10))
    assert row.overdue_at == minutes(10)
    assert floor.mails()[1:] == [
        ("sales_overdue", "mia@sales.example"),
        ("sales_overdue", "vera@sales.example"),
    ]
    [told] = floor.overdue()
    assert (told["handoff_id"], told["owner_id"], told["rerouted"]) == (floor.handoff, mia, False)


def test_a_call_in_time_stops_the_clock_and_is_measured(floor: Floor) -> None:
    floor.say(Outcome("contacted"), minutes(4))
    row = floor.look(minutes(30))
    assert (row.response_s, row.overdue_at) == (240, None)
    assert floor.events() == ["released"]


def test_accepting_is_not_yet_speaking_with_the_lead(floor: Floor) -> None:
    floor.say(Outcome("accepted"), minutes(4))
    assert floor.look(minutes(10)).overdue_at == minutes(10)


def test_a_lead_nobody_calls_goes_to_a_colleague_whose_clock_begins_anew(db, floor: Floor, mia: int) -> None:
    the_team(db, reroute_min=20)
    ben = a_seller(db, "Ben")
    row = floor.look(minutes(31))
    assert (row.owner_id, row.rerouted) == (ben, 1)
    assert row.due_at == minutes(41)
    assert db.get_one(Lead, floor.lead).owner_id == ben
    assert floor.events() == ["released", "overdue", "rerouted"]
    assert ("sales_rerouted", "ben@sales.example") in floor.mails()
    assert [told["rerouted"] for told in floor.overdue()] == [False, True]
    # And on, but not for ever.
    for turn in range(6):
        row = floor.look(minutes(31 + 60 * (turn + 1)))
    assert (row.rerouted, row.state) == (3, "released")


def test_with_nobody_else_there_it_stays_where_it_is(db, floor: Floor, mia: int) -> None:
    the_team(db, reroute_min=20)
    row = floor.look(minutes(31))
    assert row.owner_id == mia
    assert floor.events() == ["released", "overdue"]


def test_silence_is_asked_about_and_the_lead_goes_back_to_its_chain(db, floor: Floor) -> None:
    floor.say(Outcome("contacted"), minutes(4))
    floor.look(minutes(4) + timedelta(days=3))
    assert floor.events()[-1] == "asked"
    row = floor.look(minutes(4) + timedelta(days=14))
    assert (row.state, row.watch_at) == ("rejected", None)
    lead = db.get_one(Lead, floor.lead)
    assert (lead.stage, lead.armed) == ("lead", True)
    last = db.scalars(select(StageChange).order_by(StageChange.id.desc()).limit(1)).one()
    assert (last.reason, last.by) == ("rejected: no_answer", "response_clock")


def test_an_opportunity_that_turned_hot_is_asked_about_the_day_after_its_meeting(db, floor: Floor) -> None:
    met = TUESDAY + timedelta(days=2)
    floor.say(Outcome("meeting", at=met), minutes(5))
    row = floor.look(met + timedelta(days=1, hours=1))
    assert row.asked_at is None and row.watch_at is not None
    lead = db.get_one(Lead, floor.lead)
    lead.heat_log2 = (lead.heat_log2 or 0) + 3  # eight times the heat of before
    db.commit()
    row = floor.look(row.watch_at)
    assert row.asked_at is not None and row.asked_at < met + timedelta(days=3)


def test_any_answer_ends_the_silence(floor: Floor) -> None:
    floor.say(Outcome("contacted"), minutes(4))
    floor.say(Outcome("meeting", at=TUESDAY + timedelta(days=5)), TUESDAY + timedelta(days=2))
    floor.look(TUESDAY + timedelta(days=7, hours=23))
    assert "asked" not in floor.events()
    row = floor.look(TUESDAY + timedelta(days=100))
    assert (row.state, floor.events()[-1]) == ("meeting", "asked")


def test_two_clocks_at_once_do_each_thing_once(floor: Floor, sessions) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: watch_response(sessions, RING, BASE, now=minutes(10)), range(12)))
    assert floor.events() == ["released", "overdue"]
    assert len(floor.overdue()) == 1


def test_a_person_who_wants_no_mails_gets_none(db, floor: Floor, mia: int) -> None:
    db.execute(
        text("UPDATE user_account SET preferences = '{\"sales_mails\": false}' WHERE id = :id"), {"id": mia}
    )
    db.commit()
    floor.look(minutes(7))
    assert len(floor.mails()) == 1


def test_a_changed_rule_counts_for_what_is_open(db, floor: Floor) -> None:
    floor.look(TUESDAY)
    team = the_team(db, warn_min=9)
    teams.touch_clock(db, team, now=minutes(2))
    db.commit()
    floor.look(minutes(2))
    assert floor.events() == ["released", "warned"]


def test_a_seller_full_for_the_day_gets_no_more_until_tomorrow(db, sessions, mia) -> None:
    with_room(db, mia, per_day=1)
    model = a_model(db)
    first, second = (
        ripened(db, a_lead(db, name), model, score=score) for name, score in (("A", 70), ("B", 90))
    )
    hand_over(sessions, RING, BASE, now=TUESDAY)
    db.rollback()
    assert [db.get_one(Handoff, one).state for one in (first, second)] == ["waiting", "released"]
    hand_over(sessions, RING, BASE, now=TUESDAY + timedelta(days=1))
    db.rollback()
    assert db.get_one(Handoff, first, populate_existing=True).state == "released"


def test_no_clock_runs_for_a_lead_that_went_to_the_webhook_alone(db, sessions) -> None:
    floor = Floor(db, sessions)
    row = floor.look(TUESDAY + timedelta(days=30))
    assert (row.owner_id, row.due_at, row.watch_at, row.state) == (None, None, None, "released")
    floor.say(Outcome("contacted"), TUESDAY + timedelta(days=30))
    assert floor.row().watch_at is None
    assert floor.events() == ["released"]
    assert floor.mails() == []
