"""A mail as it was sent, put together anew from the version that was sent, for the eye of a colleague."""

from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header

from sqlalchemy.orm import Session

from nurture.errors import Refusal
from nurture.flows.in_whose_name import sender_of_delivery
from nurture.flows.letters import addresses, full_name, on_trial, preview_delivery, sender_of
from nurture.mail.headers import address
from nurture.mail.message import Letter, build
from nurture.mail.prepare import RenderFault, prepare
from nurture.mail.source import MARKETING, CompiledMail
from nurture.rules.tokens import KeyRing
from nurture.store import deliveries, mails
from nurture.store.deliveries import Delivery

# Signed parts of addresses would let whoever reads this page act for the lead.
_NOT_SHOWN = "..."
_FOLDED = "\r\n "


@dataclass(frozen=True, slots=True)
class AsSent:
    """The header fields in their order, decoded, and what the mail says: `html` is without pixel and tracked
    links."""

    subject: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str


def as_sent(session: Session, delivery: Delivery, ring: KeyRing, base_url: str) -> AsSent | None:
    """A delivery as its reader has it; None when its lead is erased or its words cannot be filled in
    any more. What is signed in it is left out; a DKIM signature is made at sending and not kept."""
    stored = mails.stored_version(session, delivery.mail_version_id)
    lead = deliveries.values_of_lead(session, delivery.lead_id) if delivery.lead_id else {}
    if stored is None or lead is None or not delivery.address:
        return None
    sender = sender_of_delivery(session, sender_of(on_trial(deliveries.sending(session))), delivery.id)
    mail = prepare(CompiledMail.from_json(stored.compiled), stored.link_ids)
    known = _shown_addresses(ring, base_url, delivery)
    values = {
        "lead": lead,
        "sender": sender.as_values(),
        "params": delivery.params,
        "links": [_NOT_SHOWN] * (max(mail.link_ids, default=0) + 1),
        **known,
    }
    letter = Letter(
        to=address(delivery.address),
        to_name=full_name(lead),
        message_id=str(delivery.message_id),
        date=delivery.first_tried_at or delivery.due_at,
        purpose=delivery.purpose,
        stream=delivery.purpose,
        values=values,
        unsubscribe_url=known["unsubscribe_url"] if mail.kind == MARKETING else None,
    )
    try:
        raw = build(mail, sender, letter)
        words = preview_delivery(session, delivery)
    except (RenderFault, Refusal):
        return None
    return AsSent(words.subject, _headers(raw), words.text, words.html) if words is not None else None


def _shown_addresses(ring: KeyRing, base_url: str, delivery: Delivery) -> Mapping[str, str]:
    known = addresses(ring, base_url, delivery.lead_id or 0, delivery.id)
    return {name: url[: url.rindex("/") + 1] + _NOT_SHOWN for name, url in known.items()}


def _headers(raw: bytes) -> tuple[tuple[str, str], ...]:
    message = message_from_bytes(raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    fields = ((name, str(value).replace(_FOLDED, " ")) for name, value in message.items())
    return tuple((name, str(make_header(decode_header(value)))) for name, value in fields)
