"""A mail came back: what that means for its delivery and its address."""

from datetime import datetime

from sqlalchemy.orm import Session

from nurture.mail.inbound import HARD, Report
from nurture.rules.addresses import normalise
from nurture.store import deliveries, inbound, suppressions
from nurture.store.inbound import BOUNCED, Meant
from nurture.store.suppressions import NewSuppression
from nurture.store.webhooks import write_message


def bounce(
    session: Session, meant: Meant, report: Report, *, pepper: bytes, softs: int, now: datetime
) -> None:
    """Mark the delivery; suppress its address at once after a hard bounce, and after `softs` soft ones in a
    row of those that count. In the caller's transaction."""
    first = inbound.mark(session, [meant.id], BOUNCED, now=now)
    if report.kind == HARD:
        _suppress(session, meant, report, "hard_bounce", pepper, now)
    elif report.counts and _given_up(session, meant, softs):
        _suppress(session, meant, report, "soft_bounces", pepper, now)
    if first or report.kind == HARD:
        _tell(session, meant, report, now)


def _given_up(session: Session, meant: Meant, softs: int) -> bool:
    return meant.lead_id is not None and bool(
        inbound.given_up(session, {meant.id: meant.lead_id}, most=softs)
    )


def _suppress(
    session: Session, meant: Meant, report: Report, reason: str, pepper: bytes, now: datetime
) -> None:
    if not meant.address:
        return
    entry = NewSuppression(
        suppressions.address_hash(pepper, normalise(meant.address)),
        reason,
        # The suppression outlives the erasure of its lead: no words that may quote the address.
        detail=f"{report.reason} {report.status}".strip(),
        lead_id=meant.lead_id,
        delivery_id=meant.id,
    )
    suppressions.suppress(session, [entry], now=now)


def _tell(session: Session, meant: Meant, report: Report, now: datetime) -> None:
    told = deliveries.told(session, [meant.id])[meant.id]
    data = {
        "delivery_id": meant.id,
        **{name: told[name] for name in ("lead_id", "purpose", "mail", "program", "step")},
        "at": now,
        "kind": report.kind,
        "reason": report.reason,
        "status": report.status,
        "reply": report.diagnostic,
    }
    # The hard one under the key that a refusal at the door of the server has too: it is told once.
    key = f"delivery.bounced:{meant.id}" + ("" if report.kind == HARD else f":{report.kind}")
    write_message(session, "delivery.bounced", data, lead_id=meant.lead_id, dedup_key=key, now=now)
