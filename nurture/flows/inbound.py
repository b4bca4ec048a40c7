"""A mail or an event that came back is kept, the delivery it names is found, and what follows happens.

Nobody signs a report. It acts on a delivery only when it carries a token of ours (the return path, an
unsubscribe address), the Message-ID of a mail of ours or the one that a service gave it instead; what comes
through a provider's webhook, whose address is a secret, may also name the recipient. Everything else is kept
and changes nothing.
"""

import hashlib
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.bounce import bounce
from nurture.flows.complain import complain
from nurture.flows.doubt import arrived
from nurture.flows.in_whose_name import sender_of_delivery
from nurture.flows.letters import sender_of
from nurture.flows.reply import leave, reply
from nurture.flows.trouble import pause_sender
from nurture.mail.inbound import COMPLAINT, HARD, REPLY, SOFT, UNSUBSCRIBED, Report, read_report
from nurture.mail.inbound.providers import Event
from nurture.rules import bounces
from nurture.rules.addresses import normalise
from nurture.rules.throttling import sender_not_believed
from nurture.rules.tokens import KeyRing, mint, read
from nurture.store import deliveries, inbound
from nurture.store.inbound import Meant, NewReport

LARGEST = 10 * 1024 * 1024
_KEPT = 64 * 1024
_SHOWN = 300
# Long enough to find out why nobody was found; then an address that nobody here knows has no business here.
KEPT_UNKNOWN = timedelta(days=30)
_UUID = re.compile(r"^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


@dataclass(frozen=True)
class Desk:
    """What taking in needs of the installation: `softs` bounces in a row give an address up."""

    ring: KeyRing
    pepper: bytes
    softs: int = 5


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a report: `new` is False for one that was here before."""

    kind: str
    new: bool
    delivery_id: int | None = None


def secret_of(ring: KeyRing) -> str:
    """The secret in the addresses that take in reports. Older keys of the ring stay good."""
    return mint(ring, "inbound", 0)


def knows_secret(ring: KeyRing, secret: str) -> bool:
    return read(ring, "inbound", secret, 1) is not None


def take_in_mail(
    sessions: sessionmaker[Session], desk: Desk, raw: bytes, *, source: str, now: datetime
) -> Taken:
    """Take in one raw message (RFC 5322), whatever it holds."""
    report = read_report(raw)
    digest = hashlib.sha256(b"mail:" + raw).digest()
    with sessions.begin() as session:
        return _take_in(session, desk, report, digest, raw, source, now, known_by="")


def take_in_events(
    sessions: sessionmaker[Session], desk: Desk, events: Sequence[Event], *, source: str, now: datetime
) -> list[Taken]:
    """Take in what a provider tells, each event in a transaction of its own."""
    taken = []
    for event in events:
        digest = hashlib.sha256(f"{source}:{event.key}".encode()).digest()
        known_by = event.report.recipients[0].address if event.report.recipients else ""
        with sessions.begin() as session:
            taken.append(_take_in(session, desk, event.report, digest, event.raw, source, now, known_by))
    return taken


def _take_in(
    session: Session,
    desk: Desk,
    report: Report,
    digest: bytes,
    raw: bytes,
    source: str,
    now: datetime,
    known_by: str,
) -> Taken:
    meant = find(session, desk.ring, report, known_by)
    if meant is not None and meant.address:
        report = report.about(normalise(meant.address))
    report_id = inbound.keep(session, _kept(report, digest, raw, source), now=now)
    if report_id is None:
        return Taken(report.kind, new=False)
    if meant is None:
        return Taken(report.kind, new=True)
    inbound.link(session, report_id, meant)
    if known_by:
        _look_at_sender(session, report, meant, now)
    _act(session, desk, report, report_id, meant, now)
    return Taken(report.kind, new=True, delivery_id=meant.id)


def _act(session: Session, desk: Desk, report: Report, report_id: int, meant: Meant, now: datetime) -> None:
    """Whatever it says, something came back: the mail was sent."""
    arrived(session, [meant.id], now=now)
    if report.kind in (HARD, SOFT) and report.reason != bounces.DELAYED:
        bounce(session, meant, report, pepper=desk.pepper, softs=desk.softs, now=now)
    elif report.kind == COMPLAINT:
        complain(session, meant, report, pepper=desk.pepper, now=now)
    elif report.leaves:
        how = "provider" if report.kind == UNSUBSCRIBED else "mail"
        leave(session, meant, pepper=desk.pepper, now=now, how=how)
    elif report.kind == REPLY:
        reply(session, meant, report, report_id, pepper=desk.pepper, now=now)


def forget_strangers(sessions: sessionmaker[Session], *, now: datetime, limit: int = 5_000) -> int:
    """Drop a portion of the reports that name no mail of ours and are older than KEPT_UNKNOWN; how many."""
    with sessions.begin() as session:
        return inbound.forget_strangers(session, now - KEPT_UNKNOWN, limit=limit)


def _look_at_sender(session: Session, report: Report, meant: Meant, now: datetime) -> None:
    """A service tells that receivers do not believe our domain: nothing more goes out from it, as where a
    server says so at its door. What anybody can write, such as a report by mail, stops nothing."""
    words = report.diagnostic or report.text
    if report.kind in (HARD, SOFT) and sender_not_believed(550, report.status, words):
        house = sender_of(deliveries.sending(session))
        domain = sender_of_delivery(session, house, meant.id).domain.lower()
        if domain:
            pause_sender(session, domain, meant.id, words[:_SHOWN], now)


def find(session: Session, ring: KeyRing, report: Report, known_by: str = "") -> Meant | None:
    """The delivery that a report proves to be about; `known_by` is an address that may stand for it."""
    for delivery_id in _signed(ring, report):
        if meant := inbound.by_id(session, delivery_id):
            return meant
    ids = [one.partition("@")[0].lower() for one in report.message_ids]
    if meant := inbound.by_message_ids(session, [uuid.UUID(one) for one in ids if _UUID.match(one)]):
        return meant
    theirs = [*report.message_ids, *(one.partition("@")[0] for one in report.message_ids)]
    if meant := inbound.by_remote_ids(session, [one for one in theirs if one]):
        return meant
    return inbound.latest_to(session, normalise(known_by)) if known_by else None


def _signed(ring: KeyRing, report: Report) -> list[int]:
    found = [ids[0] for one in report.tokens if (ids := read(ring, "bounce", one, 1))]
    return found + [ids[1] for one in report.unsubscribe_tokens if (ids := read(ring, "unsubscribe", one, 2))]


def _kept(report: Report, digest: bytes, raw: bytes, source: str) -> NewReport:
    return NewReport(
        source=source,
        digest=digest,
        kind=report.kind,
        reason=report.reason,
        status=report.status,
        diagnostic=_storable(report.diagnostic),
        subject=_storable(report.subject),
        text=_storable(report.text),
        counts=report.counts,
        raw=raw[:_KEPT],
    )


def _storable(text: str) -> str:
    """PostgreSQL's text takes neither NUL nor halves of surrogate pairs."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
