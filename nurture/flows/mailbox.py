"""The mailbox that bounces and replies come to, read to the end of what is new."""

from datetime import datetime

import structlog
from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.inbound import LARGEST, Desk, take_in_mail
from nurture.net.mailbox import ImapUrl, MailboxAway, poll
from nurture.rules.words import _
from nurture.store import transport_states

log = structlog.get_logger()
_NAME = "bounce mailbox"


def read_mailbox(sessions: sessionmaker[Session], desk: Desk, url: ImapUrl, *, now: datetime) -> int:
    """Take in the unseen messages of the mailbox; how many. While it is away nothing is lost: the sentence
    that says so stands with the transports, and the next turn tries again."""
    sentence, done = "", 0
    try:
        done = poll(url, lambda raw: _take(sessions, desk, raw, now), largest=LARGEST)
    except MailboxAway as fault:
        log.warning("mailbox.away", error=str(fault))
        sentence = _("The mailbox for bounces cannot be read: {why}.").format(why=fault)
    with sessions.begin() as session:
        transport_states.note(session, _NAME, ok=not sentence, sentence=sentence, now=now)
    return done


def _take(sessions: sessionmaker[Session], desk: Desk, raw: bytes, now: datetime) -> None:
    taken = take_in_mail(sessions, desk, raw, source="imap", now=now)
    log.info("inbound.taken", kind=taken.kind, delivery_id=taken.delivery_id)
