"""Story 3: due deliveries become mails, and what the server answers becomes rows.

Claim and commit; then render, journal and send; then record the chunk. Between the two commits nothing
is known to the database alone: the journal of this process tells what was handed over (files/journal.py).
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import Any

import structlog
from jinja2 import TemplateError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Refusal
from nurture.flows.lease import Lease
from nurture.flows.letters import letter, on_trial, sender_of
from nurture.flows.outbox import Outbox
from nurture.flows.settle import noted, record, settle_skipped
from nurture.flows.signing import Seal
from nurture.mail.headers import address
from nurture.mail.message import Sender, build
from nurture.mail.prepare import PreparedMail
from nurture.mail.replies import AFTER_DOT, Accepted, Refused
from nurture.mail.replies import Outcome as Answer
from nurture.mail.smtp import Envelope, Mailer, TransportDown
from nurture.rules import resend
from nurture.rules.addresses import normalise
from nurture.rules.words import _
from nurture.store import deliveries, suppressions
from nurture.store.deliveries import Claimed, Outcome, Sending

log = structlog.get_logger()

AGAIN_AFTER = timedelta(minutes=1)
_RECORD_TRIES = 6
_ALL_WITHDRAWN = "unsubscribed_all"  # stops what rests on consent; a confirmation asked for still goes


def deliver(
    sessions: sessionmaker[Session], mailer: Mailer, outbox: Outbox, *, now: datetime, limit: int = 500
) -> int:
    """Send one chunk of due deliveries, of at most `limit` and about a second; how many were dealt with.

    A stop is heeded at each chunk. Without a sender, with the server or the journal away, nothing is
    claimed, and the sentence that says why stands in `transport_state`.
    """
    began = monotonic()
    if outbox.resting:
        return 0
    chunk = _claim(sessions, mailer, outbox, now, limit)
    if chunk is None:
        return 0
    if chunk.go:
        _send(sessions, mailer, outbox, chunk, now, began)
    return len(chunk.go) + chunk.skipped


@dataclass(frozen=True)
class _Chunk:
    """What was claimed: `go` goes out, with its mails made ready; `skipped` is ended already."""

    go: Sequence[Claimed]
    mails: dict[int, PreparedMail | None]
    sender: Sender
    seal: Seal
    state: Sending
    skipped: int


def _claim(
    sessions: sessionmaker[Session], mailer: Mailer, outbox: Outbox, now: datetime, limit: int
) -> _Chunk | None:
    with sessions.begin() as session:
        state = deliveries.sending(session)
        live = outbox.live or state.live
        state = on_trial(state) if outbox.live else state
        may_go: dict[str, Any] = {"live": live, "named": state.named, "invented": outbox.invented}
        if state.stopped or not deliveries.any_due(session, **may_go, now=now):
            return None
    seal = _ready_to_send(sessions, mailer, outbox, state, now)
    if seal is None:
        return None
    with sessions.begin() as session:
        # Read again where the claim reads: a stop that was committed a moment ago holds.
        if deliveries.sending(session).stopped:
            return None
        claimed = deliveries.claim(session, host=outbox.host, **may_go, now=now, limit=outbox.chunk(limit))
        refusals = {one.id: one.refusal for one in claimed if one.refusal}
        suppressed = _suppressed(session, outbox, [one for one in claimed if not one.refusal])
        deliveries.skip(session, suppressed, now=now)
        refusals |= suppressed
        settle_skipped(session, refusals, now=now)
        go = [one for one in claimed if one.id not in refusals]
        return _Chunk(go, _mails(session, outbox, go), sender_of(state), seal, state, len(refusals))


def _ready_to_send(
    sessions: sessionmaker[Session], mailer: Mailer, outbox: Outbox, state: Sending, now: datetime
) -> Seal | None:
    """What the mails are signed with, once there is a sender, its keys and a server; None while not. Before
    anything is claimed."""
    try:
        if not state.sender_email:
            raise TransportDown(_("Nobody is set as the sender: fill in the sender address in the settings."))
        with sessions.begin() as session:
            seal = outbox.signing.of(session, address(state.sender_email).rpartition("@")[2])
        mailer.check()
    except (TransportDown, Refusal) as fault:
        _note_transport(sessions, outbox, str(fault), now)
        return None
    return seal


def _suppressed(session: Session, outbox: Outbox, claimed: Sequence[Claimed]) -> dict[int, str]:
    """Those whose address must not be written to, each with the reason."""
    hashes = {
        one.id: suppressions.address_hash(outbox.pepper, one.email_norm or normalise(one.address or ""))
        for one in claimed
    }
    found = suppressions.suppressed(session, hashes.values())
    reasons = {one.id: found.get(hashes[one.id]) for one in claimed}
    return {
        one.id: f"suppressed:{reason}"
        for one in claimed
        if (reason := reasons[one.id]) and (one.needs_consent or reason != _ALL_WITHDRAWN)
    }


def _mails(session: Session, outbox: Outbox, claimed: Sequence[Claimed]) -> dict[int, PreparedMail | None]:
    found: dict[int, PreparedMail | None] = {}
    for version_id in {one.mail_version_id for one in claimed}:
        try:
            found[version_id] = outbox.prepared(session, version_id)
        except (TemplateError, TypeError, KeyError) as fault:
            log.error("deliver.mail_broken", mail_version_id=version_id, error=str(fault))
            found[version_id] = None
    return found


def _send(
    sessions: sessionmaker[Session],
    mailer: Mailer,
    outbox: Outbox,
    chunk: _Chunk,
    now: datetime,
    began: float,
) -> None:
    leases = [(one.id, one.token) for one in chunk.go]
    started = monotonic()
    round_ = _Round(outbox, chunk, now)
    closed = False
    try:
        with Lease(sessions, leases, began) as lease:
            sentence = round_.run(mailer, lease, leases)
            if _recorded(sessions, outbox, chunk, round_.outcomes(), now):
                outbox.journal.close_group()
                closed = True
    finally:
        if not closed:
            # Whatever went wrong, the file tells how far each mail came; the sweeper reads it.
            outbox.journal.abandon()
    outbox.note_pace(len(chunk.go), monotonic() - started)
    _note_transport(sessions, outbox, sentence, now)


class _Round:
    """One chunk on its way to the server."""

    def __init__(self, outbox: Outbox, chunk: _Chunk, now: datetime) -> None:
        self._outbox = outbox
        self._chunk = chunk
        self._now = now
        self._by_id = {one.id: one for one in chunk.go}
        self._ends: dict[int, Outcome] = {}
        self._started: set[int] = set()
        self._stopped = False

    def run(self, mailer: Mailer, lease: Lease, leases: Sequence[tuple[int, int]]) -> str:
        """Send what can be sent; the sentence about the transport, "" if it works."""
        journal = self._outbox.journal

        def on_dot(envelope: Envelope) -> bool:
            if not lease.holds:
                self._stopped = lease.stopped
                return False
            journal.start(envelope.key)
            self._started.add(envelope.key)
            return True

        try:
            journal.open_group(leases)
            for envelope, answer in mailer.send(self._envelopes(), on_dot):
                end = self._end(self._by_id[envelope.key], answer)
                self._ends[envelope.key] = end
                journal.answer(envelope.key, noted(end))
            journal.sync()
        except TransportDown as fault:
            return str(fault)
        except OSError as fault:
            return _journal_sentence(fault)
        return ""

    def outcomes(self) -> list[Outcome]:
        """One for each. What was begun and has no answer is in doubt; what was not is given back."""
        return [self._ends.get(one.id) or self._open_end(one) for one in self._chunk.go]

    def _open_end(self, one: Claimed) -> Outcome:
        if one.id in self._started:
            return Outcome(one.id, one.token, "uncertain", "no_answer_after_dot")
        return self._given_back(one)

    def _given_back(self, one: Claimed) -> Outcome:
        """Untried: it waits for the switch, or for the server."""
        if self._stopped:
            return Outcome(one.id, one.token, "ready", "stopped", due_at=self._now, tried=False)
        again_at = self._now + AGAIN_AFTER
        return Outcome(one.id, one.token, "ready", "server_unreachable", due_at=again_at, tried=False)

    def _envelopes(self) -> Iterator[Envelope]:
        sender_values = self._chunk.sender.as_values()
        mail_from = address(self._chunk.sender.email)
        for one in self._chunk.go:
            try:
                to = address(one.address or "")
                yield Envelope(
                    one.id,
                    self._outbox.return_path(one.id) or mail_from,
                    to,
                    self._data(one, to, sender_values),
                    dotless=True,
                )
            except Refusal as fault:
                self._ends[one.id] = Outcome(one.id, one.token, "failed", f"render: {fault}", tried=False)

    def _data(self, one: Claimed, to: str, sender_values: dict[str, str]) -> bytes:
        mail = self._chunk.mails.get(one.mail_version_id)
        if mail is None:
            raise Refusal(_("the mail is broken"))
        seal = self._chunk.seal
        personal = letter(one, to, mail, sender_values, self._outbox.ring, seal.base_url, one.first_tried_at)
        message = build(mail, self._chunk.sender, personal)
        return seal.on(message, int(self._now.timestamp())) if seal.keys else message

    def _end(self, one: Claimed, answer: Answer) -> Outcome:
        if isinstance(answer, Accepted):
            return Outcome(one.id, one.token, "sent", reply=answer.reply)
        if isinstance(answer, Refused):
            return _refused(one, answer, self._now)
        if answer.phase == AFTER_DOT:
            return Outcome(one.id, one.token, "uncertain", "no_answer_after_dot", answer.text)
        return self._given_back(one)


def _refused(one: Claimed, answer: Refused, now: datetime) -> Outcome:
    if answer.permanent:
        bounced = answer.address_is_wrong
        reason = "bounced" if bounced else f"refused:{answer.status or answer.code}"
        return Outcome(one.id, one.token, "failed", reason, answer.reply, bounced=bounced)
    due = resend.next_try(one.attempt_no + 1, one.first_tried_at, now, random.random())
    if due is None:
        return Outcome(one.id, one.token, "failed", "given_up", answer.reply)
    return Outcome(
        one.id, one.token, "deferred", f"put_off:{answer.status or answer.code}", answer.reply, due
    )


def _recorded(
    sessions: sessionmaker[Session], outbox: Outbox, chunk: _Chunk, ends: Sequence[Outcome], now: datetime
) -> bool:
    """Write the chunk, again while the database is away for a moment; False leaves it to the journal."""
    for attempt in range(_RECORD_TRIES):
        try:
            with sessions.begin() as session:
                record(
                    session, ends, host=outbox.host, pepper=outbox.pepper, heard=chunk.state.heard, now=now
                )
        except OperationalError as fault:
            log.warning("deliver.not_recorded", attempt=attempt, error=type(fault.orig).__name__)
            sleep(0.1 * 2**attempt)
        else:
            return True
    return False


def _note_transport(sessions: sessionmaker[Session], outbox: Outbox, sentence: str, now: datetime) -> None:
    """Keep how the server stands; while it is away, rest before the next knock."""
    ok = not sentence
    if not ok:
        outbox.rest()
        log.warning("deliver.transport_down", sentence=sentence)
    if ok and outbox.transport_ok:
        return
    with sessions.begin() as session:
        deliveries.note_transport(session, "smtp", ok=ok, sentence=sentence, now=now)
    outbox.transport_ok = ok


def _journal_sentence(fault: OSError) -> str:
    return _(
        "The sending journal cannot be written ({why}), so nothing is sent: make room on the disk."
    ).format(why=fault.strerror or fault)
