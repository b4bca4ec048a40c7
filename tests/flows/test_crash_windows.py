"""Each window of RELIABILITY 1.3 in which a sender may die, by a process that is killed in that very place,
and what the next one makes of it. (W1 and W8 have no sender in them: tests/stories/test_faults_under_fire.py
and test_merge_leads.py.)"""

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import sessionmaker

from nurture.files.journal import Journal
from nurture.flows import lease
from nurture.flows.deliver import deliver
from nurture.flows.outbox import Outbox
from nurture.flows.suppress import suppress
from nurture.flows.sweep import sweep
from nurture.flows.unsubscribe import unsubscribe
from nurture.mail.smtp import Mailer, Patience
from nurture.mail.smtp_url import parse_smtp_url
from nurture.rules.transports import Limits
from nurture.store import deliveries, pacing
from nurture.store.deliveries import claiming, leasing
from nurture.store.leads import Lead
from tests.conftest import TUESDAY
from tests.flows.leases import let_leases_run_out
from tests.flows.mailroom import PEPPER, Mailroom, mailer
from tests.mail.scripted_smtp import Hang, ScriptedSmtp

_RECORDS = "INSERT INTO delivery_attempt"
_ASKS_WHO_LEFT = "(SELECT c.granted FROM lead_consent c"


def born(
    room: Mailroom, server: ScriptedSmtp, prepare: Callable[[Engine, Outbox], None] | None = None
) -> int:
    """A process of its own that sends what is due once; its id."""
    url = room.sessions.kw["bind"].url
    child = os.fork()
    if child:
        return child
    engine, outbox = create_engine(url), room.new_outbox()
    if prepare is not None:
        prepare(engine, outbox)
    deliver(sessionmaker(engine, expire_on_commit=False), mailer(server.url), outbox, now=TUESDAY)
    os._exit(0)


def died(child: int) -> None:
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it was to be killed before it had finished"


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def three(room: Mailroom) -> list[int]:
    return [room.queue(room.lead(name)) for name in ("Anna", "Bert", "Cora")]


def kill_at(server: ScriptedSmtp, phase: str, who: str, room: Mailroom) -> None:
    """The process that sends is killed when its conversation about `who` has come so far."""
    children: list[int] = []

    def on(at: str, argument: str) -> str | None:
        if children and at == phase and who in argument:
            os.kill(children.pop(), signal.SIGKILL)
            raise Hang
        return None

    server.on = on
    children.append(child := born(room, server))
    died(child)


def states(room: Mailroom, ids: list[int]) -> list[str]:
    return [room.state(one)[0] for one in ids]


def test_w2_killed_between_the_claim_and_the_journal_all_go_out_after_all(
    room: Mailroom, server: ScriptedSmtp
) -> None:
    ids = three(room)

    def prepare(_engine: Engine, outbox: Outbox) -> None:
        outbox.take_journal = die  # type: ignore[method-assign, assignment]

    died(born(room, server, prepare))
    assert states(room, ids) == ["sending"] * 3
    assert sweep(room.sessions, room.outbox, now=TUESDAY) == 0, "nobody knows yet that it is dead"
    let_leases_run_out(room)
    assert sweep(room.sessions, room.outbox, now=TUESDAY) == 3
    room.run_dry()
    assert states(room, ids) == ["sent"] * 3
    assert len(server.recipients()) == 3


def test_w2_what_it_was_booked_on_is_free_again(room: Mailroom, server: ScriptedSmtp) -> None:
    three(room)
    with room.sessions.begin() as session:
        pacing.set_limit(session, "domain", "leads.example", Limits(per_hour=3))

    def prepare(_engine: Engine, outbox: Outbox) -> None:
        outbox.take_journal = die  # type: ignore[method-assign, assignment]

    died(born(room, server, prepare))
    let_leases_run_out(room)
    sweep(room.sessions, room.outbox, now=TUESDAY)
    room.run_dry()
    assert len(server.recipients()) == 3


@pytest.mark.parametrize("phase", ["rcpt", "data"])
def test_w3_killed_before_the_dot_nothing_can_have_been_taken(
    room: Mailroom, server: ScriptedSmtp, phase: str
) -> None:
    ids = three(room)
    kill_at(server, phase, "anna", room)
    assert sweep(room.sessions, room.outbox, now=TUESDAY) == 3, "its journal tells at once"
    assert states(room, ids) == ["ready"] * 3
    room.run_dry()
    assert states(room, ids) == ["sent"] * 3
    assert sorted(server.recipients()) == ["anna@leads.example", "bert@leads.example", "cora@leads.example"]


@pytest.mark.parametrize(("phase", "taken"), [("before_accept", 0), ("dot", 1)])
def test_w4_killed_between_the_dot_and_its_answer_that_mail_alone_is_in_doubt(
    room: Mailroom, server: ScriptedSmtp, phase: str, taken: int
) -> None:
    ids = three(room)
    kill_at(server, phase, "bert", room)
    assert server.recipients().count("bert@leads.example") == taken
    sweep(room.sessions, room.outbox, now=TUESDAY)
    assert room.state(ids[1]) == ("uncertain", "sender_died_after_dot")
    room.run_dry()
    assert states(room, ids) == ["sent", "uncertain", "sent"]
    assert server.recipients().count("bert@leads.example") == taken
    assert len(server.recipients()) == 2 + taken


