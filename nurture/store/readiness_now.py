"""Readiness of many leads at a moment, read from what rating keeps on their rows.

A lead's kept score is of when it was last judged; since then only its heat has cooled. So its score now is
the kept one with the activity part anew: `best * min(1, heat / the heat of hot)`, heat = 2**(log2 - t/h).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.rules.model import HeatModel
from nurture.rules.stages import RIPENS_FROM
from nurture.store.lead_judgements import by_hand
from nurture.store.lead_names import called_or_number

_NAME = called_or_number("l")
_RANKS = """
    (CASE :least_temperature WHEN 'hot' THEN t.temperature = 'hot'
                             WHEN 'warm' THEN t.temperature <> 'cold' ELSE true END
     AND CASE :least_grade WHEN 'A' THEN t.grade = 'A' WHEN 'B' THEN t.grade IN ('A', 'B')
                           WHEN 'C' THEN t.grade IS NOT NULL ELSE true END)
"""
_SCORE = """
    round(CAST(l.readiness - l.activity_points
        + :best * coalesce(least(1, power(2, least(l.heat_log2 - :t, 60)) / :hot), 0) AS numeric), 1)
"""
# The narrow lines tell most; the leads themselves are read of those who remain. Who waits for a person's yes
# is asked about anew by whatever is published (flows/models.begin_switch); whom sales gave back lately is
# left alone, unless somebody was asked about them since (store/scores.last_ripenings, rules/crossing).
_STAND = f"""
    SELECT l.id, {_SCORE} AS score, coalesce({_RANKS}, false) AS meets
    FROM lead_line t JOIN lead l ON l.id = t.lead_id
    WHERE (l.armed OR l.id IN (SELECT lead_id FROM model_approval WHERE state = 'waiting'))
      AND t.stage = ANY(:stages) AND l.erased_at IS NULL AND NOT l.is_test
      AND t.readiness >= :from AND (l.future_at IS NULL OR l.future_at <= :now)
      AND NOT EXISTS (
          SELECT FROM handoff h
          WHERE h.lead_id = l.id AND h.ripening_no = l.ripening_no AND h.state = 'rejected'
            AND greatest(h.ready_at, h.closed_at) > :left_alone_since
            AND NOT EXISTS (
                SELECT FROM model_approval a
                WHERE a.lead_id = l.id AND a.state = 'declined' AND a.decided_at >= h.closed_at
            )
      )
"""
# Asked for by itself, not as `meets`: of temperature and grade the planner knows how rare they are, and reads
# the leads of those who meet them alone; of an expression it knows nothing, and reads the whole base.
_MEET = f"{_STAND} AND {_RANKS}"
_HISTOGRAM = text(
    f"""
    SELECT least(100, greatest(0, floor(score)::int)) AS score, count(*) AS leads
    FROM ({_MEET}) s GROUP BY 1
    """
)
_LINE = f"""
    SELECT s.id AS lead_id, CAST(s.score AS float8) AS score,
           {_NAME} AS name,
           c.name AS company, l.temperature, coalesce(l.grade_override, l.grade) AS grade,
           {by_hand("l")} AS grade_reason, l.grade_points,
           power(2, least(l.heat_log2 - :t, 60)) AS heat,
           l.need_points, l.activity_points, l.data_points, l.bant
"""
_OF = "JOIN lead l ON l.id = s.id LEFT JOIN company c ON c.id = l.company_id"
_RIPE = text(
    f"{_LINE} FROM ({_MEET}) s {_OF} WHERE s.score >= :rise ORDER BY s.score DESC, s.id LIMIT :limit"
)
# Heat has only cooled since: nobody's score is above the kept one, and those who stood highest come first.
_LOOKED_AT = 2_000
_NEARLY = text(
    f"""
    {_LINE} FROM ({_STAND}) s {_OF}
    WHERE s.score >= :near AND NOT (s.meets AND s.score >= :rise)
      AND s.id IN (
          SELECT lead_id FROM lead_line WHERE readiness >= :from
          ORDER BY readiness DESC, lead_id LIMIT {_LOOKED_AT}
      )
      AND (CAST(:score AS numeric) IS NULL
           OR (s.score, -s.id) < (CAST(:score AS numeric), -CAST(:id AS bigint)))
    ORDER BY s.score DESC, s.id LIMIT :limit
    """
)
_HANDED = text(
    """
    SELECT least(100, greatest(0, floor(score)::int)) AS score, count(*) AS handed,
           count(*) FILTER (
               WHERE accepted_at IS NOT NULL OR state IN ('accepted', 'contacted', 'meeting', 'won')
           ) AS accepted,
           count(*) FILTER (WHERE accepted_at IS NOT NULL OR state <> 'released') AS answered,
           count(*) FILTER (WHERE state = 'won') AS won
    FROM (
        SELECT score, state, accepted_at FROM handoff
        WHERE cause = 'threshold' AND released_at IS NOT NULL ORDER BY id DESC LIMIT 20000
    ) lately
    GROUP BY 1
    """
)
# What happens to a lead by its date is written down among its edits, the newest last.
_CAME_BACK = text(
    f"""
    SELECT l.id AS lead_id, {_NAME} AS name, c.name AS company, l.temperature,
           coalesce(l.grade_override, l.grade) AS grade, {by_hand("l")} AS grade_reason, l.stage, e.at
    FROM (SELECT id, lead_id, at, by, changes FROM lead_edit ORDER BY id DESC LIMIT {_LOOKED_AT}) e
    JOIN lead l ON l.id = e.lead_id LEFT JOIN company c ON c.id = l.company_id
    WHERE e.by = 'readiness' AND jsonb_exists(e.changes, 'future_at') AND e.at > :since
      AND l.erased_at IS NULL
    ORDER BY e.id DESC LIMIT :limit
    """
)
_COMING_BACK = text(
    f"""
    SELECT l.id AS lead_id,
           {_NAME} AS name,
           c.name AS company, l.temperature, coalesce(l.grade_override, l.grade) AS grade,
           {by_hand("l")} AS grade_reason, l.future_at
    FROM lead l LEFT JOIN company c ON c.id = l.company_id
    WHERE l.future_at IS NOT NULL AND l.erased_at IS NULL
      AND (CAST(:until AS timestamptz) IS NULL OR l.future_at < :until)
    ORDER BY l.future_at, l.id LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class Line:
    """A lead with its score at the moment, and the points of its parts when it was last judged.
    `grade_reason`: why a person set the grade, None where the scorecard gives it."""

    lead_id: int
    score: float
    name: str
    company: str | None
    temperature: str
    grade: str | None
    grade_reason: str | None
    grade_points: float | None
    heat: float | None
    need_points: float
    activity_points: float
    data_points: float
    bant: Mapping[str, Any]

    @property
    def points(self) -> dict[str, float]:
        """By part; those of BANT are told by its answers."""
        return {"need": self.need_points, "activity": self.activity_points, "data": self.data_points}


