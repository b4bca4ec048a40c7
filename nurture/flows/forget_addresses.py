"""From where somebody clicked is kept as long as verdicts may turn by it, thirty days, and then gone."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from nurture.store import hit_addresses, kept_pages

KEPT = timedelta(days=30)
# A portion is what came in an hour; what was never cleared before catches up a day at a time.
_STEP = timedelta(hours=1)
_STEPS = 24


def forget_addresses(sessions: sessionmaker[Session], *, now: datetime) -> int:
    """Clear the addresses of hits from before, a portion a transaction, and what recorders told each other
    long ago; of how many hits."""
    with sessions.begin() as session:
        kept_pages.forget_old(session)
    cleared = 0
    for _portion in range(_STEPS):
        with sessions.begin() as session:
            found = hit_addresses.clear_next(session, before=now - KEPT, step=_STEP)
        if found is None:
            break
        cleared += found
    return cleared
