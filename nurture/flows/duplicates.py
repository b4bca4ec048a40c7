"""Pairs of leads that may be one person: looked for, and put aside by who knows better."""

from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import NotFound
from nurture.rules.words import _
from nurture.store import duplicates
from nurture.store.audit import audit


def look(sessions: sessionmaker[Session], *, now: datetime) -> int:
    """Look through the whole base; how many pairs wait for a word."""
    with sessions.begin() as session:
        return duplicates.find_all(session, now=now)


def dismiss(session: Session, pair_id: int, *, by: str, now: datetime) -> None:
    """These are two people, and are not asked about again. Raises NotFound."""
    if not duplicates.dismiss(session, pair_id, by=by, now=now):
        raise NotFound(_("There is no such pair."))
    audit(session, by, "duplicate.dismissed", f"duplicate:{pair_id}", now=now)


def bring_back(session: Session, pair_id: int, *, by: str, now: datetime) -> None:
    """They may be one after all. Raises NotFound."""
    if not duplicates.bring_back(session, pair_id):
        raise NotFound(_("There is no such pair."))
    audit(session, by, "duplicate.brought_back", f"duplicate:{pair_id}", now=now)
