"""The mailbox for bounces is read to its end, and a death in between brings a message again."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import SettingsFault
from nurture.flows.inbound import Desk
from nurture.flows.mailbox import read_mailbox
from nurture.net.mailbox import ImapUrl, parse_imap_url, poll
from nurture.rules.tokens import KeyRing
from tests.conftest import TUESDAY
from tests.flows.imap_server import ImapServer
from tests.mail.inbound import shapes

DESK = Desk(KeyRing((b"k" * 32,)), b"p" * 32)
LETTERS = [shapes.dsn("smtp; 550 5.1.1 User unknown", "5.1.1"), shapes.complaint(), b"\x00 no mail at all"]


def url_of(server: ImapServer, password: str = "secret") -> ImapUrl:
    return parse_imap_url(f"imap://bounces:{password}@127.0.0.1:{server.port}/Bounces")


def test_every_unseen_message_is_taken_in_once(sessions: sessionmaker[Session], db: Session) -> None:
    with ImapServer(list(LETTERS)) as server:
        assert read_mailbox(sessions, DESK, url_of(server), now=TUESDAY) == 3
        assert read_mailbox(sessions, DESK, url_of(server), now=TUESDAY) == 0
    kinds = db.scalars(text("SELECT kind FROM inbound_report ORDER BY id")).all()
    assert kinds == ["hard", "complaint", "unknown"]


def test_a_message_that_could_not_be_taken_in_stays_unseen() -> None:
    def refuse(raw: bytes) -> None:
        raise RuntimeError("the database is away")

    with ImapServer(list(LETTERS)) as server:
        with pytest.raises(RuntimeError):
            poll(url_of(server), refuse, largest=1000)
        assert server.seen == set()


def test_a_refused_login_is_said_in_a_sentence_without_the_password(
    sessions: sessionmaker[Session], db: Session
) -> None:
    with ImapServer([]) as server:
        assert read_mailbox(sessions, DESK, url_of(server, "wrong-word"), now=TUESDAY) == 0
    (sentence,) = db.scalars(text("SELECT sentence FROM transport_state WHERE NOT ok")).all()
    assert sentence.startswith("The mailbox for bounces cannot be read") and "wrong-word" not in sentence


def test_a_mailbox_that_is_away_is_tried_again_later(sessions: sessionmaker[Session]) -> None:
    with ImapServer([]) as server:
        url = url_of(server)
    assert read_mailbox(sessions, DESK, url, now=TUESDAY) == 0


def test_an_address_without_a_user_is_a_fault_of_the_settings() -> None:
    assert parse_imap_url("imaps://a%40b.example:p%2Fw@mail.example").user == "a@b.example"
    with pytest.raises(SettingsFault):
        parse_imap_url("imaps://mail.example/INBOX")