@dataclass(frozen=True, slots=True)
class Handed:
    """Past hand-offs whose score was `score` (rounded down), and what sales made of them: of those it has
    `answered` at all it `accepted` some."""

    score: int
    handed: int
    answered: int
    accepted: int
    won: int


@dataclass(frozen=True, slots=True)
class ComingBack:
    """A lead that asked to be left until a date."""

    lead_id: int
    name: str
    company: str | None
    temperature: str
    grade: str | None
    grade_reason: str | None
    future_at: datetime


@dataclass(frozen=True, slots=True)
class CameBack:
    """A lead whose date came at `at`, and where it stands now."""

    lead_id: int
    name: str
    company: str | None
    temperature: str
    grade: str | None
    grade_reason: str | None
    stage: str
    at: datetime


def histogram(session: Session, model: HeatModel, *, now: datetime) -> dict[int, int]:
    """How many leads that meet the requirements have which score now (rounded down); one statement."""
    rows = session.execute(_HISTOGRAM, _given(model, now, least=1))
    return {row.score: row.leads for row in rows}


def ripe(session: Session, model: HeatModel, rise: float, *, now: datetime, limit: int) -> list[Line]:
    """Who would be handed over now with the threshold `rise`, the ripest first."""
    given = _given(model, now, least=rise) | {"rise": rise, "limit": limit}
    return [Line(**row._mapping) for row in session.execute(_RIPE, given)]


def nearly(
    session: Session,
    model: HeatModel,
    *,
    within: float,
    after: tuple[float, int] | None,
    now: datetime,
    limit: int,
) -> list[Line]:
    """Who is not ripe by at most `within` points, or by a requirement alone; the nearest first, of the two
    thousand that stood highest when they were last judged."""
    near = max(model.readiness.rise - within, 1)
    score, place = after or (None, None)
    given = _given(model, now, least=near) | {"rise": model.readiness.rise, "near": near, "limit": limit}
    rows = session.execute(_NEARLY, given | {"score": score, "id": place})
    return [Line(**row._mapping) for row in rows]


def handed(session: Session) -> Sequence[Handed]:
    """The last twenty thousand hand-offs by score, by their threshold alone."""
    return [Handed(**row._mapping) for row in session.execute(_HANDED)]


def coming_back(session: Session, *, limit: int, until: datetime | None = None) -> list[ComingBack]:
    """The next to come back first, those before `until` if that is given."""
    given = {"limit": limit, "until": until}
    return [ComingBack(**row._mapping) for row in session.execute(_COMING_BACK, given)]


def came_back(session: Session, *, since: datetime, limit: int) -> list[CameBack]:
    """Whose date has come since, the latest first; of the last two thousand edits of leads."""
    given = {"since": since, "limit": limit}
    return [CameBack(**row._mapping) for row in session.execute(_CAME_BACK, given)]


def _given(model: HeatModel, now: datetime, *, least: float) -> dict[str, Any]:
    policy = model.readiness
    return {
        "best": policy.parts.activity,
        "hot": model.thresholds.hot.rise,
        "t": now.timestamp() / model.half_life_s,
        "least_temperature": policy.require.temperature or "",
        "least_grade": policy.require.grade or "",
        "stages": list(RIPENS_FROM),
        "from": least,
        "now": now,
        "left_alone_since": now - timedelta(days=policy.cool_down_days),
    }
