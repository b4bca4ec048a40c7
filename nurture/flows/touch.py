"""A touch outside of mails, entered in seconds: a call, a meeting kept or missed, a business card, a request
to be contacted, a note."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from nurture.errors import Invalid, NotFound
from nurture.rules.happened import fault_of
from nurture.rules.touches import BY_HAND, KINDS, OUTWARD
from nurture.rules.words import _
from nurture.store import leads, scores, signals
from nurture.store.signals import NewSignal

LONGEST_NOTE = 5_000


@dataclass(frozen=True, slots=True)
class Touch:
    """What was entered. `direction`: in (they came to us) or out (we went to them)."""

    what: str
    direction: str = "in"
    note: str = ""
    at: datetime | None = None


def add_touch(session: Session, lead_id: int, touch: Touch, *, by: str, now: datetime) -> UUID:
    """Take in a touch as a signal of the lead, in the caller's transaction. What comes from the lead warms it
    and counts when it is rated; what goes out counts among ours. Raises NotFound and Invalid."""
    kind = KINDS.get((touch.what, touch.direction))
    if kind is None:
        sentence = _("A touch is a call, a meeting, a missed meeting, a business card, a request or a note.")
        raise Invalid(sentence, {"kind": [sentence]})
    at = touch.at or now
    if fault := fault_of(at, now):
        raise Invalid(fault, {"at": [fault]})
    if lead_id not in leads.existing(session, [lead_id]):
        raise NotFound(_("There is no such lead."))
    data = {"direction": touch.direction, "by": by} | ({"note": touch.note} if touch.note else {})
    row = NewSignal(lead_id, kind, min(at, now), BY_HAND, data=data)
    added = signals.add(session, [row], now=now)
    if kind in OUTWARD:
        scores.touch_out(session, lead_id)
    return added[0]
