"""The target score is asked about leads, and what it says is kept for lists and conditions to go by.

At once for everybody when a score is trained, within minutes for leads that are new or have changed, and
for all of them once a day: what they did grows older without anybody changing them.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.train import row_of
from nurture.rules.conditions import parse
from nurture.rules.segments import TARGET, asks
from nurture.rules.target import Scorer
from nurture.rules.target.score import read
from nurture.store import facts, lead_targets, outcomes, segments, target_scores
from nurture.store.lead_targets import Percent

BATCH = 1_000
_A_DAY = timedelta(hours=22)
Told = Callable[[int], object]


def score_leads(
    sessions: sessionmaker[Session],
    *,
    now: datetime,
    told: Told = lambda _done: None,
    anew: bool = False,
) -> int:
    """Ask the score in use about every lead that is due; how many were asked about. Segments that go by the
    score hear of whom it says something new, or, where a score was trained `anew`, are told whole. While none
    is in use, what was kept is forgotten."""
    with sessions() as session:
        trained = target_scores.active(session)
    if trained is None:
        _forget(sessions, now)
        return 0
    scorer, after, done = read(trained.spec), 0, 0
    while True:
        with sessions.begin() as session:
            due = lead_targets.due(session, trained.id, after=after, before=now - _A_DAY, limit=BATCH)
            changed = lead_targets.save(session, trained.id, _asked(session, scorer, due, now), now=now)
            if not anew:
                segments.mark_dirty(session, changed, because=TARGET)
            elif not due:
                _tell_segments_anew(session, now)
        if not due:
            return done
        after, done = due[-1], done + len(due)
        told(done)


def _forget(sessions: sessionmaker[Session], now: datetime) -> None:
    with sessions.begin() as session:
        if lead_targets.forget_all(session):
            _tell_segments_anew(session, now)


def _tell_segments_anew(session: Session, now: datetime) -> None:
    leaning = [one.id for one in segments.every(session) if TARGET in asks(parse(one.condition))]
    segments.make_due(session, leaning, now=now)


def _asked(session: Session, scorer: Scorer, lead_ids: list[int], now: datetime) -> list[Percent]:
    known = facts.load(session, lead_ids, now=now, asked={})
    did = outcomes.signals(session, dict.fromkeys(known, now))
    rows = [row_of(lead, did.get(one, {})) for one, lead in known.items()]
    return [Percent(one, percent(chance)) for one, chance in zip(known, scorer.chances(rows), strict=True)]


def percent(chance: float) -> float:
    """A chance (0 to 1) as it is kept, shown and compared."""
    return round(chance * 100, 1)
