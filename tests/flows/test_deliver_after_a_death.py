"""Killed at any point, the engine sends nothing twice and loses nothing (RELIABILITY, windows W2 to W7)."""

import os
import signal
import time

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, sessionmaker

from nurture.files import journal
from nurture.files.journal import Journal
from nurture.flows.deliver import deliver
from nurture.flows.lease import Lease
from nurture.flows.settle import noted
from nurture.flows.sweep import sweep
from nurture.store import deliveries
from nurture.store.deliveries import Delivery, Outcome
from nurture.store.leads import Lead
from tests.conftest import TUESDAY
from tests.flows.leases import let_leases_run_out
from tests.flows.mailroom import Mailroom, mailer
from tests.mail.scripted_smtp import ScriptedSmtp


def claim(room: Mailroom, host: str | None = None) -> dict[int, int]:
    with room.sessions.begin() as session:
        claimed = deliveries.claim(session, host=host or room.outbox.host, live=True, now=TUESDAY, limit=100)
    return {one.id: one.token for one in claimed}


def test_what_was_claimed_and_never_begun_goes_out_after_all(room: Mailroom, server: ScriptedSmtp) -> None:
    delivery_id = room.queue(room.lead("Bert"))
    claim(room)
    assert sweep(room.sessions, room.outbox, now=TUESDAY) == 0, "the lease still runs"
    let_leases_run_out(room)
    assert sweep(room.sessions, room.outbox, now=TUESDAY) == 1
    assert room.run() == 1
    assert room.state(delivery_id)[0] == "sent"
    assert len(server.log) == 1


def test_the_journal_sorts_a_dead_chunk_at_once(room: Mailroom, server: ScriptedSmtp) -> None:
    answered, doubtful, waiting = (room.queue(room.lead(name)) for name in ("Bert", "Cora", "Dirk"))
    tokens = claim(room)
    book = Journal(journal.folder_of(room.home))
    book.open_group(list(tokens.items()))
    book.start(answered)
    book.answer(answered, noted(Outcome(answered, tokens[answered], "sent", reply="250 fine")))
    book.start(doubtful)
    book.abandon()
    assert sweep(room.sessions, room.outbox, now=TUESDAY) == 3
    assert room.state(answered)[0] == "sent"
    assert room.state(doubtful) == ("uncertain", "sender_died_after_dot")
    assert room.state(waiting)[0] == "ready"
    assert sweep(room.sessions, room.outbox, now=TUESDAY) == 0
    room.run_dry()
    assert server.recipients() == ["dirk@leads.example"]


def test_a_journal_that_cannot_be_read_puts_the_whole_chunk_in_doubt(room: Mailroom) -> None:
    ids = [room.queue(room.lead(name)) for name in ("Bert", "Cora")]
    claim(room)
    (journal.folder_of(room.home) / "torn.journal").write_text("rubbish")
    let_leases_run_out(room)
    sweep(room.sessions, room.outbox, now=TUESDAY)
    assert {room.state(one)[0] for one in ids} == {"uncertain"}


def test_whoever_had_a_mail_before_says_nothing_about_whoever_took_it_over(room: Mailroom) -> None:
    delivery_id = room.queue(room.lead("Bert"))
    sleeper = Journal(journal.folder_of(room.home))
    sleeper.open_group(list(claim(room).items()))
    let_leases_run_out(room)
    sweep(room.sessions, room.outbox, now=TUESDAY)
    claim(room)
    (journal.folder_of(room.home) / "torn.journal").write_text("rubbish")
    let_leases_run_out(room)
    sweep(room.sessions, room.outbox, now=TUESDAY)
    assert room.state(delivery_id) == ("uncertain", "sender_died_after_dot")
    sleeper.abandon()


def test_another_hosts_mails_are_left_to_it_for_a_while(room: Mailroom) -> None:
    delivery_id = room.queue(room.lead("Bert"))
    claim(room, host="another")
    let_leases_run_out(room)
    assert sweep(room.sessions, room.outbox, now=TUESDAY) == 0
    let_leases_run_out(room, seconds=1000)
    assert sweep(room.sessions, room.outbox, now=TUESDAY) == 1
    assert room.state(delivery_id)[0] == "uncertain"


