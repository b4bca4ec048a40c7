"""Figures over all leads, by source, tag, stage and quality: counted when asked for while the base is small,
kept beside it by a long job once it is large."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Instant, Json

# Above so many leads counting takes longer than a page may.
LARGE = 20_000


class LeadFigure(Base):
    """The figures of one source, tag, stage or quality (`kind` and `key`), as they were at `at`; of kind
    `portrait` (store/potential) those of one value of a field."""

    __tablename__ = "lead_figure"

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    figures: Mapped[Json]
    at: Mapped[Instant]


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures by key; `at` is when they were counted, None for just now."""

    of: Mapping[str, Mapping[str, int]]
    at: datetime | None


# By id of the source: leads now, who may be mailed, who stands where, and who was ever handed over or won.
_SOURCES = """
    SELECT l.source_id::text AS key, jsonb_build_object('leads', l.n, 'warm', l.warm, 'hot', l.hot,
        'agreed', coalesce(c.n, 0), 'handed_over', coalesce(h.n, 0), 'won', coalesce(h.won, 0)) AS figures
    FROM (
        SELECT source_id, count(*) AS n, count(*) FILTER (WHERE temperature = 'warm') AS warm,
            count(*) FILTER (WHERE temperature = 'hot') AS hot
        FROM lead_line WHERE source_id IS NOT NULL GROUP BY source_id
    ) l
    LEFT JOIN (
        SELECT t.source_id, count(*) AS n FROM lead_consent k JOIN lead_line t ON t.lead_id = k.lead_id
        WHERE k.granted AND k.purpose = 'marketing' GROUP BY t.source_id
    ) c ON c.source_id = l.source_id
    LEFT JOIN (
        SELECT t.source_id, count(DISTINCT h.lead_id) FILTER (WHERE h.released_at IS NOT NULL) AS n,
            count(DISTINCT h.lead_id) FILTER (WHERE h.state = 'won') AS won
        FROM handoff h JOIN lead_line t ON t.lead_id = h.lead_id GROUP BY t.source_id
    ) h ON h.source_id = l.source_id
"""
_TAGS = """
    SELECT tag AS key, jsonb_build_object('leads', count(*)) AS figures
    FROM lead_line, unnest(tags) tag GROUP BY tag
"""
_STAGES = (
    "SELECT stage AS key, jsonb_build_object('leads', count(*)) AS figures FROM lead_line GROUP BY stage"
)
# By grade (what counts, the override included; "" for none) and temperature.
_QUALITY = """
    SELECT coalesce(grade, '') || '|' || temperature AS key, jsonb_build_object('leads', count(*)) AS figures
    FROM lead_line GROUP BY 1
"""
_COUNTED = {"source": _SOURCES, "tag": _TAGS, "stage": _STAGES, "quality": _QUALITY}
_MANY = text("SELECT reltuples > :large FROM pg_class WHERE oid = 'lead_line'::regclass")


def read(session: Session, kind: str) -> Figures:
    """The figures of every source, tag or stage; at most three statements. Where there are too many to count
    and none are kept yet, they are counted all the same."""
    if is_large(session):
        kept = text("SELECT key, figures, at FROM lead_figure WHERE kind = :kind")
        if rows := session.execute(kept, {"kind": kind}).all():
            return Figures({row.key: row.figures for row in rows}, min(row.at for row in rows))
    return Figures({row.key: row.figures for row in session.execute(text(_COUNTED[kind]))}, None)


def is_large(session: Session) -> bool:
    """Whether there are so many leads (as the planner knows) that figures are kept."""
    return bool(session.scalar(_MANY, {"large": LARGE}))


def keep(session: Session, *, now: datetime) -> None:
    """Count everything and keep it."""
    for kind, counted in _COUNTED.items():
        given = {"kind": kind, "now": now}
        session.execute(text("DELETE FROM lead_figure WHERE kind = :kind"), given)
        found = f"SELECT :kind, key, figures, :now FROM ({counted}) f"
        session.execute(text(f"INSERT INTO lead_figure (kind, key, figures, at) {found}"), given)
