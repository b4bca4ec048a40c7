"""Why, counted: for each step of a chain, who waits there for what, and whose mail was not sent and why."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.rules.why import Waiting

# Leads that wait for one shared moment are counted by it; the others by what they wait for. One pass over
# those who stand there, by their own columns alone; what holds for the whole chain, and for mails that have
# not settled, is said of what was counted.
_WAITING = text(
    """
    WITH here AS MATERIALIZED (
        SELECT p.live_version_id, i.sending_stopped AS stopped, i.live OR CAST(:live AS boolean) AS live,
               CASE WHEN p.state = 'paused' THEN 'program_paused'
                    WHEN c.paused_at IS NOT NULL THEN 'chain_paused' END AS paused
        FROM chain c JOIN program p ON p.id = c.program_id CROSS JOIN installation i
        WHERE c.id = :chain_id
    ), standing AS MATERIALIZED (
        SELECT version_id, step_key, due_reason, awaiting_delivery_id,
               CASE WHEN due_reason IN ('wait_until', 'window') OR awaiting_delivery_id IS NOT NULL
                    THEN due_at END AS exactly_at,
               min(due_at) AS first_at, count(*) AS n
        FROM enrollment
        WHERE chain_id = :chain_id AND state = 'active'
          AND (NOT data ? 'over' OR NOT coalesce(CAST(data ->> 'over' AS boolean), false))
        GROUP BY 1, 2, 3, 4, 5
    ), told AS (
        SELECT CASE WHEN s.version_id <> h.live_version_id THEN s.version_id END AS version_id,
               coalesce(s.step_key, '') AS step_key, r.reason,
               CASE WHEN r.reason IN ('wait_until', 'window') THEN coalesce(d.due_at, s.exactly_at) END
                   AS shared_at,
               coalesce(d.due_at, s.first_at) AS first_at, s.n
        FROM standing s CROSS JOIN here h LEFT JOIN delivery d ON d.id = s.awaiting_delivery_id
        CROSS JOIN LATERAL (
            SELECT CASE
                WHEN d.state IN ('leased', 'sending') THEN 'sending'
                WHEN d.id IS NOT NULL AND h.stopped THEN 'stopped'
                WHEN d.id IS NOT NULL AND NOT h.live THEN 'not_live'
                WHEN h.paused IS NOT NULL THEN h.paused
                WHEN d.state = 'deferred' THEN 'put_off'
                WHEN d.reason IN ('window', 'own_pause') THEN d.reason
                WHEN d.id IS NOT NULL THEN 'sending'
                ELSE s.due_reason END AS reason
        ) r
    )
    SELECT t.version_id, v.no, t.step_key, t.reason, t.shared_at, min(t.first_at) AS first_at, sum(t.n) AS n
    FROM told t LEFT JOIN program_version v ON v.id = t.version_id
    GROUP BY t.version_id, v.no, t.step_key, t.reason, t.shared_at
    ORDER BY t.step_key, v.no DESC NULLS FIRST, n DESC, t.shared_at
    """
)
_TALLIES = text(
    """
    SELECT step_key, what, sum(n) AS n FROM step_count WHERE chain_id = :chain_id
    GROUP BY step_key, what ORDER BY step_key, n DESC, what
    """
)
_NOT_SENT = ("skipped:", "failed:")


@dataclass(frozen=True, slots=True)
class Standing:
    """Some who wait; `version_id` is that of an older version on which they finish. Their step is empty
    before the first."""

    version_id: int | None
    waiting: Waiting


def standing(session: Session, chain_id: int, *, live: bool = False) -> list[Standing]:
    """Everybody who stands in the chain, counted by step and by what they wait for; one statement. `live`:
    sending does not wait for the go-live switch. `rules.why` says them in words."""
    found = []
    for row in session.execute(_WAITING, {"chain_id": chain_id, "live": live}):
        at, shared = row.shared_at or row.first_at, row.shared_at is not None
        waiting = Waiting(row.step_key, row.reason, at, shared, int(row.n), row.no)
        found.append(Standing(row.version_id, waiting))
    return found


def tallies(session: Session, chain_id: int) -> dict[str, dict[str, int]]:
    """The counters of each step, all versions together: entered, left, sent, failed, skipped, opened,
    clicked, and skipped:<reason> and failed:<reason>, the most first."""
    found: dict[str, dict[str, int]] = {}
    for row in session.execute(_TALLIES, {"chain_id": chain_id}):
        found.setdefault(row.step_key, {})[row.what] = int(row.n)
    return found


def not_sent(counted: Mapping[str, int]) -> dict[str, int]:
    """The mails of a step that were not sent, by reason; what was counted before reasons were is told
    without one."""
    found: dict[str, int] = {}
    for what, n in counted.items():
        if what.startswith(_NOT_SENT):
            reason = what.partition(":")[2]
            found[reason] = found.get(reason, 0) + n
    unknown = counted.get("skipped", 0) + counted.get("failed", 0) - sum(found.values())
    return found | ({"unknown": unknown} if unknown > 0 else {})
