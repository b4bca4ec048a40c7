"""What a salesperson does beside the answer: fills in BANT, notes, ends the mails, begins a chain."""

from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows.leads import save_lead
from nurture.flows.leave_everything import leave_everything
from nurture.flows.start_leads import read_place, start_leads
from nurture.flows.suppress import block_domain
from nurture.flows.touch import LONGEST_NOTE, Touch, add_touch
from nurture.rules.words import _
from nurture.store import handoffs
from nurture.store.audit import audit
from nurture.store.handoffs import Handoff

PARTS = ("budget", "authority", "need", "timing")
ANSWERS = ("unknown", "no", "partly", "yes")


def learn(
    session: Session,
    handoff_id: int,
    part: str,
    value: str,
    *,
    by: str,
    pepper: bytes,
    base_url: str,
    now: datetime,
) -> None:
    """Write down one BANT answer with sales as its source, in the caller's transaction. Raises Invalid,
    NotFound."""
    if part not in PARTS or value not in ANSWERS:
        sentence = _("BANT is budget, authority, need and timing; each is unknown, no, partly or yes.")
        raise Invalid(sentence, {"bant": [sentence]})
    handoff = _locked(session, handoff_id)
    answers = {"id": handoff.lead_id, "bant": {part: value}}
    save_lead(session, answers, now=now, by=by, pepper=pepper, base_url=base_url, source_kind="sales")


def note(session: Session, handoff_id: int, words: str, *, by: str, now: datetime) -> None:
    """Keep a note in the record of the hand-off and in the lead's timeline. It is a word of sales: nobody has
    to ask what came of the lead."""
    if not words.strip() or len(words) > LONGEST_NOTE:
        sentence = _("Write a note of at most 5,000 characters.")
        raise Invalid(sentence, {"note_only": [sentence]})
    handoff = _locked(session, handoff_id)
    add_touch(session, handoff.lead_id, Touch("note", "out", words.strip()), by=by, now=now)
    handoffs.note_event(session, handoff.id, "noted", by=by, now=now, detail={})
    if handoff.watch_at is not None:
        handoff.silent_since, handoff.asked_at, handoff.watch_at = now, None, now


def never_mail(session: Session, handoff_id: int, *, pepper: bytes, by: str, now: datetime) -> None:
    """The person told sales that they want no mails: every consent is withdrawn with that proof."""
    handoff = _locked(session, handoff_id)
    leave_everything(
        session,
        handoff.lead_id,
        how="sales",
        proof={"by": by, "handoff_id": handoff.id},
        pepper=pepper,
        now=now,
    )
    audit(session, by, "lead.never_mail", f"lead:{handoff.lead_id}", now=now)


def never_mail_domain(session: Session, handoff_id: int, *, pepper: bytes, by: str, now: datetime) -> None:
    """The whole company wants no mails: nobody at the person's domain is written to, and this person's
    consents are withdrawn as well. Raises Invalid, NotFound."""
    handoff = _locked(session, handoff_id)
    address = handoffs.address_of(session, handoff.lead_id)
    if address is None:
        sentence = _("This person has no e-mail address.")
        raise Invalid(sentence, {"domain": [sentence]})
    block_domain(session, address, detail=f"handoff:{handoff.id}", by=by, now=now)
    never_mail(session, handoff_id, pepper=pepper, by=by, now=now)


def into_chain(session: Session, handoff_id: int, place: str, *, by: str, now: datetime) -> None:
    """Begin a chain with the lead, written as program/chain. Its mails wait while sales is talking. Raises
    Invalid, Conflict, NotFound."""
    handoff = _locked(session, handoff_id)
    if not start_leads(session, [handoff.lead_id], read_place(session, place), now=now):
        raise Conflict(_("The lead stands in this program already, or was taken out of all programs."))
    handoffs.note_event(session, handoff.id, "into_chain", by=by, now=now, detail={"note": place})
    audit(session, by, "lead.into_chain", f"lead:{handoff.lead_id}", now=now, detail={"place": place})


def _locked(session: Session, handoff_id: int) -> Handoff:
    handoff = handoffs.locked(session, handoff_id)
    if handoff is None:
        raise NotFound(_("There is no such hand-off."))
    return handoff