def test_w5_killed_with_the_answer_in_hand_its_journal_says_sent(
    room: Mailroom, server: ScriptedSmtp
) -> None:
    ids = three(room)

    def prepare(engine: Engine, _outbox: Outbox) -> None:
        event.listen(
            engine,
            "before_cursor_execute",
            lambda _connection, _cursor, statement, *_rest: die() if _RECORDS in statement else None,
        )

    died(born(room, server, prepare))
    assert states(room, ids) == ["sending"] * 3
    sweep(room.sessions, room.outbox, now=TUESDAY)
    assert states(room, ids) == ["sent"] * 3
    assert room.get(ids[0]).reply == "250 2.0.0 queued as Q1"
    room.run_dry()
    assert len(server.recipients()) == 3


def test_w5_a_database_that_breaks_off_at_the_record_is_asked_again(
    room: Mailroom, server: ScriptedSmtp
) -> None:
    ids = three(room)
    engine = room.sessions.kw["bind"]
    broken: list[bool] = []

    def break_off(_connection: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        if _RECORDS in statement and not broken:
            broken.append(True)
            cursor.connection.close()

    event.listen(engine, "before_cursor_execute", break_off)
    try:
        room.run()
    finally:
        event.remove(engine, "before_cursor_execute", break_off)
    assert broken
    assert states(room, ids) == ["sent"] * 3
    assert len(server.recipients()) == 3


def test_w6_killed_after_the_record_the_journal_changes_nothing(room: Mailroom, server: ScriptedSmtp) -> None:
    anna = room.lead("Anna")
    ids = [room.queue(anna)]

    def prepare(_engine: Engine, outbox: Outbox) -> None:
        class Closing(Journal):
            close_group = die

        outbox.put_journal(Closing(room.home / "journal"))

    died(born(room, server, prepare))
    assert states(room, ids) == ["sent"]
    sweep(room.sessions, room.outbox, now=TUESDAY)
    room.run_dry()
    assert states(room, ids) == ["sent"]
    assert len(server.recipients()) == 1
    with room.sessions() as session:
        assert session.get_one(Lead, anna).touches_out == 1
        assert len(deliveries.attempts_of(session, ids[0])) == 1


def test_w7_a_sender_that_stood_still_past_its_lease_sends_nothing_more(
    room: Mailroom, server: ScriptedSmtp, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, name, seconds in (
        (leasing, "LEASE_SECONDS", 4),
        (claiming, "LEASE_SECONDS", 4),
        (lease, "LEASE_SECONDS", 4),
        (lease, "_MARGIN", 2),
        (lease, "_EVERY", 1),
    ):
        monkeypatch.setattr(place, name, seconds)
    ids = three(room)
    children: list[int] = []

    def on(at: str, argument: str) -> str | None:
        if children and at == "data" and "bert" in argument:
            os.kill(children.pop(), signal.SIGSTOP)
        return None

    server.on = on
    children.append(child := born(room, server))
    _pid, status = os.waitpid(child, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    until = time.monotonic() + 30
    while states(room, ids) != ["uncertain", "sent", "sent"] and time.monotonic() < until:
        time.sleep(0.2)
        sweep(room.sessions, room.outbox, now=TUESDAY)
        room.run_dry()
    assert states(room, ids) == ["uncertain", "sent", "sent"], "the sleeper alone had heard of the first"

    os.kill(child, signal.SIGCONT)
    assert os.waitpid(child, 0)[1] == 0
    assert states(room, ids) == ["sent"] * 3, "an answer that it had is taken; nothing else of it is"
    assert sorted(server.recipients()) == ["anna@leads.example", "bert@leads.example", "cora@leads.example"]
    with room.sessions() as session:
        assert [len(deliveries.attempts_of(session, one)) for one in ids[1:]] == [1, 1]


def test_w9_who_leaves_between_the_claim_and_the_dot_gets_nothing(
    room: Mailroom, server: ScriptedSmtp
) -> None:
    """A slow server holds the first mail of a chunk; two whose mails stand behind it leave meanwhile."""
    people = [room.lead(name) for name in ("Anna", "Bert", "Cora", "Dora")]
    ids = [room.queue(one) for one in people]
    engine, asked = room.sessions.kw["bind"], threading.Semaphore(0)

    def on(at: str, argument: str) -> str | None:
        if at == "dot" and "anna" in argument:
            with room.sessions.begin() as session:
                unsubscribe(session, people[1], "marketing", how="one_click", proof={}, now=TUESDAY)
                suppress(session, "cora@leads.example", pepper=PEPPER, detail="", by="test", now=TUESDAY)
            event.listen(engine, "after_cursor_execute", note_asked)
            for _look in range(2):
                assert asked.acquire(timeout=30)
        return None

    def note_asked(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if _ASKS_WHO_LEFT in statement:
            asked.release()

    server.on = on
    room.mailer = Mailer(parse_smtp_url(server.url), patience=Patience(5, 60, 60))
    room.run()
    event.remove(engine, "after_cursor_execute", note_asked)
    assert sorted(server.recipients()) == ["anna@leads.example", "dora@leads.example"]
    assert [room.state(one) for one in ids[1:3]] == [("ready", "called_off")] * 2
    room.run_dry()
    assert [room.state(one) for one in ids] == [
        ("sent", ""),
        ("skipped", "no_consent"),
        ("skipped", "suppressed:manual"),
        ("sent", ""),
    ]
    assert len(server.recipients()) == 2
    with room.sessions() as session:
        assert session.scalar(text("SELECT count(*) FROM delivery WHERE state = 'sending'")) == 0
