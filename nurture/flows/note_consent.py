"""What somebody said outside, on paper or on the phone, is noted with its proof. In the caller's
transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows.consent import GRANTED, WITHDRAWN, grant
from nurture.flows.judge_leads import judge_leads
from nurture.flows.leave_everything import come_back
from nurture.flows.unsubscribe import unsubscribe
from nurture.rules.happened import fault_of
from nurture.rules.messages import instant
from nurture.rules.words import _
from nurture.store import consents, leads
from nurture.store.audit import audit


@dataclass(frozen=True, slots=True)
class Said:
    """`wording` are the words that were agreed to, `proof` how it is known (a sentence, or what a program
    keeps), `channel` where it was said, `at` when (None: now)."""

    purpose: str
    granted: bool
    wording: str = ""
    channel: str = "api"
    proof: Any = None
    at: datetime | None = None


def note_consent(session: Session, lead_id: int, said: Said, *, by: str, now: datetime) -> int | None:
    """Write it into the ledger and lead the lead on; the entry's number, None where a no was known already. A
    yes of before a later no changes nothing and raises Conflict; NotFound for a lead that is gone."""
    at = said.at or now
    if fault := fault_of(at, now):
        raise Invalid(fault, {"at": [fault]})
    if lead_id not in leads.existing(session, [lead_id]):
        raise NotFound(_("There is no such lead."))
    proof = {"by": by} | ({"proof": said.proof} if said.proof is not None else {})
    if said.at is not None:
        proof["noted_at"] = instant(now)
    consents.take_turn(session, lead_id)
    if said.granted:
        _refuse_after_a_no(session, lead_id, said.purpose, at)
        written: int | None = grant(
            session,
            lead_id,
            said.purpose,
            wording=said.wording,
            channel=said.channel,
            proof=proof,
            now=min(at, now),
        )
        come_back(session, lead_id, [said.purpose], by=by, now=now)
        judge_leads(session, [lead_id], now=now)
    else:
        unsubscribe(session, lead_id, said.purpose, how=said.channel, proof=proof, now=now)
        written = consents.standing_entry(session, lead_id, said.purpose)
    detail = {"purpose": said.purpose, "state": GRANTED if said.granted else WITHDRAWN}
    audit(session, by, "lead.consent_noted", f"lead:{lead_id}", now=now, detail=detail)
    return written


def _refuse_after_a_no(session: Session, lead_id: int, purpose: str, at: datetime) -> None:
    for entry in consents.ledger(session, lead_id):
        if entry.purpose == purpose and entry.state == WITHDRAWN and entry.at > at:
            sentence = _("They took it back after that. A new yes is one that was said since.")
            raise Conflict(sentence)
