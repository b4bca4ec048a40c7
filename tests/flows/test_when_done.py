"""When what waits will have gone out: by pace, by quotas of its way out, by a warm-up; never a guess where
nothing goes."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from nurture.flows import edit_newsletters, senders, when_done
from nurture.flows.newsletters import send_newsletters
from nurture.rules.pacing import WarmUp
from nurture.rules.transports import Limits
from nurture.store import installation, pacing, transports
from nurture.store.transports import Tally
from nurture.store.users import User
from tests.conftest import TUESDAY
from tests.flows.mailroom import Mailroom, mailer

SOON = TUESDAY + timedelta(minutes=2)


@pytest.fixture
def room(sessions: sessionmaker[Session], tmp_path: Path) -> Mailroom:
    made = Mailroom(sessions, tmp_path, mailer("smtp://127.0.0.1:1"), TUESDAY)
    for number in range(60):
        made.queue(made.lead(f"Lead{number}"))
    with sessions.begin() as session:  # three hundred within the last five minutes: one a second
        transports.count(session, 0, Tally(accepted=300), now=TUESDAY)
    return made


def way_out(room: Mailroom, limits: Limits, **more: object) -> int:
    settings = {"host": "127.0.0.1", "port": 1, "tls": "off"}
    values = {"key": "relay", "name": "Relay", "kind": "smtp", "settings": settings, **vars(limits), **more}
    with room.sessions.begin() as session:
        return transports.new(session, values, now=TUESDAY).id


def end_of_chains(room: Mailroom) -> datetime | None:
    with room.sessions() as session:
        return when_done.ahead(session, now=TUESDAY).end


def test_by_what_went_out_lately(room: Mailroom) -> None:
    assert end_of_chains(room) == TUESDAY + timedelta(seconds=60)


def test_no_sooner_than_the_limits_of_its_way_out_allow(room: Mailroom) -> None:
    way_out(room, Limits(per_second=0.5, per_hour=20), is_default=True)
    assert end_of_chains(room) == TUESDAY + timedelta(hours=2)


def test_a_warm_up_of_the_sender_counts(room: Mailroom) -> None:
    with room.sessions.begin() as session:
        pacing.set_warm_up(session, "domain", "news.example", WarmUp(TUESDAY.date(), (25, 25, 25)))
    assert end_of_chains(room) == TUESDAY + timedelta(days=2)


@pytest.mark.parametrize("why", ["stopped", "paused", "sender"])
def test_nobody_guesses_where_nothing_goes(room: Mailroom, why: str) -> None:
    if why == "paused":
        way_out(room, Limits(), is_default=True, paused_at=TUESDAY)
    with room.sessions.begin() as session:
        if why == "stopped":
            installation.get(session).sending_stopped = True
        if why == "sender":
            pacing.pause_sender(session, "news.example", reply="550 5.7.515", delivery_id=1, now=TUESDAY)
    assert end_of_chains(room) is None


def test_what_goes_out_now_says_when_it_is_done(room: Mailroom) -> None:
    way_out(room, Limits(per_hour=20), is_default=True)
    with room.sessions() as session:
        [chains] = when_done.going(session, now=TUESDAY)
    assert (chains.left, chains.ends_at) == (60, TUESDAY + timedelta(hours=2))


def test_a_newsletter_with_a_way_out_of_its_own_ends_by_its_limits(room: Mailroom) -> None:
    relay = way_out(room, Limits(per_hour=15))
    with room.sessions.begin() as session:
        words = {"name": "News", "subject": "News", "body": "Hello, [read](https://www.example.com/n)."}
        number = edit_newsletters.create(session, words, now=TUESDAY, by="test").id
        transports.choose(session, "newsletter", number, relay)
        edit_newsletters.schedule(session, number, at=None, local_at=None, by="test", now=TUESDAY)
    send_newsletters(room.sessions, b"p" * 32, now=TUESDAY)

    with room.sessions() as session:
        newsletter = edit_newsletters.known(session, number)
        progress = edit_newsletters.progress(session, newsletter, now=SOON)

    assert progress.left == 60
    assert progress.ends_at == SOON + timedelta(hours=3)


def test_a_newsletter_from_another_domain_waits_for_that_domain_alone(room: Mailroom) -> None:
    with room.sessions.begin() as session:
        senders.create(session, {"name": "Press", "email": "press@fair.example"}, by="user:1", now=TUESDAY)
        words = {"name": "News", "subject": "News", "body": "Hello.", "sender_key": "press"}
        number = edit_newsletters.create(session, words, now=TUESDAY, by="test").id
        edit_newsletters.schedule(session, number, at=None, local_at=None, by="test", now=TUESDAY)
        pacing.set_warm_up(session, "domain", "fair.example", WarmUp(TUESDAY.date(), (30, 30)))
        pacing.pause_sender(session, "news.example", reply="550 5.7.515", delivery_id=1, now=TUESDAY)
    with room.sessions.begin() as session:
        seen = when_done.outlook(session, now=TUESDAY)
        assert seen.end(60, measured=1.0, now=TUESDAY) is None
        mine = {"measured": 1.0, "now": TUESDAY, "newsletter_id": number}
        assert seen.end(60, **mine) == TUESDAY + timedelta(days=1)
        pacing.pause_sender(session, "fair.example", reply="550 5.7.515", delivery_id=1, now=TUESDAY)
        assert when_done.outlook(session, now=TUESDAY).end(60, **mine) is None


def test_mails_of_chains_end_by_the_schedules_of_those_who_speak_in_them(room: Mailroom) -> None:
    with room.sessions.begin() as session:
        senders.create(session, {"name": "Press", "email": "press@fair.example"}, by="user:1", now=TUESDAY)
        pacing.set_warm_up(session, "domain", "fair.example", WarmUp(TUESDAY.date(), (10, 10, 10, 10)))
    assert end_of_chains(room) == TUESDAY + timedelta(seconds=60), "nothing of theirs waits"
    for number in range(30):
        room.queue(room.lead(f"Press{number}"), params={"sender": "press"})
    with room.sessions() as session:
        [chains] = when_done.going(session, now=TUESDAY)
    assert (chains.left, chains.ends_at) == (90, TUESDAY + timedelta(days=2))
    assert end_of_chains(room) == TUESDAY + timedelta(days=2)
    # An owner whose domain proves nothing does not speak: the default sender's schedule bounds theirs.
    with room.sessions.begin() as session:
        pacing.set_warm_up(session, "domain", "news.example", WarmUp(TUESDAY.date(), (20,) * 9))
        owner = User(
            email="mia@other.example", name="Mia", role="sales", password_hash="", created_at=TUESDAY
        )
        session.add(owner)
        session.flush()
    for number in range(25):
        lead = room.lead(f"Own{number}", owner_id=owner.id)
        room.queue(lead, params={"sender": "owner"})
    assert end_of_chains(room) == TUESDAY + timedelta(days=4)


def test_mails_of_chains_end_by_the_way_out_that_their_program_has_chosen(room: Mailroom) -> None:
    slow = way_out(room, Limits(per_hour=10))
    for number in range(30):
        room.queue(room.lead(f"Slow{number}"), program_id=7)
    assert end_of_chains(room) == TUESDAY + timedelta(seconds=90)
    with room.sessions.begin() as session:
        transports.choose(session, "program", 7, slow)
    assert end_of_chains(room) == TUESDAY + timedelta(hours=2)
    with room.sessions.begin() as session:
        way = transports.locked(session, slow)
        assert way is not None
        way.paused_at = TUESDAY
    assert end_of_chains(room) is None, "some of them do not go"
