"""How many leads are in segments, kept and not counted: the size and the differences noted beside it."""

from sqlalchemy import text
from sqlalchemy.orm import Session

_SIZES = text(
    """
    SELECT s.id, s.size + coalesce((SELECT sum(c.n) FROM segment_change c WHERE c.segment_id = s.id), 0) AS n
    FROM segment s WHERE CAST(:id AS bigint) IS NULL OR s.id = :id
    """
)
# One at a time: two that add up the same segments could wait for each other in a circle.
_ADD_UP = text(
    """
    WITH mine AS MATERIALIZED (
        SELECT pg_try_advisory_xact_lock(hashtextextended('segment sizes', 0)) AS won
    ), taken AS (
        DELETE FROM segment_change WHERE (SELECT won FROM mine) RETURNING segment_id, n
    )
    UPDATE segment s SET size = s.size + t.n
    FROM (SELECT segment_id, sum(n) AS n FROM taken GROUP BY segment_id) t
    WHERE t.segment_id = s.id
    """
)


def sizes(session: Session) -> dict[int, int]:
    """How many leads are in each segment, without counting them."""
    return {row.id: int(row.n) for row in session.execute(_SIZES, {"id": None})}


def size(session: Session, segment_id: int) -> int:
    """How many leads are in the segment, without counting them; 0 for one that does not exist."""
    row = session.execute(_SIZES, {"id": segment_id}).one_or_none()
    return int(row.n) if row is not None else 0


def add_up_sizes(session: Session) -> None:
    """Bring the sizes up to date with the differences noted; nothing while another does."""
    session.execute(_ADD_UP)
