"""Signals that were entered by mistake are taken back: what rested on them is put right by flows/rejudge."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from nurture.errors import Conflict, NotFound
from nurture.flows.rejudge import undo_signal
from nurture.rules.ids import time_of
from nurture.rules.robots import UNKNOWN
from nurture.rules.touches import BY_HAND, OUTWARD, TAKEN_BACK, may_be_taken_back
from nurture.rules.words import _
from nurture.store import models, scores, signals, unrated, verdicts
from nurture.store.audit import audit


def take_back(session: Session, signal_ids: Collection[UUID], *, reason: str, by: str, now: datetime) -> None:
    """From now on these count no more, in the caller's transaction, in a fixed number of statements. They
    stay in the timeline, with the reason."""
    if not signal_ids:
        return
    _stalled, unrated = verdicts.lock(session, signal_ids)
    verdicts.append(session, [(one, UNKNOWN, reason) for one in signal_ids], by=by, now=now)
    rated = [one for one in signal_ids if one not in unrated]
    verdicts.queue(session, [(one, time_of(one), -1, reason) for one in rated])


def take_back_one(session: Session, signal_id: UUID, *, by: str, now: datetime) -> int:
    """Take back a touch that was entered, or a signal that a program reported, by mistake; its lead's id.

    The lead stands at once as if it had never been. Its key stays known, so that a report sent again does not
    bring it back. Repeating it changes nothing. Raises NotFound, and Conflict for what is told otherwise.
    """
    signal = signals.reported(session, signal_id)
    if signal is None:
        raise NotFound(_("There is no such signal."))
    if not may_be_taken_back(signal.source):
        raise Conflict(_("Only what was entered by hand or reported by another program is taken back."))
    models.rate_under(session)  # before any lead, as whoever switches models does
    scores.lock(session, [signal.lead_id])
    if unrated.reason(session, signal_id) == TAKEN_BACK:
        return signal.lead_id
    undo_signal(session, signal_id, now=now, verdict=UNKNOWN, reason=TAKEN_BACK, by=by)
    if signal.source == BY_HAND and signal.kind in OUTWARD:
        scores.touch_out(session, signal.lead_id, -1)
    what = {"kind": signal.kind}
    audit(session, by, "lead.signal_taken_back", f"lead:{signal.lead_id}", now=now, detail=what)
    return signal.lead_id
