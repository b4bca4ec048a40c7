"""The link that nobody sees: a switch of the house, in mails of before as well, never a person's click."""

import email
import email.policy
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.buffers.stream import HitStream
from nurture.errors import Conflict
from nurture.flows.count_clicks import count_clicks
from nurture.flows.letters import preview, view
from nurture.flows.overrule import add_pattern, apply_patterns, overrule_hit
from nurture.flows.queue_mail import queue_test
from nurture.flows.record import record
from nurture.flows.trap_link import set_trap_link
from nurture.rules import hits
from nurture.rules.tokens import read
from nurture.store.links import Link
from tests.conftest import TUESDAY
from tests.flows.mailroom import BASE, RING, Mailroom
from tests.flows.recording import hit
from tests.mail.scripted_smtp import ScriptedSmtp
from tests.mailed import a_delivery, a_lead, a_mailing

_FOR_MAILS_OF_BEFORE = import_module("nurture.migrations.versions.0046_trap_links")._TRAPS


def followed(raw: bytes) -> list[str]:
    """The labels of the tokens in the HTML of a mail, as a program finds them."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    page, words = (message.get_body((kind,)) for kind in ("html", "plain"))  # type: ignore[attr-defined]
    assert page.get_content().count(f"{BASE}/c/") == words.get_content().count(f"{BASE}/c/") + (
        "aria-hidden" in page.get_content()
    )
    return [part.partition('"')[0] for part in page.get_content().split(f"{BASE}/c/")[1:]]


def labels(room: Mailroom, raw: bytes) -> list[str]:
    ids = [read(RING, "click", token, 2) for token in followed(raw)]
    with room.sessions() as session:
        return [session.get_one(Link, found[1]).label for found in ids if found]


def test_mails_carry_it_until_the_house_turns_it_off_and_again_when_it_is_on(
    room: Mailroom, server: ScriptedSmtp
) -> None:
    def sent_to(name: str) -> list[str]:
        room.queue(room.lead(name))
        room.run_dry()
        return labels(room, server.log[-1].data)

    words = ["Read the case", "the other"]
    assert sent_to("Ada") == [*words, "#trap"]
    for on in (False, False, True):
        with room.sessions.begin() as session:
            set_trap_link(session, on=on, by="user:1", now=TUESDAY)
        assert sent_to(f"Bert{len(server.log)}") == [*words, *(["#trap"] if on else [])]
    with room.sessions() as session:
        query = "SELECT detail FROM audit_entry WHERE action = 'trap_link.changed' ORDER BY id"
        told = session.scalars(text(query))
        assert list(told) == [{"trap_link": [True, False]}, {"trap_link": [False, True]}]


def test_a_test_mail_to_oneself_carries_it_and_what_is_shown_does_not(
    room: Mailroom, server: ScriptedSmtp
) -> None:
    with room.sessions.begin() as session:
        number = queue_test(session, room.mail_version_id, "mia@news.example", dedup_key="t", now=TUESDAY)
    room.run_dry()
    assert labels(room, server.log[-1].data)[-1] == "#trap"
    with room.sessions() as session:
        page, shown = view(session, RING, BASE, number or 0), preview(session, room.mail_version_id, None)
    assert page is not None and "aria-hidden" not in page
    assert shown is not None and "aria-hidden" not in shown.html


def test_mails_of_before_get_it_but_for_those_that_have_their_own(
    room: Mailroom, server: ScriptedSmtp
) -> None:
    own = 'Hello. <a href="https://a.example/own" data-trap style="display:none"></a>'
    with room.sessions.begin() as session:
        other = room.mail(session, "own", own)
        session.execute(text("DELETE FROM link WHERE no = 0"))
        session.execute(text(_FOR_MAILS_OF_BEFORE))
        traps = session.execute(text("SELECT mail_version_id, no FROM link WHERE label = '#trap' ORDER BY 2"))
        assert traps.all() == [(room.mail_version_id, 0), (other, 1)]
    room.queue(room.lead("Ada"))
    room.run_dry()
    assert labels(room, server.log[-1].data)[-1] == "#trap"


def test_no_word_of_ours_makes_a_person_of_who_follows_it(
    db: Session, sessions: sessionmaker[Session], redis_client: Redis, tmp_path: Path
) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    db.execute(text("UPDATE link SET label = '#trap' WHERE id = :id"), {"id": mailing.link_ids[2]})
    db.commit()

    def judged(trap: bool) -> list[str]:
        stream = HitStream(redis_client)
        seen = hit(delivery, link_id=mailing.link_ids[2 if trap else 0])
        stream.add([hits.write(seen)])
        record(sessions, stream, [tmp_path / "spool"], now=seen.at, stall=timedelta(0))
        db.rollback()
        return list(db.scalars(text("SELECT verdict FROM hit ORDER BY received_at")))

    assert judged(trap=True) == ["machine"]
    number = db.scalar(text("SELECT id FROM hit"))
    with pytest.raises(Conflict, match="Nobody sees this link"), sessions.begin() as session:
        overrule_hit(session, number, "human", "it was me", by="user:1", now=TUESDAY)
    with sessions.begin() as session:
        add_pattern(session, "ip", "198.51.100.0/24", "human", "ours", by="user:1", now=TUESDAY)
    while apply_patterns(sessions, now=TUESDAY):
        pass
    assert judged(trap=True) == ["machine"] * 2
    assert judged(trap=False)[-1] == "human", "what people can see is left to whoever knows better"
    while count_clicks(sessions, now=TUESDAY + timedelta(days=1)):
        pass
    db.rollback()
    assert db.scalars(text("SELECT data ->> 'link' FROM signal WHERE kind = 'clicked'")).all() == ["link 1"]
    assert db.scalar(text("SELECT count(*) FROM signal_verdict WHERE verdict = 'human'")) == 0
