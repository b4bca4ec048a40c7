"""A person decides on leads that a new version of a model, or past activities, would hand over at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.judge_leads import judge_leads
from nurture.store import approvals, ripening
from nurture.store.audit import audit

BATCH = 500


@dataclass(frozen=True, slots=True)
class Decided:
    """How many were handed over, how many not, and how many were not ripe any more."""

    approved: int
    declined: int
    lapsed: int


def decide(
    sessions: sessionmaker[Session],
    ids: Sequence[int] | None,
    *,
    hand_over: bool,
    now: datetime,
    by: str,
) -> Decided:
    """Decide on these approvals, or on all that wait (`ids` None), in batches. One that is declined may ripen
    again when its readiness has fallen below the threshold of falling and rises anew."""
    counts = [0, 0, 0]
    with sessions() as session:
        newest = approvals.newest(session)
    while True:
        with sessions.begin() as session:
            claimed = approvals.claim(session, ids, up_to=newest, limit=BATCH)
            if not claimed:
                break
            for at, number in enumerate(_portion(session, claimed, hand_over=hand_over, now=now, by=by)):
                counts[at] += number
    decided = Decided(*counts)
    with sessions.begin() as session:
        audit(
            session,
            by,
            "model.approved" if hand_over else "model.declined",
            "approvals",
            now=now,
            detail={"leads": sum(counts)},
        )
    return decided


def _portion(
    session: Session, claimed: dict[int, int], *, hand_over: bool, now: datetime, by: str
) -> tuple[int, int, int]:
    if not hand_over:
        approvals.decide(session, list(claimed), "declined", now=now, by=by)
        return 0, len(claimed), 0
    # What it was kept back for is no news while it waits: it waits no more.
    approvals.decide(session, list(claimed), "approved", now=now, by=by)
    ripening.arm(session, list(claimed.values()))
    found = judge_leads(session, list(claimed.values()), now=now)
    ripe = [
        number
        for number, lead_id in claimed.items()
        if lead_id in found and found[lead_id].crossing == "cross"
    ]
    lapsed = [number for number in claimed if number not in set(ripe)]
    approvals.decide(session, lapsed, "lapsed", now=now, by=by)
    return len(ripe), 0, len(lapsed)
