"""How soon sales speaks with the leads it gets: median, 90th percentile and share in time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

GROUPS = ("person", "team", "source", "program")


@dataclass(frozen=True, slots=True)
class ResponseRow:
    """`called` of `given` leads were spoken with; `in_time` of them within the team's promise. Medians and
    percentiles are working seconds from release to first contact (percentile_cont, of those called). `late`
    counts leads whose promise passed without a call, called later or not."""

    id: int | None
    name: str | None
    given: int
    called: int
    in_time: int
    late: int
    accepted: int
    median_s: float | None
    p90_s: float | None


_GROUPED = """
    SELECT {key} AS id, {name} AS name, count(*) AS given, count(h.response_s) AS called,
        count(*) FILTER (WHERE h.response_s <= t.within_min * 60) AS in_time,
        count(*) FILTER (WHERE h.response_s > t.within_min * 60
            OR (h.response_s IS NULL AND h.overdue_at IS NOT NULL)) AS late,
        count(*) FILTER (WHERE h.accepted_at IS NOT NULL) AS accepted,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY h.response_s) AS median_s,
        percentile_cont(0.9) WITHIN GROUP (ORDER BY h.response_s) AS p90_s
    FROM handoff h
    JOIN sales_team d ON d.is_default
    JOIN sales_team t ON t.id = coalesce(h.team_id, d.id)
    {join}
    WHERE h.released_at >= :since AND h.released_at < :until {narrow}
    {group}
"""
# The program in which the lead stood when it ripened, or else the last one before.
_PROGRAM = """
    LEFT JOIN LATERAL (
        SELECT e.program_id FROM enrollment e WHERE e.lead_id = h.lead_id AND e.entered_at <= h.ready_at
        ORDER BY coalesce(e.ended_at, h.ready_at) >= h.ready_at DESC, e.entered_at DESC, e.id DESC LIMIT 1
    ) run ON true
    LEFT JOIN program p ON p.id = run.program_id
"""
_BY = {
    "program": ("p.id", "p.name", _PROGRAM),
    "person": ("h.owner_id", "u.name", "LEFT JOIN user_account u ON u.id = h.owner_id"),
    "team": ("t.id", "t.name", ""),
    "source": ("s.id", "s.name", "JOIN lead l ON l.id = h.lead_id LEFT JOIN source s ON s.id = l.source_id"),
}
_BY_GROUP = {
    name: text(
        _GROUPED.format(
            key=key, name=shown, join=join, narrow="", group=f"GROUP BY {key}, {shown} ORDER BY count(*) DESC"
        )
    )
    for name, (key, shown, join) in _BY.items()
}
_OF_ONE = text(
    _GROUPED.format(
        key="CAST(NULL AS bigint)",
        name="CAST(NULL AS text)",
        join="",
        narrow="AND (CAST(:owner AS bigint) IS NULL OR h.owner_id = :owner)",
        group="",
    )
)


def grouped(session: Session, by: str, *, since: datetime, until: datetime) -> list[ResponseRow]:
    """One row a person, team, source or program with hand-offs released in the period, most first. One
    statement."""
    rows = session.execute(_BY_GROUP[by], {"since": since, "until": until})
    return [ResponseRow(**row._mapping) for row in rows]


def together(session: Session, *, since: datetime, until: datetime, owner: int | None = None) -> ResponseRow:
    """The same of everybody, or of one person."""
    row = session.execute(_OF_ONE, {"since": since, "until": until, "owner": owner}).one()
    return ResponseRow(**row._mapping)
