"""Story 3: due deliveries become mails, and what the server answers becomes rows.

Claim and commit; then render, journal and send; then record the chunk. `deliver` does it for one chunk,
in one
thread; `flows/courier` for many at once, over any number of transports.
"""

from datetime import datetime
from time import monotonic

import structlog
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Refusal, Unavailable
from nurture.flows import claiming, pace
from nurture.flows.claiming import Chunk, WayOut
from nurture.flows.flight import Flight
from nurture.flows.outbox import Outbox
from nurture.flows.turnstile import Turnstile
from nurture.mail.envelopes import Transport, TransportDown
from nurture.rules.transports import FIRST_REST_SECONDS, LONGEST_REST_SECONDS
from nurture.rules.words import _
from nurture.store import transport_states, transports

log = structlog.get_logger()

_ONLY_WAY = WayOut()


def deliver(
    sessions: sessionmaker[Session],
    transport: Transport,
    outbox: Outbox,
    *,
    now: datetime,
    limit: int = 500,
    turnstile: Turnstile | None = None,
) -> int:
    """Send one chunk of due deliveries, of at most `limit` and about a second; how many were dealt with.

    A stop is heeded at each chunk. Without a sender, with the server or the journal away, nothing is
    claimed, and the sentence that says why stands in `transport_state`.
    """
    began = monotonic()
    if outbox.resting:
        return 0
    chunk = _claimed(sessions, transport, outbox, now, limit)
    if chunk is None:
        return 0
    if chunk.go:
        flight = Flight(sessions, outbox, chunk, now, began)
        flight.fly(transport, turnstile)
        flight.land(now)
        outbox.note_pace(flight.begun, flight.seconds)
        note_transport(sessions, outbox, _ONLY_WAY, flight.sentence, now, began=flight.claimed_at)
    return len(chunk.go) + chunk.done


def _claimed(
    sessions: sessionmaker[Session], transport: Transport, outbox: Outbox, now: datetime, limit: int
) -> Chunk | None:
    try:
        with sessions.begin() as session:
            state = claiming.wanted(session, outbox, _ONLY_WAY, now)
            if state is None:
                return None
            seal = claiming.seal_of(session, outbox, state)
            paces = pace.read(session)
        refuse_paused_sender(paces, state.sender_email)
        transport.check()
    except Refusal as fault:
        note_held(sessions, outbox, _ONLY_WAY, str(fault), now)
        return None
    except TransportDown as fault:
        note_transport(sessions, outbox, _ONLY_WAY, str(fault), now)
        return None
    with sessions.begin() as session:
        size = outbox.chunk(limit)
        return claiming.claim(session, outbox, _ONLY_WAY, paces, state, seal, now=now, limit=size)


def refuse_paused_sender(paces: pace.Paces, sender_email: str) -> None:
    """Raises Refusal when no domain that mails come from may send now; of several, the others may."""
    domain = pace.domain_of(sender_email)
    if paces.all_paused(domain):
        raise Unavailable(
            _("Nothing is sent from {domain}: receivers do not believe it is you.").format(domain=domain)
        )


def note_held(
    sessions: sessionmaker[Session], outbox: Outbox, way: WayOut, sentence: str, now: datetime
) -> None:
    """Keep why nothing goes out, where the transport is not to blame: the sender is."""
    outbox.rest(way.id)
    outbox.works[way.id] = False
    log.warning("deliver.held", transport=way.key, sentence=sentence)
    with sessions.begin() as session:
        transport_states.note(session, way.key, ok=False, sentence=sentence, now=now)


def note_transport(
    sessions: sessionmaker[Session],
    outbox: Outbox,
    way: WayOut,
    sentence: str,
    now: datetime,
    rest: float | None = None,
    began: datetime | None = None,
) -> None:
    """Keep how a transport stands; while it is away, rest before the next knock, for as long as it asks. That
    it works is believed of mails that were claimed (`began`) after the last trouble that anybody noted."""
    ok = not sentence
    if not ok:
        outbox.rest(way.id)
        log.warning("deliver.transport_down", transport=way.key, sentence=sentence)
    if ok and outbox.works.get(way.id):
        return
    with sessions.begin() as session:
        kept = transport_states.note(session, way.key, ok=ok, sentence=sentence, now=now, began=began)
        if ok and kept:
            transports.note_up(session, way.id, now=now)
        elif not ok:
            transports.note_down(
                session,
                way.id,
                sentence,
                first=max(rest or 0.0, FIRST_REST_SECONDS),
                longest=LONGEST_REST_SECONDS,
                now=now,
            )
    outbox.works[way.id] = ok and kept
