"""Figures over all leads are counted anew beside the base."""

from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from nurture.store import lead_figures


def keep_lead_figures(sessions: sessionmaker[Session], *, now: datetime) -> None:
    """Count by source and by tag and keep it, in one transaction: a page sees the old or the new."""
    with sessions.begin() as session:
        lead_figures.keep(session, now=now)
