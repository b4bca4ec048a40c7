"""A lead wants no mails at all. Its address is kept as a peppered hash besides, so that the no holds for it
in whatever lead it turns up again, until its owner says yes anew."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.flows.keep_nos import keep_out_of_everything
from nurture.flows.unsubscribe import address_of, unsubscribe
from nurture.rules.addresses import normalise
from nurture.rules.consent import LEFT_ALL
from nurture.store import kept_nos, suppressions
from nurture.store.audit import audit
from nurture.store.leads import Lead
from nurture.store.suppressions import NewSuppression


def leave_everything(
    session: Session,
    lead_id: int,
    *,
    how: str,
    proof: Mapping[str, Any],
    pepper: bytes,
    now: datetime,
    delivery_id: int | None = None,
) -> bool:
    """Withdraw every consent and keep the address out of whatever rests on consent, in the caller's
    transaction; whether that was news. An address that is kept out already keeps its first reason. Raises
    NotFound for a lead that is gone."""
    news = unsubscribe(session, lead_id, None, how=how, proof=proof, now=now, delivery_id=delivery_id)
    email = session.get_one(Lead, lead_id).email
    mailed = address_of(session, delivery_id) if delivery_id is not None else None
    for address in {normalise(email or ""), mailed or ""} - {""}:
        # Beside the reason below, which may be an earlier one that the company takes back (a wrong address).
        keep_out_of_everything(session, lead_id, address, pepper, now=now)
    if email:
        digest = suppressions.address_hash(pepper, normalise(email))
        entry = NewSuppression(digest, LEFT_ALL, how, lead_id, delivery_id)
        suppressions.suppress(session, [entry], now=now)
    return news


def come_back(session: Session, lead_id: int, purposes: Collection[str], *, by: str, now: datetime) -> None:
    """The lead has said yes to these purposes: that it had said no to them, or wanted nothing any more, is
    over. What else keeps its address out stays."""
    kept_nos.lift(session, lead_id, purposes, by=by, now=now)
    for number in suppressions.left_by(session, lead_id):
        suppressions.lift(session, [number], by=by, now=now)
        audit(session, by, "address.let_in", f"suppression:{number}", now=now)
