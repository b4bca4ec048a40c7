"""Counters are kept by increments; here they are held against what they count. This reads all history."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Difference:
    """A counter that is not what it counts: `check` names the counters, `place` one of them."""

    check: str
    place: str
    counted: int
    recounted: int


_STANDING = """
    SELECT chain_id || '/' || step_key AS place, count(*) AS n FROM enrollment
    WHERE state = 'active' AND step_key IS NOT NULL GROUP BY 1
"""
_DAY = "CAST({} AT TIME ZONE 'UTC' AS date)"
_MAILS = """
    SELECT d.chain_id || '/' || d.step_key || '/' || {by}w.what AS place, count(*) AS n
    FROM delivery d
    CROSS JOIN LATERAL (VALUES
        ('sent', d.state IN ('sent', 'uncertain')),
        ('bounced', d.bounced_at IS NOT NULL), ('complained', d.complained_at IS NOT NULL),
        ('opened', d.opened_at IS NOT NULL), ('clicked', d.clicked_at IS NOT NULL){more}
    ) AS w (what, so)
    WHERE w.so AND d.chain_id IS NOT NULL AND d.version_id IS NOT NULL AND d.step_key IS NOT NULL
    GROUP BY 1
"""
_MACHINES = """,
        ('machine_opened', d.machine_opened_at IS NOT NULL),
        ('machine_clicked', d.machine_clicked_at IS NOT NULL)"""
_DATED = f"""
    SELECT d.id || '/' || w.what AS place, 1 AS n
    FROM delivery d
    CROSS JOIN LATERAL (VALUES
        ('opened', d.opened_at IS NOT NULL), ('clicked', d.clicked_at IS NOT NULL){_MACHINES}
    ) AS w (what, so)
    WHERE w.so
"""
# From the hits themselves, by the verdict that holds; what waits out its stall counts for nobody yet.
_HIT = """
    SELECT DISTINCT h.delivery_id || CASE WHEN h.human THEN '/' ELSE '/machine_' END || h.kind || 'ed'
           AS place, 1 AS n
    FROM (
        SELECT h.id, h.delivery_id, h.kind, coalesce(latest.verdict, h.verdict) = 'human' AS human
        FROM hit h
        LEFT JOIN LATERAL (
            SELECT v.verdict FROM signal_verdict v WHERE v.signal_id = h.id ORDER BY v.at DESC LIMIT 1
        ) latest ON true
    ) h
    WHERE EXISTS (SELECT FROM delivery d WHERE d.id = h.delivery_id)
      AND NOT (h.human AND EXISTS (SELECT FROM stalled_hit w WHERE w.hit_id = h.id))
"""
_NEWSLETTERS = f"""
    SELECT d.newsletter_id || '/' || w.what AS place, count(*) AS n
    FROM delivery d
    CROSS JOIN LATERAL (VALUES
        ('sent', d.state IN ('sent', 'uncertain')),
        ('opened', d.opened_at IS NOT NULL), ('clicked', d.clicked_at IS NOT NULL){_MACHINES}
    ) AS w (what, so)
    WHERE w.so AND d.newsletter_id IS NOT NULL
    GROUP BY 1
"""
_ARM_DAYS = """
    SELECT concat_ws('/', program_id, chain_id, version_id, step_key, way, day) AS place, sum({n}) AS n
    FROM arm_day GROUP BY 1
"""
_ARM_LEADS = f"""
    SELECT concat_ws('/', program_id, chain_id, version_id, step_key, way, {_DAY.format("at")}) AS place,
           {{n}} AS n
    FROM arm_lead GROUP BY 1
