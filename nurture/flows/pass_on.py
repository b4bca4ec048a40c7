"""A hand-off changes hands: passed on by a person, or re-routed because its owner stayed silent."""

from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows import sales_notice
from nurture.flows.hot_message import Links
from nurture.flows.routing import SalesFloor, sales_floor
from nurture.rules.routing import Seller
from nurture.rules.stages import WITH_SALES
from nurture.rules.words import _
from nurture.store import handoffs
from nurture.store.audit import audit
from nurture.store.handoffs import Handoff
from nurture.store.segments import mark_dirty


def pass_on(
    session: Session, handoff_id: int, to_user: int, links: Links, *, note: str = "", by: str, now: datetime
) -> Handoff:
    """Give a hand-off to a colleague, whose clock begins now. Room and absence do not hold back a person who
    has asked first. Raises NotFound, Invalid or Conflict."""
    handoff = handoffs.locked(session, handoff_id)
    if handoff is None:
        raise NotFound(_("There is no such hand-off."))
    if handoff.state not in WITH_SALES:
        raise Conflict(_("This hand-off is not with sales any more."))
    floor = sales_floor(session, (to_user,), now=now)
    colleague = floor.routing.sellers.get(to_user)
    if colleague is None or handoff.owner_id == to_user:
        sentence = _("Choose a colleague who can sign in, other than the present one.")
        raise Invalid(sentence, {"to": [sentence]})
    kind = sales_notice.PASSED_ON
    give(session, handoff, colleague, floor, links, kind=kind, note=note, by=by, now=now)
    audit(session, by, "handoff.passed_on", f"handoff:{handoff.id}", now=now, detail={"to": to_user})
    return handoff


def give(
    session: Session,
    handoff: Handoff,
    seller: Seller,
    floor: SalesFloor,
    links: Links,
    *,
    kind: str,
    by: str,
    now: datetime,
    note: str = "",
) -> int:
    """Make `seller` the owner and start their clock; the id of the record. The hand-off is locked before."""
    detail = {"from": handoff.owner_id, "to": seller.id} | ({"note": note} if note else {})
    event_id = handoffs.note_event(session, handoff.id, kind, by=by, now=now, detail=detail)
    handoff.owner_id, handoff.team_id = seller.id, floor.team_of(seller)
    handoff.clock_from, handoff.due_at = now, floor.due_at(seller, now)
    handoff.warned_at = handoff.overdue_at = handoff.asked_at = None
    handoff.silent_since = handoff.watch_at = now
    handoffs.give_lead(session, handoff.lead_id, seller.id)
    mark_dirty(session, [handoff.lead_id])
    sales_notice.tell(session, handoff, kind, links, event_id=event_id, now=now)
    return event_id
