"""Signals that were entered by mistake are taken back: what rested on them is put right by flows/rejudge."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from nurture.rules.ids import time_of
from nurture.rules.robots import UNKNOWN
from nurture.store import verdicts


def take_back(session: Session, signal_ids: Collection[UUID], *, reason: str, by: str, now: datetime) -> None:
    """From now on these count no more, in the caller's transaction, in a fixed number of statements. They
    stay in the timeline, with the reason."""
    if not signal_ids:
        return
    _stalled, unrated = verdicts.lock(session, signal_ids)
    verdicts.append(session, [(one, UNKNOWN, reason) for one in signal_ids], by=by, now=now)
    rated = [one for one in signal_ids if one not in unrated]
    verdicts.queue(session, [(one, time_of(one), -1, reason) for one in rated])
