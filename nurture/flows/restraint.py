"""How much the installation writes to one lead at most, whatever sends it."""

from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Invalid
from nurture.rules.words import _
from nurture.store import restraint
from nurture.store.audit import audit, changes

_MOST, _DAYS = 1000, 365


def set_cap(session: Session, most: int | None, days: int, over: str, *, by: str, now: datetime) -> None:
    """At most `most` mails (None: no cap) to one lead in any `days` days; the next one waits (defer) or is
    left out (skip). Mails that a lead asked for do not count. Raises Invalid with every fault."""
    faults: dict[str, list[str]] = {}
    if most is not None and not 1 <= most <= _MOST:
        faults["most"] = [_("A whole number from 1 to {most}, or nothing.").format(most=_MOST)]
    if not 1 <= days <= _DAYS:
        faults["days"] = [_("A whole number of days from 1 to {days}.").format(days=_DAYS)]
    if over not in ("defer", "skip"):
        faults["over"] = [_("The next mail waits or is left out.")]
    if faults:
        raise Invalid(" ".join(one for many in faults.values() for one in many), faults)
    row = restraint.get(session)
    before = {"most": row.most, "days": row.days, "over": row.over}
    row.most, row.days, row.over = most, days, over
    detail = changes(before, {"most": most, "days": days, "over": over})
    audit(session, by, "restraint.changed", "installation", now=now, detail=detail)
