"""From a delivery to what its mail is filled with: the values of the lead and the signed addresses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy.orm import Session

from nurture.flows.in_whose_name import sender_said, values_of
from nurture.mail.compile import compile_mail
from nurture.mail.message import Letter, Sender
from nurture.mail.prepare import PreparedMail, plain_html, plain_subject, plain_words
from nurture.mail.quoted import SOFT_BREAK, encode, fit
from nurture.mail.source import MARKETING, CompiledMail, MailSource
from nurture.rules import user_links
from nurture.rules.tokens import KeyRing, mint, mint_each, mint_for
from nurture.rules.words import _
from nurture.store import deliveries, mails
from nurture.store import installation as installations
from nurture.store.deliveries import Claimed, Delivery, Sending

# What the link that confirms a form is signed for.
SIGN_UP = "confirm-form"
_TRIAL_SENDER = "nobody-yet@nurture.example"


@dataclass(frozen=True)
class Shown:
    """A mail as somebody sees it before, or instead of, getting it; `sender` as its From says it."""

    subject: str
    html: str
    text: str
    sender: str


def sender_of(state: Sending) -> Sender:
    """Who sends, as the installation says."""
    return Sender(
        name=state.sender_name or state.company_name,
        email=state.sender_email,
        company=state.company_name,
        postal_address=state.postal_address,
        reply_to=state.reply_to,
    )


def on_trial(state: Sending) -> Sending:
    """The same, with a sender that says of itself that nobody has filled it in. For mails that reach the
    catcher only, and for scripted installations: a first mail should not wait for a form."""
    if state.sender_email:
        return state
    return replace(
        state,
        sender_email=_TRIAL_SENDER,
        company_name=state.company_name or _("Your company"),
        postal_address=state.postal_address or _("The postal address from the settings stands here."),
    )


def letter(
    claimed: Claimed,
    to: str,
    mail: PreparedMail,
    sender_values: Mapping[str, str],
    ring: KeyRing,
    base: str,
    now: datetime,
    bounces: str | None = None,
) -> Letter:
    """The personal part of a delivery's mail; `to` is its address as headers.address makes it. `bounces` is
    the domain whose mail comes back to us: who wishes leaves by writing there."""
    lead_id = claimed.lead_id or 0
    params = _with_link(claimed.params, ring, base)
    values: dict[str, Any] = {"lead": claimed.lead, "sender": sender_values, "params": params}
    unsubscribe = leave_at = None
    if mail.kind == MARKETING:
        values |= addresses(ring, base, lead_id, claimed.id)
        values["links"] = tracked_links(mail.link_ids, ring, base, claimed.id)
        unsubscribe = values["unsubscribe_url"]
        leave_at = f"u+{unsubscribe.rpartition('/')[2]}@{bounces}" if bounces else None
    return Letter(
        to=to,
        to_name=full_name(claimed.lead),
        message_id=claimed.message_id,
        date=now,
        purpose=claimed.purpose,
        stream=claimed.program_key or claimed.purpose,
        values=values,
        unsubscribe_url=unsubscribe,
        unsubscribe_address=leave_at,
    )


def addresses(ring: KeyRing, base: str, lead_id: int, delivery_id: int) -> dict[str, str]:
    """The signed addresses of a marketing mail."""
    leaving, choosing = mint_for(ring, ("unsubscribe", "preferences"), lead_id, delivery_id)
    looking, opening = mint_for(ring, ("view", "open"), delivery_id)
    return {
        "unsubscribe_url": f"{base}/u/{leaving}",
        "preferences_url": f"{base}/p/{choosing}",
        "view_url": f"{base}/v/{looking}",
        "pixel_url": f"{base}/o/{opening}.gif",
    }


def tracked_links(link_ids: Mapping[int, int], ring: KeyRing, base: str, delivery_id: int) -> list[str]:
    """The tracking address of each link, by its number, as it stands in a mail; number 0 is the one that
    nobody sees, where the mail has it."""
    start = f"{base}/c/"
    pieces = mint_each(ring, "click", delivery_id, tuple(link_ids.values()), start, SOFT_BREAK)
    if not fit(start, pieces):
        pieces = [encode(one.removesuffix(SOFT_BREAK)) for one in pieces]
    return _by_number(link_ids, pieces)


def _by_number(link_ids: Mapping[int, int], addresses: Sequence[str]) -> list[str]:
    numbers = [*link_ids]
    if numbers == _counted(0, len(numbers)):  # nearly always
        return [*addresses]
    if numbers == _counted(1, len(numbers)):
        return ["", *addresses]
    links = [""] * (max(link_ids, default=0) + 1)
    for number, one in zip(link_ids, addresses, strict=True):
        links[number] = one
    return links


@cache
def _counted(first: int, many: int) -> list[int]:
    return [*range(first, first + many)]


def full_name(lead: Mapping[str, Any]) -> str:
    return " ".join(part for part in (lead.get("first_name"), lead.get("last_name")) if part)


def view(session: Session, ring: KeyRing, base_url: str, delivery_id: int) -> str | None:
    """The page behind "view in the browser": the mail of a delivery, its links tracked as in the mail, no
    pixel. None when there is no such delivery or its lead is erased."""
    delivery = deliveries.get(session, delivery_id)
    if delivery is None:
        return None
    stored = mails.stored_version(session, delivery.mail_version_id)
    lead = deliveries.values_of_lead(session, delivery.lead_id) if delivery.lead_id else {}
    if stored is None or lead is None:
        return None
    values = {
        "lead": lead,
        "sender": values_of(session, _house(session), delivery_id),
        "params": delivery.params,
        **addresses(ring, base_url, delivery.lead_id or 0, delivery_id),
        "links": _plain_links(stored.link_ids, ring, base_url, delivery_id),
        "pixel_url": "data:,",
    }
    mail = CompiledMail.from_json(stored.compiled).for_reader(lead.get("language"))
    return plain_html(mail, values)


def preview(
    session: Session, mail_version_id: int, lead_id: int | None, said: str | None = None
) -> Shown | None:
    """A mail as a lead would see it (None: as somebody of whom nothing is known), with the links as
    written, in the name of `said` (rules/senders.py; None: as the mail says itself). None when there is no
    such mail or lead. Raises RenderFault."""
    stored = mails.stored_version(session, mail_version_id)
    lead = deliveries.values_of_lead(session, lead_id) if lead_id is not None else {}
    if stored is None or lead is None:
        return None
    sender = sender_said(session, _house(session), said or stored.sender, lead_id)
    return shown(CompiledMail.from_json(stored.compiled), lead, sender.as_values())


def preview_delivery(session: Session, delivery: Delivery) -> Shown | None:
    """A mail as its lead sees it, from whoever it goes out. None when lead or mail are gone. Raises
    RenderFault."""
    stored = mails.stored_version(session, delivery.mail_version_id)
    lead = deliveries.values_of_lead(session, delivery.lead_id) if delivery.lead_id else {}
    if stored is None or lead is None:
        return None
    values = values_of(session, _house(session), delivery.id)
    return shown(CompiledMail.from_json(stored.compiled), lead, values)


def preview_words(
    session: Session, source: MailSource, lead_id: int | None, said: str | None = None
) -> Shown | None:
    """The same for words that are not kept yet, in the name of `said` (rules/senders.py; None: as the mail
    says itself). Raises Invalid with every fault of them, RenderFault."""
    lead = deliveries.values_of_lead(session, lead_id) if lead_id is not None else {}
    if lead is None:
        return None
    sender = sender_said(session, _house(session), said or source.sender, lead_id)
    return shown(compile_mail(source), lead, sender.as_values())


def shown(mail: CompiledMail, lead: Mapping[str, Any], sender_values: Mapping[str, str]) -> Shown:
    """A compiled mail filled for the eye, in the lead's language, its own addresses leading nowhere."""
    mail = mail.for_reader(lead.get("language"))
    links = {link.no: link.url for link in mail.links}
    values = {
        "lead": lead,
        "sender": sender_values,
        "params": {},
        "links": [links.get(number, "") for number in range(max(links, default=0) + 1)],
        "pixel_url": "data:,",
        "unsubscribe_url": "#unsubscribe",
        "preferences_url": "#preferences",
        "view_url": "#view",
    }
    sent_by = f"{sender_values.get('name', '')} <{sender_values.get('email', '')}>".strip()
    return Shown(plain_subject(mail, values), plain_html(mail, values), plain_words(mail, values), sent_by)


def _with_link(params: Mapping[str, Any], ring: KeyRing, base: str) -> Mapping[str, Any]:
    """A link that lets somebody in is made here, on its way out: neither the row of the delivery nor a page
    that shows the mail holds it. So is that to a lead's card."""
    if "card_of" in params:
        return {**params, "card_url": f"{base}/leads/{params['card_of']}"}
    if "submission" in params:
        return {**params, "confirm_url": f"{base}/confirm/{mint(ring, SIGN_UP, params['submission'])}"}
    if "user_link" not in params:
        return params
    return {**params, "link_url": user_links.url(ring, base, params["kind"], params["user_link"])}


def _plain_links(link_ids: Mapping[int, int], ring: KeyRing, base: str, delivery_id: int) -> list[str]:
    return _by_number(link_ids, mint_each(ring, "click", delivery_id, tuple(link_ids.values()), f"{base}/c/"))


def _house(session: Session) -> Sender:
    state = installations.get(session)
    return Sender(
        state.sender_name or state.company_name, state.sender_email, state.company_name, state.postal_address
    )
