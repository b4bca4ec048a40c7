"""A reader has called a mail unwanted: that is a no to everything, at once and for good."""

from datetime import datetime

from sqlalchemy.orm import Session

from nurture.flows.keep_nos import keep_out_of_everything
from nurture.flows.leave_everything import leave_everything
from nurture.mail.inbound import Report
from nurture.rules.addresses import normalise
from nurture.store import deliveries, inbound, suppressions
from nurture.store.inbound import COMPLAINED, Meant
from nurture.store.leads import Lead
from nurture.store.suppressions import NewSuppression
from nurture.store.webhooks import write_message


def complain(session: Session, meant: Meant, report: Report, *, pepper: bytes, now: datetime) -> None:
    """Mark the delivery, suppress its address and withdraw every consent, in the caller's transaction."""
    first = inbound.mark(session, [meant.id], COMPLAINED, now=now)
    if meant.address:
        digest = suppressions.address_hash(pepper, normalise(meant.address))
        entry = NewSuppression(digest, "complaint", report.reason, meant.lead_id, meant.id)
        suppressions.suppress(session, [entry], now=now)
        if meant.lead_id is not None:
            keep_out_of_everything(session, meant.lead_id, normalise(meant.address), pepper, now=now)
    if meant.lead_id is not None and _is_there(session, meant.lead_id):
        leave_everything(
            session,
            meant.lead_id,
            how="complaint",
            proof={"feedback": report.reason},
            pepper=pepper,
            now=now,
            delivery_id=meant.id,
        )
    if first:
        told = deliveries.told(session, [meant.id])[meant.id]
        data = {
            "delivery_id": meant.id,
            **{name: told[name] for name in ("lead_id", "purpose", "mail", "program", "step")},
            "at": now,
            "feedback": report.reason,
        }
        key = f"delivery.complained:{meant.id}"
        write_message(session, "delivery.complained", data, lead_id=meant.lead_id, dedup_key=key, now=now)


def _is_there(session: Session, lead_id: int) -> bool:
    lead = session.get(Lead, lead_id)
    return lead is not None and lead.erased_at is None
