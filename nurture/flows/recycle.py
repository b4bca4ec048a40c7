"""Lost is not for ever: after a time a lost lead is nurtured again."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.enroll import enter_programs
from nurture.store import installation as installations
from nurture.store import ripening, stages
from nurture.store.stages import StageMove

_BY = "recycle"


def recycle_lost(sessions: sessionmaker[Session], *, now: datetime, limit: int = 500) -> int:
    """Bring leads back to nurturing that were lost as long ago as the installation says; how many. Those who
    were never in the audience stay out."""
    with sessions.begin() as session:
        days = installations.get(session).recycle_lost_days
        if days is None:
            return 0
        leads = ripening.lost_before(session, now - timedelta(days=days), limit=limit)
        reason = f"recycled after {days} days"
        stages.move(session, [StageMove(lead, "lead", reason) for lead in leads], now=now, by=_BY)
        ripening.arm(session, leads)
        enter_programs(session, leads, now=now)
        return len(leads)
