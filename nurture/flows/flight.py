"""One chunk on its way: composed, journalled, handed over, and what was answered made into rows.

Between the claim and the record nothing is known to the database: the journal of this flight tells what was
handed over (files/journal.py). `fly` may run in a thread of its own; `land` writes, in the thread that
owns the
sessions.
"""

import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic, sleep

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Refusal
from nurture.flows.claiming import Chunk, called_off
from nurture.flows.lease import Lease
from nurture.flows.letters import letter
from nurture.flows.outbox import Outbox
from nurture.flows.pace import Rates
from nurture.flows.settle import BOUNCED, noted, record
from nurture.flows.trouble import Trouble, note_outcomes
from nurture.flows.turnstile import Turnstile
from nurture.mail.envelopes import CalledOff, Envelope, Pause, Transport, TransportDown
from nurture.mail.headers import address
from nurture.mail.message import Sender, build
from nurture.mail.replies import AFTER_DOT, IN_BODY, Accepted, Lost, Refused
from nurture.mail.replies import Outcome as Answer
from nurture.rules import resend
from nurture.rules.throttling import sender_not_believed
from nurture.rules.words import _
from nurture.store.deliveries import Claimed, Outcome

log = structlog.get_logger()

AGAIN_AFTER = timedelta(minutes=1)
NOT_BELIEVED, CALLED_OFF, BROKEN_OFF = "sender_not_believed", "called_off", "broken_off"
_BELIEVED_AGAIN = timedelta(minutes=15)
_RECORD_TRIES = 6
_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class _Waiting:
    """Mails that the same rates bound."""

    rates: Rates
    mails: deque[Claimed]


