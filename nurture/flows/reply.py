"""A lead has answered a mail: the chain stops, a person goes on."""

from datetime import datetime

from sqlalchemy.orm import Session

from nurture.flows.leave import leave_on
from nurture.flows.leave_everything import leave_everything
from nurture.mail.inbound import Report
from nurture.rules.leaving import asks_to_leave
from nurture.store import hits, signals
from nurture.store.inbound import Meant
from nurture.store.leads import Lead
from nurture.store.signals import NewSignal

REPLIED = "replied"
_SHOWN = 2_000
# Who answers a mail to ourselves is not the lead it may be about.
_NOT_FROM_LEADS = frozenset(("test", "notice"))


def reply(
    session: Session, meant: Meant, report: Report, report_id: int, *, pepper: bytes, now: datetime
) -> None:
    """Write the signal with the words of the answer and end the lead's run in the program of the mail (where
    its `exit_on` says so), in the caller's transaction. An answer that only says "unsubscribe" is one."""
    if meant.lead_id is None or meant.purpose in _NOT_FROM_LEADS:
        return
    lead = session.get(Lead, meant.lead_id)
    if lead is None or lead.erased_at is not None:
        return
    if asks_to_leave(report.subject, report.text):
        leave(session, meant, pepper=pepper, now=now)
        return
    mail_key = hits.deliveries_of(session, [meant.id])[meant.id].mail_key
    signal = NewSignal(
        lead_id=lead.id,
        kind=REPLIED,
        occurred_at=now,
        source="mail",
        key=f"reply:{report_id}",
        delivery_id=meant.id,
        mail_key=mail_key,
        data={"mail": mail_key, "subject": report.subject, "text": report.text[:_SHOWN]},
    )
    signals.add(session, [signal], now=now)
    if meant.program_id is not None:
        leave_on(session, [lead.id], "reply", REPLIED, now=now, program_id=meant.program_id)


def leave(session: Session, meant: Meant, *, pepper: bytes, now: datetime, how: str = "mail") -> None:
    """Somebody asks to be left alone: by mail, by the word or at the address for it, or at a provider."""
    if meant.lead_id is None or meant.purpose in _NOT_FROM_LEADS:
        return
    lead = session.get(Lead, meant.lead_id)
    if lead is not None and lead.erased_at is None:
        proof = {"said": "reply" if how == "mail" else "at the provider"}
        leave_everything(session, lead.id, how=how, proof=proof, pepper=pepper, now=now, delivery_id=meant.id)
