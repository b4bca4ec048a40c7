"""What answers tell beyond their own mail: a receiver that wants less, a sender nobody believes, a transport
that is unwell."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from nurture.flows import pace
from nurture.flows.claiming import Chunk
from nurture.mail.replies import Lost, Refused
from nurture.rules import pacing as rules
from nurture.rules.throttling import asks_to_slow_down, sender_not_believed
from nurture.rules.transports import FIRST_REST_SECONDS, LONGEST_REST_SECONDS, is_sick
from nurture.rules.words import _
from nurture.store import pacing, transport_states, transports, users
from nurture.store.deliveries import Claimed, Outcome
from nurture.store.transports import Tally

log = structlog.get_logger()


class Trouble:
    """Gathers what matters of the answers of one chunk."""

    def __init__(self) -> None:
        self.slower: dict[int, str] = {}
        self.not_believed: dict[int, str] = {}

    def heard(self, one: Claimed, answer: Refused | Lost) -> None:
        if isinstance(answer, Lost):
            return
        if sender_not_believed(answer.code, answer.status, answer.text):
            self.not_believed[one.id] = answer.reply
        elif asks_to_slow_down(answer.code, answer.status, answer.text):
            self.slower[one.id] = answer.reply


def note_outcomes(
    session: Session,
    chunk: Chunk,
    trouble: Trouble,
    ends: Sequence[Outcome],
    seconds: float,
    *,
    now: datetime,
) -> None:
    """Count what became of a chunk, and act on what its answers tell, in the transaction that records it."""
    tally = _tally(ends)
    transports.count(session, chunk.way.id, tally, now=now)
    if trouble.slower:
        _slow_down(session, chunk, trouble.slower, seconds, now)
    for domain, one in _first_of_domains(chunk, trouble.not_believed).items():
        pause_sender(session, domain, one, trouble.not_believed[one], now)
    if is_sick(tally.accepted + tally.refused + tally.put_off, tally.lost):
        sentence = _("It took a mail and gave no answer, many times in a row.")
        transports.note_down(
            session,
            chunk.way.id,
            sentence,
            first=FIRST_REST_SECONDS,
            longest=LONGEST_REST_SECONDS,
            now=now,
        )


def sender_pause_name(domain: str) -> str:
    """The name under which a paused sender stands among what needs a person."""
    return f"sender:{domain}"


def _first_of_domains(chunk: Chunk, ids: Iterable[int]) -> dict[str, int]:
    """The first of these deliveries from each sending domain."""
    found: dict[str, int] = {}
    for one in ids:
        found.setdefault(chunk.speaker_of(one).sender.domain.lower(), one)
    return found


def _tally(ends: Sequence[Outcome]) -> Tally:
    states = Counter(one.state for one in ends)
    failed = sum(one.state == "failed" and one.tried for one in ends)
    return Tally(states["sent"], states["deferred"], failed, states["uncertain"])


def _slow_down(session: Session, chunk: Chunk, asked: dict[int, str], seconds: float, now: datetime) -> None:
    """Each provider that asked gets half of what it got; what it got is measured over this chunk."""
    providers = pace.providers_of(session, {one.id: one.address for one in chunk.go})
    sizes = Counter(providers.values())
    pacing.lock_paces(session)
    known = pacing.paces(session)
    for provider in sorted({providers[one] for one in asked}):
        reply = next(text for one, text in asked.items() if providers[one] == provider)
        measured = sizes[provider] / max(seconds, 1.0)
        found = rules.slower(known.get(provider), measured, reply, now)
        pacing.set_pace(session, provider, found)
        log.warning("deliver.slower", provider=provider, rate=round(found.rate, 3))


def pause_sender(session: Session, domain: str, delivery_id: int, reply: str, now: datetime) -> None:
    """Nothing more goes out from a domain that receivers do not believe: every further mail would make
    its name
    worse."""
    if not pacing.pause_sender(session, domain, reply=reply, delivery_id=delivery_id, now=now):
        return
    sentence = _(
        "Mail from {domain} is refused because it does not authenticate, so nothing is sent from it: {reply}."
        " Mend SPF, DKIM and DMARC, then let it send again."
    ).format(domain=domain, reply=reply.rstrip("."))
    transport_states.note(session, sender_pause_name(domain), ok=False, sentence=sentence, now=now)
    users.audit(session, "engine", "sender.paused", domain, now=now)
