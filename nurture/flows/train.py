"""The target score is trained on leads whose outcome is known, and judged on those it has not seen."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy.orm import Session, sessionmaker

from nurture.rules import scorecard
from nurture.rules.facts import Facts
from nurture.rules.target.columns import Matrix, Row
from nurture.rules.target.learning import learn
from nurture.store import facts, outcomes, target_scores
from nurture.store.audit import audit
from nurture.store.outcomes import Outcome
from nurture.store.views.model import default_model
from nurture.store.views.reading import reading

# So many of each kind it takes before a share means anything.
EACH_AT_LEAST = 100
MOST = 50_000
_BATCH = 1_000
_OPEN_MOST = 2_000
# Who somebody is says nothing of others; what follows from scores or sales would say it twice. How warm the
# company is, is known as of today only: what it did since the hand-over would tell how that ended.
_OF_ONE = frozenset({
    "email", "phone", "first_name", "last_name", "address", "created_at", "name", "timezone",
    "company.name", "company.website", "company.heat", "company.temperature",
})  # fmt: skip
_EMPTY = (None, "")
_CUSTOM = "fields."
Told = Callable[[int], bool]


def train(
    sessions: sessionmaker[Session],
    *,
    now: datetime,
    by: str,
    told: Told,
    use: Collection[str] = (),
    leave_out: Collection[str] = (),
) -> dict[str, Any]:
    """Learn from every known outcome and keep the score; its report. A person may have said which columns to
    use though they look too good, and which to leave out. It is shown on leads only if there are
    enough outcomes and it is better than chance on those held out."""
    with reading(sessions) as session:
        ended = outcomes.known(session, limit=MOST)
    won = sum(one.won for one in ended)
    if min(won, len(ended) - won) < EACH_AT_LEAST:
        return {"won": won, "lost": len(ended) - won, "enough": False}
    rows, by_card, late = _gather(sessions, ended, now, told)
    wins = np.array([float(one.won) for one in ended])
    spec, report = learn(
        rows, wins, late, by_card, still_open=_still_open(sessions, now), use=use, leave_out=leave_out
    )
    with sessions.begin() as session:
        target_scores.add(session, spec, report, active=report["useful"], now=now, by=by)
        audit(session, by, "model.trained", "target_score", now=now)
    return report


def _gather(
    sessions: sessionmaker[Session], ended: Sequence[Outcome], now: datetime, told: Told
) -> tuple[list[Row], Matrix | None, dict[str, float]]:
    """What was known of each lead before its outcome, what the scorecard gave it, and of each column the
    share of its values that were filled in after the hand-over (what was changed then is told as it stood
    before); those of which mostly nobody knows when they
    were filled are not among them."""
    rows: list[Row] = []
    points: list[float] = []
    with reading(sessions) as session:
        model = default_model(session)
    late: dict[str, int] = {}
    seen: dict[str, int] = {}
    dated: dict[str, int] = {}
    for start in range(0, len(ended), _BATCH):
        portion = ended[start : start + _BATCH]
        with reading(sessions) as session:
            known = facts.load(session, [one.lead_id for one in portion], now=now, asked={})
            done = outcomes.signals(session, {one.lead_id: one.known_at or one.ended_at for one in portion})
            was = outcomes.before(session, {one.lead_id: one.known_at for one in portion if one.known_at})
        for one in portion:
            earlier = was.get(one.lead_id, {})
            row = row_of(known[one.lead_id], done.get(one.lead_id, {}))
            for name in [name for name, value in row.items() if value not in _EMPTY]:
                seen[name] = seen.get(name, 0) + 1
                late[name] = late.get(name, 0) + (name in earlier and earlier[name] in _EMPTY)
                dated[name] = dated.get(name, 0) + (one.known_at is not None)
            rows.append(_as_it_was(row, earlier))
            card = model.scorecard if model is not None else None
            points.append(scorecard.grade(card, known[one.lead_id], now).points)
        told(start + len(portion))
    shares = {name: late[name] / seen[name] for name in seen if 2 * dated[name] >= seen[name]}
    has_card = model is not None and model.scorecard is not None
    return rows, np.array(points) if has_card else None, shares


def _as_it_was(row: Row, earlier: Mapping[str, Any]) -> Row:
    """Without what was filled in later, and with what was written over or taken out since."""
    told = {name: value for name, value in earlier.items() if name in row or name.startswith(_CUSTOM)}
    kept = {name: value for name, value in row.items() if name not in told}
    return kept | {
        name: value
        for name, value in told.items()
        if value not in _EMPTY and isinstance(value, str | int | float | bool)
    }


def _still_open(sessions: sessionmaker[Session], now: datetime) -> list[Row]:
    """What is known of leads that have not ended: what stands with hardly one of them came later."""
    rows: list[Row] = []
    with reading(sessions) as session:
        lead_ids = outcomes.still_open(session, limit=_OPEN_MOST)
        for start in range(0, len(lead_ids), _BATCH):
            known = facts.load(session, lead_ids[start : start + _BATCH], now=now, asked={})
            rows += [row_of(one, {}) for one in known.values()]
    return rows


def row_of(known: Facts, done: Mapping[str, int]) -> dict[str, Any]:
    """What is known of a lead, as columns: fields, source, tags, and how often it did what."""
    fields = {
        name: value
        for name, value in known.fields.items()
        if isinstance(value, str | int | float | bool)
        and name not in _OF_ONE
        and f"fields.{name}" not in known.fields
    }
    tags = {f"tag {name}": True for name in known.tags}
    return {
        **fields,
        "source": known.source,
        **tags,
        **{f"did {kind}": often for kind, often in done.items()},
    }
