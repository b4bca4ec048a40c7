"""Lost is not for ever: after a time a lost lead is nurtured again."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.enroll import enter_programs
from nurture.store import bulk_changes, leads, ripening, stages
from nurture.store import installation as installations
from nurture.store.stages import StageMove

# The tag by which programs know them, so that one can be written for those who come back.
RECYCLED = "recycled"
_BY = "recycle"


def recycle_lost(sessions: sessionmaker[Session], *, now: datetime, limit: int = 500) -> int:
    """Bring leads back to nurturing that were lost as long ago as the installation says; how many. Those who
    were never in the audience stay out. They bear the tag `recycled` from then on."""
    with sessions.begin() as session:
        days = installations.get(session).recycle_lost_days
        if days is None:
            return 0
        lost = ripening.lost_before(session, now - timedelta(days=days), limit=limit)
        reason = f"recycled after {days} days"
        stages.move(session, [StageMove(lead, "lead", reason) for lead in lost], now=now, by=_BY)
        leads.refold(session, bulk_changes.tag(session, lost, RECYCLED, now=now))
        ripening.arm(session, lost)
        enter_programs(session, lost, now=now)
        return len(lost)
