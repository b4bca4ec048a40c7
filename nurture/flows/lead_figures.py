"""Figures over all leads are counted anew beside the base."""

from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from nurture.rules.portrait import LEAST
from nurture.store import lead_figures, potential


def keep_lead_figures(sessions: sessionmaker[Session], *, now: datetime) -> None:
    """Count by source, tag, stage and quality and keep it, in one transaction: a page sees the old or the
    new. Once an hour what customers share as well."""
    with sessions.begin() as session:
        lead_figures.keep(session, now=now)
    with sessions.begin() as session:
        potential.keep(session, least=LEAST, now=now)
