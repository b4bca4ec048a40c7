"""The target score is trained on leads whose outcome is known, and judged on those it has not seen."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy.orm import Session, sessionmaker

from nurture.rules import scorecard
from nurture.rules.facts import Facts
from nurture.rules.target import Leak, Scorer, auc, calibration, find_leaks, fit, layout_of, top_tenth
from nurture.rules.target.columns import Matrix, Row
from nurture.rules.target.figures import shares_out
from nurture.rules.target.regression import covariance
from nurture.rules.target.score import plain, weights
from nurture.rules.target.shapes import best_shapes
from nurture.store import facts, outcomes, target_scores
from nurture.store.audit import audit
from nurture.store.outcomes import Outcome
from nurture.store.views.model import default_model
from nurture.store.views.reading import reading

# So many of each kind it takes before a share means anything.
EACH_AT_LEAST = 100
MOST = 50_000
_BATCH = 1_000
_HELD_OUT = 4  # one lead of four is not learnt from
# Who somebody is says nothing of others; what follows from scores or sales would say it twice.
_OF_ONE = frozenset({
    "email", "phone", "first_name", "last_name", "address", "created_at", "name", "timezone",
    "company.name", "company.website",
})  # fmt: skip
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
    spec, report = learn(rows, wins, late, by_card, use=use, leave_out=leave_out)
    useful = report["auc"] > 0.55
    with sessions.begin() as session:
        target_scores.add(session, spec, report, active=useful, now=now, by=by)
        audit(session, by, "model.trained", "target_score", now=now)
    return report


def learn(
    rows: Sequence[Row],
    won: Matrix,
    filled_later: Mapping[str, float],
    by_card: Matrix | None,
    *,
    use: Collection[str] = (),
    leave_out: Collection[str] = (),
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fit on three leads of four and judge on the fourth; the score for use is then fitted on all of them."""
    names = sorted({name for row in rows for name in row if name not in _OF_ONE and name not in leave_out})
    held = shares_out(len(rows), _HELD_OUT) == 0
    inside = [row for row, out in zip(rows, held, strict=True) if not out]
    outside = [row for row, out in zip(rows, held, strict=True) if out]
    suspected = find_leaks(inside, won[~held], names, filled_later)
    leaks = [one for one in suspected if one.column not in use]
    kept = [name for name in names if name not in {leak.column for leak in leaks}]
    layout = best_shapes(layout_of(inside, kept), inside, won[~held])
    fitted = fit(layout.matrix(inside), won[~held])
    chances = fitted.chances(layout.matrix(outside))
    whole = best_shapes(layout_of(rows, kept), rows, won)
    matrix = whole.matrix(rows)
    scorer = Scorer(whole, fit(matrix, won), tuple(map(float, matrix.mean(axis=0))))
    report = {
        "enough": True,
        "won": int(won.sum()),
        "lost": int(len(won) - won.sum()),
        "held_out": int(held.sum()),
        "auc": round(auc(chances, won[held]), 4),
        "top_tenth": round(top_tenth(chances, won[held]), 4),
        "base": round(float(won[held].mean()), 4),
        "calibration": [
            {"leads": one.leads, "said": round(one.said, 4), "won": round(one.won, 4)}
            for one in calibration(chances, won[held])
        ],
        "scorecard_auc": None if by_card is None else round(auc(by_card[held], won[held]), 4),
        "left_out": [_leak(one) for one in leaks]
        + [{"column": one, "why": "by_hand", "figure": 0.0} for one in sorted(leave_out)],
        "used_all_the_same": [_leak(one) for one in suspected if one.column in use],
        "columns": [column.name for column in whole.columns],
        "said": {"use": sorted(use), "leave_out": sorted(leave_out)},
        "factors": [asdict(one) for one in weights(scorer, covariance(matrix, scorer.fitted))[:20]],
    }
    return plain(scorer), report


def _leak(one: Leak) -> dict[str, Any]:
    return {"column": one.column, "why": one.why, "figure": round(one.figure, 4)}


def _gather(
    sessions: sessionmaker[Session], ended: Sequence[Outcome], now: datetime, told: Told
) -> tuple[list[Row], Matrix | None, dict[str, float]]:
    """What was known of each lead before its outcome, what the scorecard gave it, and of each column the
    share of its values that were filled after the hand-over; those of which mostly nobody knows when they
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
            done = outcomes.signals(session, {one.lead_id: one.known_at or now for one in portion})
            filled = outcomes.filled(session, [one.lead_id for one in portion])
        for one in portion:
            after = {
                name
                for name, at in filled.get(one.lead_id, {}).items()
                if one.known_at is not None and at > one.known_at
            }
            row = row_of(known[one.lead_id], done.get(one.lead_id, {}))
            for name in [name for name, value in row.items() if value not in (None, "")]:
                seen[name] = seen.get(name, 0) + 1
                late[name] = late.get(name, 0) + (name in after)
                dated[name] = dated.get(name, 0) + (one.known_at is not None)
            rows.append({name: value for name, value in row.items() if name not in after})
            card = model.scorecard if model is not None else None
            points.append(scorecard.grade(card, known[one.lead_id], now).points)
        told(start + len(portion))
    shares = {name: late[name] / seen[name] for name in seen if 2 * dated[name] >= seen[name]}
    has_card = model is not None and model.scorecard is not None
    return rows, np.array(points) if has_card else None, shares


def row_of(known: Facts, done: Mapping[str, int]) -> dict[str, Any]:
    """What is known of a lead, as columns: fields, source, tags, and how often it did what."""
    fields = {
        name: value
        for name, value in known.fields.items()
        if isinstance(value, str | int | float | bool) and f"fields.{name}" not in known.fields
    }
    tags = {f"tag {name}": True for name in known.tags}
    return {
        **fields,
        "source": known.source,
        **tags,
        **{f"did {kind}": often for kind, often in done.items()},
    }