class Flight:
    """A claimed chunk. `sentence` says, after `fly`, what is wrong with the transport, "" if nothing is."""

    def __init__(
        self, sessions: sessionmaker[Session], outbox: Outbox, chunk: Chunk, now: datetime, began: float
    ) -> None:
        self.chunk = chunk
        self.claimed_at = now
        self.began = monotonic()
        self.seconds = 0.0
        self.sentence = ""
        self.rest: float | None = None
        self._sessions = sessions
        self._outbox = outbox
        self._journal = outbox.take_journal()
        self._lease = Lease(sessions, chunk.leases, began, self._called_off_by_now)
        self._by_id = {one.id: one for one in chunk.go}
        self._ends: dict[int, Outcome] = {}
        self._started: set[int] = set()
        self._trouble = Trouble()
        self._stopped = False
        self._turnstile: Turnstile | None = None
        self._let_out: dict[int, float] = {}
        self._lease.__enter__()
        try:
            # Here, and synced in `land`: the disk is waited for while the wire carries another chunk.
            self._journal.open_group(chunk.leases)
        except OSError as fault:
            self.sentence = _journal_sentence(fault)

    def fly(self, transport: Transport, turnstile: Turnstile | None = None) -> None:
        """Send what can be sent; nothing, where the journal could not be opened."""
        if self.sentence:
            return
        began = monotonic()
        journal = self._journal
        try:
            paced = turnstile is not None and bool(self.chunk.rates or self.chunk.own_rates)
            self._turnstile = turnstile if paced else None
            envelopes = self._envelopes()
            for envelope, answer in transport.send(envelopes, self._may_begin, just_in_time=paced):
                end = self._end(self._by_id[envelope.key], answer)
                self._ends[envelope.key] = end
                journal.answer(envelope.key, noted(end))
        except TransportDown as fault:
            self.sentence, self.rest = str(fault), fault.rest
        except OSError as fault:
            self.sentence = _journal_sentence(fault)
        self.seconds = monotonic() - began

    def land(self, now: datetime) -> None:
        """Write the outcomes and what follows from them, again while the database is away for a moment. What
        cannot be written stays in the journal."""
        closed = False
        try:
            self._sync()
            if self._recorded(now):
                self._journal.close_group()
                closed = True
        finally:
            self._lease.__exit__(None, None, None)
            if not closed:
                self._journal.abandon()
            self._outbox.put_journal(self._journal)

    def _sync(self) -> None:
        """What the server answered outlives this host from here on, even if the database is away."""
        try:
            self._journal.sync()
        except OSError as fault:
            self.sentence = self.sentence or _journal_sentence(fault)

    def abandon(self) -> None:
        """Leave it as it is: the file tells how far each mail came, and the sweeper reads it."""
        self._lease.__exit__(None, None, None)
        self._journal.abandon()

    @property
    def begun(self) -> int:
        """How many mails came as far as their body: what was halted before says nothing about the server."""
        return len(self._started)

    def outcomes(self) -> list[Outcome]:
        """One for each. What was begun and has no answer is in doubt; what was not is given back."""
        return [self._ends.get(one.id) or self._open_end(one) for one in self.chunk.go]

    def _may_begin(self, envelope: Envelope) -> bool:
        if envelope.key in self._lease.unwanted:
            raise CalledOff(CALLED_OFF)
        if not self._in_turn(envelope.key) or not self._lease.holds:
            self._stopped = self._lease.stopped
            return False
        self._journal.start(envelope.key)
        self._started.add(envelope.key)
        return True

    def _in_turn(self, delivery_id: int) -> bool:
        """Wait for the turn of a mail that comes late to its dot; False when it must not begin any more."""
        turnstile, since = self._turnstile, self._let_out.pop(delivery_id, None)
        if turnstile is None or since is None:
            return True
        rates = self.chunk.rates_of(delivery_id)
        if not rates or turnstile.still_good(rates, since):
            return True
        while wait := turnstile.wait(rates):
            if not self._lease.holds:
                return False
            sleep(min(wait, _LOOK_SECONDS))
        return True

    def _recorded(self, now: datetime) -> bool:
        ends = self.outcomes()
        outbox, chunk = self._outbox, self.chunk
        for attempt in range(_RECORD_TRIES):
            try:
                with self._sessions.begin() as session:
                    record(
                        session,
                        ends,
                        host=outbox.host,
                        pepper=outbox.pepper,
                        heard=chunk.state.heard,
                        now=now,
                        transport=chunk.way.key,
                        softs=outbox.softs,
                    )
                    note_outcomes(session, chunk, self._trouble, ends, self.seconds, now=now)
            except OperationalError as fault:
                log.warning("deliver.not_recorded", attempt=attempt, error=type(fault.orig).__name__)
                sleep(0.1 * 2**attempt)
            else:
                return True
        return False

    def _open_end(self, one: Claimed) -> Outcome:
        if one.id in self._started:
            return Outcome(one.id, one.token, "uncertain", "no_answer_after_dot")
        # Whether anything more is knocked at is up to the transport's rest: another may take over at once.
        return self._given_back(one, timedelta(0))

    def _called_off_by_now(self, session: Session) -> set[int]:
        # It may stand ready for long, behind a chunk whose server is slow.
        now = self.claimed_at + timedelta(seconds=monotonic() - self.began)
        return called_off(session, self._outbox, self.chunk.go, now=now)

    def _called_off(self, one: Claimed) -> Outcome:
        """Given back at once: the next claim looks at its reader again and ends it for the right reason."""
        return Outcome(one.id, one.token, "ready", CALLED_OFF, due_at=self.claimed_at, tried=False)

    def _given_back(self, one: Claimed, wait: timedelta = AGAIN_AFTER) -> Outcome:
        """Untried: it waits for the switch, or for the server."""
        if self._stopped:
            return Outcome(one.id, one.token, "ready", "stopped", due_at=self.claimed_at, tried=False)
        again_at = self.claimed_at + wait
        return Outcome(one.id, one.token, "ready", "server_unreachable", due_at=again_at, tried=False)

    def _envelopes(self) -> Iterator[Envelope | Pause]:
        make, turnstile = self._maker(), self._turnstile
        if turnstile is None:
            for one in self.chunk.go:
                if (envelope := make(one)) is not None:
                    yield envelope
            return
        waiting = self._by_rates()
        while waiting:
            shortest = float("inf")
            for group in list(waiting):
                while group.mails and not (wait := turnstile.wait(group.rates)):
                    if (envelope := make(group.mails.popleft())) is not None:
                        self._let_out[envelope.key] = monotonic()
                        yield envelope
                if group.mails:
                    shortest = min(shortest, wait)
                else:
                    waiting.remove(group)
            if waiting:
                yield Pause(shortest)

    def _by_rates(self) -> list[_Waiting]:
        groups: dict[tuple[tuple[str, float], ...], _Waiting] = {}
        for one in self.chunk.go:
            rates = tuple(self.chunk.rates_of(one.id))
            groups.setdefault(rates, _Waiting(rates, deque())).mails.append(one)
        return list(groups.values())

    def _maker(self) -> Callable[[Claimed], Envelope | None]:
        """Makes the envelope of a delivery; None for one whose mail cannot be put together, which is then its
        end."""
        chunk, outbox = self.chunk, self._outbox
        speak = {id(sender): sender.as_values() for sender in self._senders()}
        moment = int(self.claimed_at.timestamp())

        def make(one: Claimed) -> Envelope | None:
            if one.id in self._lease.unwanted:
                self._ends[one.id] = self._called_off(one)
                return None
            try:
                to = address(one.address or "")
                mail = chunk.mails.get(one.mail_version_id)
                if mail is None:
                    raise Refusal(_("the mail is broken"))
                mail = mail.for_reader(one.lead.get("language"))
                speaker = chunk.speaker_of(one.id)
                sender, seal = speaker.sender, speaker.seal
                personal = letter(
                    one,
                    to,
                    mail,
                    speak[id(sender)],
                    outbox.ring,
                    seal.base_url,
                    one.first_tried_at,
                    outbox.bounce_domain,
                )
                message = build(mail, sender, personal)
                if seal.keys:
                    message = seal.on(message, moment)
                back = outbox.return_path(one.id) or speaker.mail_from
                return Envelope(one.id, back, to, message, dotless=True)
            except Refusal as fault:
                self._ends[one.id] = Outcome(one.id, one.token, "failed", f"render: {fault}", tried=False)
                return None

        return make

    def _senders(self) -> list[Sender]:
        return [self.chunk.sender, *(one.sender for one in self.chunk.speakers.values())]

    def _end(self, one: Claimed, answer: Answer) -> Outcome:
        if isinstance(answer, Accepted):
            name = answer.remote_id if answer.travels else None
            return Outcome(one.id, one.token, "sent", reply=answer.reply, remote_id=name or "")
        self._trouble.heard(one, answer)
        if isinstance(answer, Refused):
            return _refused(one, answer, self.claimed_at)
        if answer.phase == AFTER_DOT:
            return Outcome(one.id, one.token, "uncertain", "no_answer_after_dot", answer.text)
        if answer.phase == IN_BODY:
            return _broken_off(one, answer, self.claimed_at)
        if one.id in self._lease.unwanted:
            return self._called_off(one)
        return self._given_back(one)


