"""What the target score says of each lead, kept so that lists and conditions can go by it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store import batch
from nurture.store.base import Base, Flag, Instant, Ref
from nurture.store.rowcount import written


class LeadTarget(Base):
    """The chance of a lead by the score that was in use at `at`, in percent (0 to 100, one decimal). `stale`:
    something about the lead has changed since. A lead that nobody has looked at yet has no row."""

    __tablename__ = "lead_target"
    __table_args__ = (
        Index("ix_lead_target_percent_lead_id", "percent", "lead_id"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    lead_id: Mapped[Ref] = mapped_column(
        ForeignKey("lead.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    score_id: Mapped[Ref] = mapped_column(ForeignKey("target_score.id"))
    percent: Mapped[float]
    at: Mapped[Instant]
    stale: Mapped[Flag]


@dataclass(frozen=True, slots=True)
class Percent:
    """What a score says of a lead."""

    lead_id: int
    percent: float


# A signal counts after its stall, and its lead may have been looked at in between.
_STALL = timedelta(minutes=2)
# The lines of leads are narrow, and both tables lie in the order of the ids: one merge through both.
_DUE = text(
    """
    SELECT line.lead_id
    FROM lead_line line LEFT JOIN lead_target t ON t.lead_id = line.lead_id
    WHERE line.lead_id > :after
      AND (t.lead_id IS NULL OR t.stale OR t.score_id <> :score OR t.at < :before
           OR line.last_signal > extract(epoch FROM t.at) - :stall)
    ORDER BY line.lead_id LIMIT :limit
    """
)
_LOCK = text(
    "SELECT FROM lead_target WHERE lead_id = ANY(CAST(:leads AS bigint[])) ORDER BY lead_id FOR UPDATE"
)
_SAVE = text(
    """
    WITH given AS MATERIALIZED (
        SELECT g.lead_id, g.percent
        FROM json_to_recordset(CAST(:rows AS json)) AS g (lead_id bigint, percent float8)
    ), before AS MATERIALIZED (
        SELECT t.lead_id, t.percent FROM lead_target t JOIN given USING (lead_id)
    ), saved AS (
        INSERT INTO lead_target (lead_id, score_id, percent, at, stale)
        SELECT g.lead_id, :score, g.percent, :now, false
        FROM given g JOIN lead l ON l.id = g.lead_id AND l.erased_at IS NULL
        ORDER BY g.lead_id
        ON CONFLICT (lead_id) DO UPDATE
            SET score_id = excluded.score_id, percent = excluded.percent, at = excluded.at, stale = false
    )
    SELECT g.lead_id FROM given g LEFT JOIN before b ON b.lead_id = g.lead_id
    WHERE b.percent IS DISTINCT FROM g.percent ORDER BY g.lead_id
    """
)
_MARK = text(
    "UPDATE lead_target SET stale = true WHERE lead_id = ANY(CAST(:leads AS bigint[])) AND NOT stale"
)
_OF = text("SELECT lead_id, percent FROM lead_target WHERE lead_id = ANY(CAST(:leads AS bigint[]))")


def due(session: Session, score_id: int, *, after: int, before: datetime, limit: int) -> list[int]:
    """The next leads by id whom the score has not been asked about since something changed: new ones, those
    of another score, those with newer signals or changed facts, and those last looked at `before`. What is
    kept of them is locked: a change meanwhile waits, and makes it stale again."""
    given = {"score": score_id, "after": after, "before": before, "limit": limit}
    found = list(session.scalars(_DUE, given | {"stall": _STALL.total_seconds()}))
    session.execute(_LOCK, {"leads": batch.numbers(found)})
    return found


def save(session: Session, score_id: int, found: Sequence[Percent], *, now: datetime) -> list[int]:
    """Keep what the score says of these leads; those of whom it says something else than before."""
    rows = [{"lead_id": one.lead_id, "percent": one.percent} for one in found]
    return list(session.scalars(_SAVE, {"rows": batch.rows(rows), "score": score_id, "now": now}))


def mark_stale(session: Session, lead_ids: Sequence[int]) -> None:
    """Facts of these leads have changed."""
    if lead_ids:
        session.execute(_MARK, {"leads": batch.numbers(lead_ids)})


def forget_all(session: Session) -> int:
    """No score is in use any more; of how many leads something was kept."""
    return written(session, text("DELETE FROM lead_target"))


def of(session: Session, lead_ids: Sequence[int]) -> dict[int, float]:
    """Percent by lead; leads nobody has looked at are left out."""
    rows = session.execute(_OF, {"leads": batch.numbers(lead_ids)})
    return {row.lead_id: row.percent for row in rows}
