"""Mails in another name than the default sender's: of a sender of the settings, of the lead's owner, of an
address that is named.

From and Reply-To are theirs, and the mail is signed by the domain of From. DMARC (RFC 7489, section 3.1)
wants SPF or DKIM of that domain. A sender of the settings goes out as it was set up, and its page says
whether its domain proves anything; where bounces come to a mailbox and not to us, that is its own, so that
SPF speaks of the same domain. An owner or an address speaks only where the domain is verified and signs: else
the house does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from nurture.flows.outbox import Outbox
from nurture.flows.signing import Seal
from nurture.mail.headers import address
from nurture.mail.message import Sender
from nurture.rules.senders import OWNER, is_named
from nurture.store import domains, senders
from nurture.store.deliveries.voices import Voice, owner_of, voices


@dataclass(frozen=True)
class Speaker:
    """Who speaks in a mail, what signs it, and where its bounces go unless they come back to us."""

    sender: Sender
    seal: Seal
    mail_from: str


def speakers(
    session: Session, outbox: Outbox, delivery_ids: Sequence[int], house: Sender
) -> dict[int, Speaker]:
    """Who speaks in each mail that does not go out in the house's name."""
    found = voices(session, delivery_ids)
    known = {voice: _speaker(session, outbox, voice, house) for voice in set(found.values())}
    return {one: speaker for one, voice in found.items() if (speaker := known[voice]) is not None}


def _speaker(session: Session, outbox: Outbox, voice: Voice, house: Sender) -> Speaker | None:
    domain = _domain(voice)
    if not voice.named and not domains.verified(session, domain):
        return None
    seal = outbox.signing.of(session, domain)
    if voice.named:
        return Speaker(as_voice(house, voice), seal, address(voice.email))
    return Speaker(as_voice(house, voice), seal, address(house.email)) if seal.keys else None


def as_voice(house: Sender, voice: Voice) -> Sender:
    """The house's sender, speaking as this one."""
    return replace(house, name=voice.name or house.name, email=voice.email, reply_to=voice.reply_to)


def sender_of_delivery(session: Session, house: Sender, delivery_id: int) -> Sender:
    """In whose name a delivery goes out, or went out as far as that still holds, for looking at it."""
    return _heard(session, house, voices(session, [delivery_id]).get(delivery_id))


def sender_said(session: Session, house: Sender, said: str | None, lead_id: int | None = None) -> Sender:
    """In whose name a mail goes out to a lead (None: to nobody in particular) that says so itself, for
    looking at it before there is a delivery."""
    voice = None
    row = senders.get(session, said) if said and is_named(said) else None
    if row is not None and not row.is_default:
        voice = Voice(row.name, row.email, row.reply_to, named=True)
    elif said == OWNER and lead_id is not None:
        voice = owner_of(session, lead_id)
    elif said and "@" in said:
        voice = Voice("", said, said)
    return _heard(session, house, voice)


def _heard(session: Session, house: Sender, voice: Voice | None) -> Sender:
    if voice is None or not (voice.named or domains.verified(session, _domain(voice))):
        return house
    return as_voice(house, voice)


def values_of(session: Session, house: Sender, delivery_id: int) -> Mapping[str, str]:
    """What the templates of a delivery know of its sender, for looking at it again."""
    return sender_of_delivery(session, house, delivery_id).as_values()


def _domain(voice: Voice) -> str:
    return address(voice.email).rpartition("@")[2].lower()