def _broken_off(one: Claimed, answer: Lost, now: datetime) -> Outcome:
    """It cannot have been taken. Perhaps the server was stopped just then; perhaps it cannot bear this mail,
    which says nothing about the address."""
    due = resend.after_break(one.attempt_no + 1, now, random.random())
    state = "failed" if due is None else "deferred"
    return Outcome(one.id, one.token, state, BROKEN_OFF, answer.text, due)


def _refused(one: Claimed, answer: Refused, now: datetime) -> Outcome:
    if sender_not_believed(answer.code, answer.status, answer.text):
        # Ours to mend, and no word about the recipient: the mail waits for the sender to be put right.
        return Outcome(one.id, one.token, "deferred", NOT_BELIEVED, answer.reply, now + _BELIEVED_AGAIN)
    if answer.permanent:
        reason = BOUNCED if answer.address_is_wrong else f"refused:{answer.status or answer.code}"
        bounced = answer.judgement.counts
        return Outcome(one.id, one.token, "failed", reason, answer.reply, bounced=bounced)
    due = resend.next_try(one.attempt_no + 1, one.first_tried_at, now, random.random())
    if due is None:
        bounced = answer.judgement.counts
        return Outcome(one.id, one.token, "failed", "given_up", answer.reply, bounced=bounced)
    return Outcome(
        one.id, one.token, "deferred", f"put_off:{answer.status or answer.code}", answer.reply, due
    )


def _journal_sentence(fault: OSError) -> str:
    return _(
        "The sending journal cannot be written ({why}), so nothing is sent: make room on the disk."
    ).format(why=fault.strerror or fault)