"""
# What each counter says, and what counting says.
_CHECKS: Mapping[str, tuple[str, str]] = {
    "waiting at steps": (
        """
        SELECT chain_id || '/' || step_key AS place, sum(CASE what WHEN 'entered' THEN n ELSE -n END) AS n
        FROM step_count WHERE what IN ('entered', 'left') GROUP BY 1
        """,
        _STANDING,
    ),
    "came to steps and left them, by day": (
        """
        SELECT chain_id || '/' || step_key AS place, sum(CASE what WHEN 'entered' THEN n ELSE -n END) AS n
        FROM step_day WHERE step_key <> '' AND (what = 'entered' OR what LIKE 'left:%') GROUP BY 1
        """,
        _STANDING,
    ),
    "came into chains and left them, by day": (
        """
        SELECT chain_id::text AS place, sum(CASE WHEN what LIKE 'left:%' THEN -n ELSE n END) AS n
        FROM step_day WHERE step_key = '' AND (what LIKE 'entered:%' OR what LIKE 'left:%') GROUP BY 1
        """,
        "SELECT chain_id::text AS place, count(*) AS n FROM enrollment WHERE state = 'active' GROUP BY 1",
    ),
    "moved between versions": (
        """
        SELECT chain_id || '/' || step_key AS place, sum(CASE what WHEN 'moved_in' THEN n ELSE -n END) AS n
        FROM step_day WHERE what IN ('moved_in', 'moved_out') GROUP BY 1
        """,
        "SELECT NULL::text AS place, 0 AS n WHERE false",
    ),
    "mails of steps": (
        """
        SELECT chain_id || '/' || step_key || '/' || what AS place, sum(n) AS n FROM step_count
        WHERE what IN ('sent', 'bounced', 'complained', 'opened', 'clicked') GROUP BY 1
        """,
        _MAILS.format(by="", more=""),
    ),
    "mails of steps, by day": (
        """
        SELECT chain_id || '/' || step_key || '/' || day || '/' || what AS place, sum(n) AS n FROM step_day
        WHERE what IN (
            'sent', 'bounced', 'complained', 'opened', 'clicked', 'machine_opened', 'machine_clicked'
        ) GROUP BY 1
        """,
        _MAILS.format(
            by=_DAY.format("coalesce(d.sent_at, d.settled_at, d.due_at)") + " || '/' || ", more=_MACHINES
        ),
    ),
    "mails opened and clicked": (_DATED, _HIT),
    "newsletters": (
        """
        SELECT newsletter_id || '/' || what AS place, n FROM newsletter_count
        WHERE what IN ('sent', 'opened', 'clicked', 'machine_opened', 'machine_clicked')
        """,
        _NEWSLETTERS,
    ),
    "goals, by day": (
        """
        SELECT chain_id || '/' || day || '/' || what AS place, sum(n) AS n FROM step_day
        WHERE what IN ('goal', 'goal_held_out') GROUP BY 1
        """,
        f"""
        SELECT chain_id || '/' || {_DAY.format("at")} || CASE WHEN held_out THEN '/goal_held_out'
               ELSE '/goal' END AS place, count(*) AS n
        FROM goal_met GROUP BY 1
        """,
    ),
    "leads compared, by day": (_ARM_DAYS.format(n="leads"), _ARM_LEADS.format(n="count(*)")),
    "leads compared that met the goal": (_ARM_DAYS.format(n="met"), _ARM_LEADS.format(n="count(met_at)")),
}
_COMPARE = """
    SELECT coalesce(c.place, r.place) AS place, coalesce(c.n, 0) AS counted, coalesce(r.n, 0) AS recounted
    FROM ({counted}) c FULL JOIN ({recounted}) r ON r.place = c.place
    WHERE coalesce(c.n, 0) <> coalesce(r.n, 0) ORDER BY 1
"""
CHECKS = tuple(_CHECKS)
# By check, the statement that gives (place, counted, recounted) wherever the two differ.
STATEMENTS = {
    check: _COMPARE.format(counted=counted, recounted=recounted)
    for check, (counted, recounted) in _CHECKS.items()
}


def differences(session: Session) -> list[Difference]:
    """Every counter that does not say what counting says, at one moment; one statement for each check."""
    found = []
    for check, statement in STATEMENTS.items():
        rows = session.execute(text(statement))
        found += [Difference(check, row.place, int(row.counted), int(row.recounted)) for row in rows]
    return found
