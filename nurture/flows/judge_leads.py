"""Leads whose facts have changed are judged anew, whatever brought the change."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows import warm
from nurture.flows.bring_over import bring_over
from nurture.flows.judge import Judged, follow
from nurture.store import heat, lead_targets, models, scores, unjudged

BATCH = 1000


def judge_leads(session: Session, lead_ids: Sequence[int], *, now: datetime) -> dict[int, Judged]:
    """Judge leads whose facts have changed (fields, company, BANT, consent, stage): grade, readiness,
    hand-off if one has become ripe, entry into programs. In the caller's transaction, any number of
    leads, in batches, locked in the order of their ids."""
    ordered = sorted(set(lead_ids))
    found: dict[int, Judged] = {}
    for start in range(0, len(ordered), BATCH):
        found |= _judge_batch(session, ordered[start : start + BATCH], now)
    return found


def judge_noted(sessions: sessionmaker[Session], *, now: datetime, limit: int = 500) -> int:
    """Judge up to `limit` leads of whose company something else is known now; how many."""
    with sessions.begin() as session:
        noted = unjudged.take(session, limit)
        judge_leads(session, noted, now=now)
        return len(noted)


def _judge_batch(session: Session, lead_ids: Sequence[int], now: datetime) -> dict[int, Judged]:
    lead_targets.mark_stale(session, lead_ids)
    live = models.live(session)
    leads = bring_over(session, live, scores.lock(session, lead_ids), now=now)
    stored = heat.load(session, leads, [model.id for model in live])
    warmed = warm.cool(live, stored.values(), now=now)
    return follow(session, live, leads, warmed, now=now)