def test_an_answer_that_arrives_late_still_counts_and_counts_once(room: Mailroom) -> None:
    bert = room.lead("Bert")
    delivery_id = room.queue(bert)
    token = claim(room)[delivery_id]
    for state in ("uncertain", "sent", "sent"):
        with room.sessions.begin() as session:
            deliveries.record(session, [Outcome(delivery_id, token, state)], host="h", now=TUESDAY)
    assert room.state(delivery_id)[0] == "sent"
    with room.sessions() as session:
        assert session.get_one(Lead, bert).touches_out == 1


def test_an_outcome_under_a_lost_lease_changes_nothing(room: Mailroom) -> None:
    delivery_id = room.queue(room.lead("Bert"))
    old = claim(room)[delivery_id]
    let_leases_run_out(room)
    sweep(room.sessions, room.outbox, now=TUESDAY)
    claim(room)
    with room.sessions.begin() as session:
        taken = deliveries.record(session, [Outcome(delivery_id, old, "failed")], host="h", now=TUESDAY)
    assert taken == []
    assert room.state(delivery_id)[0] == "sending"


def test_a_process_that_was_stopped_for_a_minute_does_not_begin_another_mail(
    sessions: sessionmaker[Session],
) -> None:
    assert Lease(sessions, [], time.monotonic()).holds
    assert not Lease(sessions, [], time.monotonic() - 31).holds


def test_whoever_wakes_up_to_find_its_mails_taken_begins_none_of_them(room: Mailroom) -> None:
    """Even where the first thing it does on waking is to renew its lease."""
    mine, others = (room.queue(room.lead(name)) for name in ("Bert", "Cora"))
    held = list(claim(room).items())
    asleep = time.monotonic() - 61
    sleeper, light_sleeper = Lease(room.sessions, held, asleep), Lease(room.sessions, held, asleep)

    light_sleeper.look(renew=True)
    assert light_sleeper.holds, "nobody has taken anything meanwhile"

    let_leases_run_out(room)
    sweep(room.sessions, room.outbox, now=TUESDAY)
    claim(room)
    for _look in range(2):
        sleeper.look(renew=True)
        assert not sleeper.holds
    assert {room.state(mine)[0], room.state(others)[0]} == {"sending"}


def test_killed_again_and_again_every_mail_is_accepted_at_most_once(
    room: Mailroom, server: ScriptedSmtp
) -> None:
    server.on = lambda phase, who: time.sleep(0.002) if phase in ("body", "dot") else None
    for n in range(300):
        room.queue(room.lead(f"Lead{n}"))
    url = room.sessions.kw["bind"].url
    for round_number in range(6):
        child = os.fork()
        if child == 0:
            _send_until_killed(room, server, url)
        time.sleep(0.12 + 0.05 * round_number)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        sweep(room.sessions, room.outbox, now=TUESDAY)
    room.mailer = mailer(server.url)
    for _ in range(3):
        room.run_dry()
        let_leases_run_out(room)
        sweep(room.sessions, room.outbox, now=TUESDAY)
    recipients = server.recipients()
    assert len(recipients) == len(set(recipients)), "nobody got it twice"
    with room.sessions() as session:
        rows = session.scalars(select(Delivery)).all()
    assert {row.state for row in rows} <= {"sent", "uncertain"}
    uncertain = [row for row in rows if row.state == "uncertain"]
    assert len(uncertain) <= 6, "one a kill at most"
    unsent = {row.address for row in rows} - set(recipients)
    assert unsent <= {row.address for row in uncertain}


def _send_until_killed(room: Mailroom, server: ScriptedSmtp, url: object) -> None:
    engine = create_engine(url)  # type: ignore[call-overload]
    outbox, post = room.new_outbox(), mailer(server.url)
    while True:
        deliver(sessionmaker(engine, expire_on_commit=False), post, outbox, now=TUESDAY, limit=40)
