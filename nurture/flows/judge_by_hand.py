"""A person says of one lead what scores cannot know: how strong a buyer it is, and when its time comes."""

from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Invalid, NotFound
from nurture.flows.judge_leads import judge_leads
from nurture.rules.messages import instant
from nurture.rules.words import _
from nurture.store import lead_edits, lead_judgements
from nurture.store.audit import audit

GRADES = ("A", "B", "C")
_REASON_LONGEST = 500
_BY = "readiness"


def set_grade(
    session: Session, lead_id: int, grade: str | None, reason: str, *, now: datetime, by: str
) -> None:
    """Let this grade hold whatever the scorecard says; None gives it back to the scorecard. The lead is
    judged anew. Raises Invalid without a reason, NotFound."""
    reason = reason.strip()
    if grade is not None and grade not in GRADES:
        sentence = _("Choose A, B or C.")
        raise Invalid(sentence, {"grade": [sentence]})
    if grade is not None and not reason:
        sentence = _("Say why: whoever sees the grade wants to know.")
        raise Invalid(sentence, {"reason": [sentence]})
    if len(reason) > _REASON_LONGEST:
        sentence = _("At most 500 letters.")
        raise Invalid(sentence, {"reason": [sentence]})
    known, before = lead_judgements.set_grade(session, lead_id, grade, reason if grade else None, now=now)
    if not known:
        raise NotFound(_("There is no such lead."))
    lead_edits.note(session, lead_id, {"grade": [before, grade]}, by=by, now=now)
    audit(session, by, "lead.graded", f"lead:{lead_id}", now=now, detail={"grade": [before, grade]})
    judge_leads(session, [lead_id], now=now)


def set_future(session: Session, lead_id: int, at: datetime | None, *, now: datetime, by: str) -> None:
    """Let a lead come back at a date: until then it is not handed over, unless it asks by itself. None: its
    time is now. Raises Invalid for a date that has passed, NotFound."""
    if at is not None and at <= now:
        sentence = _("Choose a day that is still to come.")
        raise Invalid(sentence, {"at": [sentence]})
    known, before = lead_judgements.set_future(session, lead_id, at, now=now)
    if not known:
        raise NotFound(_("There is no such lead."))
    change = [instant(before) if before else None, instant(at) if at else None]
    lead_edits.note(session, lead_id, {"future_at": change}, by=by, now=now)
    audit(session, by, "lead.put_off", f"lead:{lead_id}", now=now)
    judge_leads(session, [lead_id], now=now)


def wake_future(sessions: sessionmaker[Session], *, now: datetime, limit: int = 200) -> int:
    """Bring leads back whose date has come: judged anew, handed over if ripe; how many."""
    with sessions.begin() as session:
        due = lead_judgements.claim_due(session, now=now, limit=limit)
        if not due:
            return 0
        lead_judgements.wake(session, list(due), now=now)
        for lead_id, at in due.items():
            lead_edits.note(session, lead_id, {"future_at": [instant(at), None]}, by=_BY, now=now)
        judge_leads(session, list(due), now=now)
        return len(due)
