"""The morning mail to sales: who gets it, when, what stands in it, and when nothing is sent."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.answer import Outcome, answer
from nurture.flows.hand_over import hand_over
from nurture.flows.letters import preview
from nurture.flows.morning_digest import send_digests
from nurture.rules.tokens import KeyRing
from nurture.store import notices
from nurture.store.deliveries import Delivery
from nurture.store.handoffs import Handoff
from nurture.store.teams import Absence
from tests.conftest import TUESDAY
from tests.flows.ripe_leads import a_lead, a_model, a_seller, ripened
from tests.flows.sales_team import the_team

BASE = "https://nurture.example"
RING = KeyRing((b"k" * 32,))
# TUESDAY is ten in the morning in UTC; the team begins at nine.
WEDNESDAY = TUESDAY + timedelta(days=1)


class Morning:
    """Mia's desk: what is handed over on Tuesday, and the digests of the days after."""

    def __init__(self, db: Session, sessions: sessionmaker[Session]) -> None:
        self.db, self.sessions = db, sessions
        self.mia, self.model = a_seller(db, "Mia"), a_model(db)

    def lead(self, name: str, at=TUESDAY) -> int:
        made = ripened(self.db, a_lead(self.db, name, owner=self.mia), self.model, now=at)
        hand_over(self.sessions, RING, BASE, now=at)
        return made

    def say(self, handoff: int, outcome: Outcome, at=TUESDAY) -> None:
        with self.sessions.begin() as session:
            answer(session, handoff, outcome, by="user:1", now=at)

    def run(self, now) -> int:
        return send_digests(self.sessions, BASE, now=now)

    def mails(self) -> list[Delivery]:
        self.db.rollback()
        query = select(Delivery).where(Delivery.dedup_key.like("digest:%")).order_by(Delivery.id)
        return list(self.db.scalars(query))


@pytest.fixture
def desk(db: Session, sessions: sessionmaker[Session]) -> Morning:
    the_team(db, opens=540, closes=1080, timezone="UTC", within_min=10, ask_days=None, return_days=None)
    return Morning(db, sessions)


def at(day, hour: int, minute: int = 0):
    return day.replace(hour=hour, minute=minute)


def test_each_lead_stands_in_the_most_pressing_group(desk: Morning) -> None:
    late, met, spoken = (desk.lead(name) for name in ("Ada", "Bea", "Cleo"))
    desk.say(met, Outcome("meeting", at=at(WEDNESDAY, 14)))
    desk.say(spoken, Outcome("contacted"))
    fresh = desk.lead("Dora", at(WEDNESDAY, 8))
    assert desk.run(at(WEDNESDAY, 9)) == 1
    [mail] = desk.mails()
    assert mail.address == "mia@sales.example"
    assert [one["lead"] for one in mail.params["meetings"]] == ["Bea Example"]
    assert [one["at"] for one in mail.params["meetings"]] == ["2:00\u202fPM"]
    assert [one["lead"] for one in mail.params["overdue"]] == ["Ada Example"]
    assert [one["lead"] for one in mail.params["new"]] == ["Dora Example"]
    assert mail.params["waiting"] == []
    assert late and fresh


def test_it_can_be_read(desk: Morning, sessions) -> None:
    desk.lead("Ada")
    desk.run(at(WEDNESDAY, 9))
    [mail] = desk.mails()
    with sessions() as session:
        told = preview(session, mail.mail_version_id, None)
    assert told is not None and told.subject.startswith("Your day:")


def test_it_comes_once_a_day_and_in_the_morning_alone(desk: Morning) -> None:
    desk.lead("Ada")
    assert desk.run(at(WEDNESDAY, 8, 59)) == 0
    assert desk.run(at(WEDNESDAY, 9)) == 1
    assert desk.run(at(WEDNESDAY, 9, 1)) == 0
    assert desk.run(at(WEDNESDAY, 13)) == 0
    assert desk.run(at(WEDNESDAY + timedelta(days=1), 9, 30)) == 1


def test_the_day_begins_where_the_team_is(db, desk: Morning) -> None:
    the_team(db, timezone="America/New_York")
    desk.lead("Ada")
    assert desk.run(at(WEDNESDAY, 9)) == 0
    assert desk.run(at(WEDNESDAY, 14)) == 1  # nine in New York, in winter


def test_days_off_are_quiet(db, desk: Morning) -> None:
    desk.lead("Ada")
    saturday = TUESDAY + timedelta(days=4)
    assert desk.run(at(saturday, 9)) == 0
    db.add(Absence(user_id=desk.mia, from_day=date(2026, 3, 4), until_day=date(2026, 3, 4)))
    db.commit()
    assert desk.run(at(WEDNESDAY, 9)) == 0
    the_team(db, holidays=["DE"])
    good_friday = at(TUESDAY.replace(month=4, day=3), 9)
    assert desk.run(good_friday) == 0


def test_nothing_is_sent_where_there_is_nothing_or_nobody_wants_it(db, desk: Morning) -> None:
    assert desk.run(at(WEDNESDAY, 9)) == 0
    spoken = desk.lead("Ada")
    desk.say(spoken, Outcome("contacted"))
    assert desk.run(at(WEDNESDAY, 9)) == 0
    desk.lead("Bea")
    db.execute(text("UPDATE user_account SET preferences = '{\"digest\": false}'"))
    db.commit()
    assert desk.run(at(WEDNESDAY, 9)) == 0


def test_an_erased_person_is_taken_out_of_it(db, desk: Morning) -> None:
    made = desk.lead("Ada")
    desk.run(at(WEDNESDAY, 9))
    notices.forget(db, [db.get_one(Handoff, made).lead_id])
    db.commit()
    [mail] = desk.mails()
    assert mail.params == {}
