"""What contacts do warms their company: its heat is added up anew wherever a contact has changed."""

from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from nurture.rules.company_heat import warm
from nurture.store import company_heat, models, segments


def warm_companies(sessions: sessionmaker[Session], *, now: datetime, limit: int = 500) -> int:
    """Look at up to `limit` noted companies and up to `limit` that silence cools; how many. Where one has
    become warmer or cooler, its contacts are looked at too: conditions may ask for it."""
    with sessions.begin() as session:
        default = next((one for one in models.live(session) if one.is_default), None)
        if default is None:
            return 0
        wanted = company_heat.take(session, now=now, limit=limit)
        if not wanted:
            return 0
        standings = company_heat.standings(session, wanted)
        found = {
            one.id: warm(one.temperature, one.nets, one.temperatures, default.model, now) for one in standings
        }
        company_heat.save(session, found, now=now)
        moved = [one.id for one in standings if found[one.id].temperature != one.temperature]
        segments.mark_dirty(session, company_heat.leads_of(session, moved))
        return len(wanted)
