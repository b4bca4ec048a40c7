"""A lead wants no mails at all. Its address is kept as a peppered hash besides, so that the no holds for it
in whatever lead it turns up again, until its owner says yes anew."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.flows.unsubscribe import unsubscribe
from nurture.rules.addresses import normalise
from nurture.rules.consent import LEFT_ALL
from nurture.store import suppressions
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
    if email:
        digest = suppressions.address_hash(pepper, normalise(email))
        entry = NewSuppression(digest, LEFT_ALL, how, lead_id, delivery_id)
        suppressions.suppress(session, [entry], now=now)
    return news


def come_back(session: Session, lead_id: int, *, by: str, now: datetime) -> None:
    """The lead has said yes again: that it wanted nothing any more is over. What else keeps its address out
    stays."""
    for number in suppressions.left_by(session, lead_id):
        suppressions.lift(session, [number], by=by, now=now)
        audit(session, by, "address.let_in", f"suppression:{number}", now=now)
