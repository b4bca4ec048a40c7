"""A person of ours knows better who was behind a hit."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from nurture.errors import NotFound
from nurture.flows.turn_verdicts import Turn, turn
from nurture.rules.words import _
from nurture.store import neighbours


def overrule_hit(
    session: Session, hit_id: UUID, verdict: str, reason: str, *, by: str, now: datetime
) -> bool:
    """Give a hit another verdict, in the caller's transaction; whether that changes anything. It stands
    against whatever the rules learn later. Raises NotFound for a hit that does not exist."""
    found = neighbours.find(session, [hit_id])
    if not found:
        raise NotFound(_("There is no such hit."))
    return bool(turn(session, [Turn(found[0], verdict, reason)], now=now, by=by))
