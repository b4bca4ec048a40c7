"""A lead asks to be left alone. Once this is committed, no mail for that purpose begins to go out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import NotFound
from nurture.flows.consent import WITHDRAWN, withdraw
from nurture.flows.leave import leave_all
from nurture.rules.addresses import normalise
from nurture.rules.words import _
from nurture.store import (
    cancellations,
    consents,
    deliveries,
    enrollments,
    hits,
    kept_nos,
    newsletters,
    signals,
)
from nurture.store.enrollments import Settled
from nurture.store.leads import Lead
from nurture.store.signals import NewSignal
from nurture.store.webhooks import write_message

REASON = "unsubscribed"


def unsubscribe(
    session: Session,
    lead_id: int,
    purpose: str | None,
    *,
    how: str,
    proof: Mapping[str, Any],
    now: datetime,
    delivery_id: int | None = None,
) -> bool:
    """Withdraw the lead's consent for `purpose` (None: for every one), in the caller's transaction; whether
    that was news. `how` is one_click, page, preferences, mail, provider, api or sales; `delivery_id` the mail
    it was asked in.

    Mails not yet being sent are cancelled, runs in programs of the purpose end, and the signal and the
    webhook message are written, once: asked again it only makes sure that nothing waits. Raises NotFound
    for a lead that is gone.
    """
    lead = session.get(Lead, lead_id)
    if lead is None or lead.erased_at is not None:
        raise NotFound(_("There is no such lead."))
    consents.take_turn(session, lead_id)
    meant = [purpose] if purpose else consents.purposes_for(session, lead_id)
    before = consents.standing(session, lead_id)
    ledger = withdraw(
        session,
        lead_id,
        [one for one in meant if before.get(one) != WITHDRAWN],
        channel=how,
        proof={**proof, "delivery_id": delivery_id} if delivery_id else proof,
        now=now,
    )
    stop(session, lead_id, meant, REASON, now=now)
    address = address_of(session, delivery_id) if delivery_id is not None else None
    if address is not None and address != lead.email_norm:
        held = consents.held(session, [lead_id])
        noes = [(one, held[lead_id, one]) for one in meant if (lead_id, one) in held]
        kept_nos.wait(session, address, lead_id, noes, now=now)
    if not ledger:
        return False
    _tell(session, lead, purpose, how, delivery_id, ledger[0], now)
    return True


def address_of(session: Session, delivery_id: int) -> str | None:
    """Where a mail went, in normal form: who says no in it has that address, whatever the lead's is now."""
    told = deliveries.told(session, [delivery_id]).get(delivery_id)
    return normalise(told["address"]) if told is not None and told["address"] else None


def stop(session: Session, lead_id: int, purposes: Sequence[str], reason: str, *, now: datetime) -> None:
    """Mails for these purposes that are not being sent yet are cancelled, and runs for them end. Deliveries
    first: whoever settles sends takes their locks in the same order."""
    cancelled = cancellations.call_off(session, lead_id, purposes, reason, now=now)
    settled = [Settled(number, "cancelled", reason) for number in cancelled]
    enrollments.settle_sends(session, settled, now=now)
    newsletters.settled(session, [(number, "cancelled", reason) for number in cancelled], now=now)
    for purpose in purposes:
        leave_all(session, [lead_id], reason, now=now, purpose=purpose)


def _tell(
    session: Session,
    lead: Lead,
    purpose: str | None,
    how: str,
    delivery_id: int | None,
    consent_id: int,
    now: datetime,
) -> None:
    """The signal and the message, named after the entry in the ledger."""
    mail_key = None
    if delivery_id is not None and (delivery := hits.deliveries_of(session, [delivery_id]).get(delivery_id)):
        mail_key = delivery.mail_key
    signal = NewSignal(
        lead_id=lead.id,
        kind="unsubscribed",
        occurred_at=now,
        source="unsubscribe",
        key=str(consent_id),
        delivery_id=delivery_id,
        mail_key=mail_key,
        data={"purpose": purpose or "all", "how": how} | ({"mail": mail_key} if mail_key else {}),
    )
    signals.add(session, [signal], now=now)
    write_message(
        session,
        "lead.unsubscribed",
        {
            "lead": {"id": lead.id, "email": lead.email},
            "purpose": purpose,
            "how": how,
            "mail": mail_key,
        },
        lead_id=lead.id,
        dedup_key=f"lead.unsubscribed:{consent_id}",
        now=now,
    )
