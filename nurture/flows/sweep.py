"""After a death: deliveries whose sender is gone are sorted by what its journal tells."""

from datetime import datetime

import structlog
from sqlalchemy.orm import Session, sessionmaker

from nurture.files import journal
from nurture.files.journal import ANSWERED, IN_DOUBT, NEVER_BEGUN, Told, Trace
from nurture.flows.outbox import Outbox
from nurture.flows.settle import of_note, record
from nurture.store import deliveries
from nurture.store.deliveries import Outcome

log = structlog.get_logger()

# Another host's journal knows better than I do; it gets this long to come back before its mails are
# taken for sent.
FOREIGN_GRACE = 900.0


def sweep(sessions: sessionmaker[Session], outbox: Outbox, *, now: datetime, limit: int = 500) -> int:
    """Settle what dead processes of this host left behind, then leases that ran out; how many. Never
    begun: ready again. Answered: recorded. Between dot and answer: uncertain, never sent again by itself."""
    return _left_behind(sessions, outbox, now) + _ran_out(sessions, outbox, now, limit)


def _left_behind(sessions: sessionmaker[Session], outbox: Outbox, now: datetime) -> int:
    done = 0
    for path, traces in journal.left_behind(journal.folder_of(outbox.home)):
        ends = [_end(trace, now) for trace in traces]
        done += _record(sessions, outbox, ends, now)
        journal.remove(path)
        if ends:
            log.info("sweep.journal", deliveries=len(ends))
    return done


def _ran_out(sessions: sessionmaker[Session], outbox: Outbox, now: datetime, limit: int) -> int:
    with sessions.begin() as session:
        found = deliveries.expired(session, host=outbox.host, grace=FOREIGN_GRACE, limit=limit)
    if not found:
        return 0
    # Read after the leases: a mail that was begun before its lease ran out is in the journal by now.
    told = journal.all_told(journal.folder_of(outbox.home))
    ends = [
        _end(_trace(delivery_id, token, told, foreign=host != outbox.host), now)
        for delivery_id, token, host in found
    ]
    return _record(sessions, outbox, ends, now)


def _trace(delivery_id: int, token: int, told: Told, *, foreign: bool) -> Trace:
    trace = told.traces.get(delivery_id)
    if trace is not None and trace.token == token and not foreign:
        return trace
    # What is told under another lease says nothing about this one.
    return Trace(delivery_id, token, NEVER_BEGUN if told.whole and not foreign else IN_DOUBT)


def _end(trace: Trace, now: datetime) -> Outcome:
    if trace.phase == ANSWERED and trace.answer is not None:
        return of_note(trace.delivery_id, trace.token, trace.answer)
    if trace.phase == IN_DOUBT:
        return Outcome(trace.delivery_id, trace.token, "uncertain", "sender_died_after_dot")
    return Outcome(trace.delivery_id, trace.token, "ready", "sender_died", due_at=now, tried=False)


def _record(sessions: sessionmaker[Session], outbox: Outbox, ends: list[Outcome], now: datetime) -> int:
    if not ends:
        return 0
    with sessions.begin() as session:
        heard = deliveries.sending(session).heard
        taken = record(
            session,
            ends,
            host=outbox.host,
            pepper=outbox.pepper,
            heard=heard,
            now=now,
            softs=outbox.softs,
        )
    return len(taken)
