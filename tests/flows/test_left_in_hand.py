"""A mail is in hand while its reader leaves, or while somebody pauses or cancels what it belongs to."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from nurture.flows import edit_newsletters as editing
from nurture.flows import leave
from nurture.flows.deliver import deliver
from nurture.flows.newsletters import send_newsletters
from nurture.store import deliveries
from tests.conftest import TUESDAY
from tests.flows.garden import PEPPER, Garden
from tests.flows.mailroom import Mailroom
from tests.mail.scripted_smtp import ScriptedSmtp

CHAINS = """
  cold:
    enter: {when: {consent: marketing}}
    steps:
      - send: welcome
      - wait: 3d
"""
LATER = TUESDAY + timedelta(hours=5)


@pytest.fixture
def garden(sessions, clock, tmp_path) -> Garden:
    clock.moment = TUESDAY
    return Garden(sessions, clock, tmp_path / "garden")


def in_hand(room: Mailroom, server: ScriptedSmtp, happens: Callable[[], object]) -> None:
    """While the server is told who gets the mail, this happens; and it wants the mail another time."""

    def later(phase: str, argument: str) -> str | None:
        if phase != "rcpt":
            return None
        happens()
        return "451 4.3.2 later"

    server.on = later
    assert room.run() == 1
    server.on = lambda phase, argument: None
    assert deliver(room.sessions, room.mailer, room.outbox, now=LATER) == 1


def test_who_replied_while_a_mail_was_in_hand_does_not_get_it_hours_later(room, server, garden):
    garden.publish(CHAINS)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()

    def replies() -> None:
        with room.sessions.begin() as session:
            leave.leave_all(session, [anna], "replied", now=TUESDAY)

    in_hand(room, server, replies)
    assert server.log == []
    assert garden.value("SELECT state || ' ' || reason FROM delivery") == "skipped left"


def test_a_newsletter_cancelled_while_a_mail_was_in_hand_does_not_go_out_hours_later(room, server):
    number = newsletter(room)
    in_hand(room, server, lambda: do(room, "cancel", number))
    assert server.log == []
    with room.sessions() as session:
        ends = session.execute(text("SELECT state, reason FROM delivery")).all()
    assert ends == [("skipped", "newsletter_cancelled")]


def test_what_stands_ready_is_called_off_when_it_is_paused_or_its_hours_are_over(room, garden):
    garden.publish(CHAINS)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()
    newsletter(room)
    bounded = room.queue(room.lead("Bert"), params={"until": LATER.isoformat()})
    claimed = claim(room)
    assert len(claimed) == 4 and bounded in claimed, "two readers of the newsletter"

    def unwanted(now=TUESDAY) -> int:
        with room.sessions() as session:
            return len(deliveries.unwanted(session, claimed, now=now))

    assert unwanted() == 0
    assert unwanted(LATER) == 1
    for table, column, wanted in (("newsletter", "state = 'paused'", 2), ("program", "state = 'paused'", 3)):
        with room.sessions.begin() as session:
            session.execute(text(f"UPDATE {table} SET {column}"))
        assert unwanted() == wanted


def claim(room: Mailroom) -> list[int]:
    with room.sessions.begin() as session:
        found = deliveries.claim(session, host=room.outbox.host, live=True, now=TUESDAY, limit=100)
    return [one.id for one in found]


def newsletter(room: Mailroom) -> int:
    room.lead("Carla")
    with room.sessions.begin() as session:
        words = {"name": "News", "subject": "News of today", "body": "Hello."}
        number = editing.create(session, words, by="mia", now=TUESDAY).id
    do(room, "schedule", number)
    send_newsletters(room.sessions, PEPPER, now=TUESDAY, limit=100)
    return number


def do(room: Mailroom, what: str, number: int) -> None:
    with room.sessions.begin() as session:
        getattr(editing, what)(session, number, by="mia", now=TUESDAY)
