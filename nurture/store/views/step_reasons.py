"""Why, counted: for each step of a chain, who waits there for what, and whose mail was not sent and why."""

from collections import defaultdict

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.rules.why import StepReasons, Waiting

# Leads that wait for one shared moment are counted by it; the others by what they wait for.
_WAITING = text(
    """
    SELECT step_key, reason, shared_at, min(due_at) AS first_at, count(*) AS n
    FROM (
        SELECT coalesce(e.step_key, '') AS step_key, coalesce(d.due_at, e.due_at) AS due_at, told.reason,
               CASE WHEN told.reason IN ('wait_until', 'window') THEN coalesce(d.due_at, e.due_at) END
                   AS shared_at
        FROM enrollment e
        JOIN chain c ON c.id = e.chain_id JOIN program p ON p.id = c.program_id CROSS JOIN installation i
        LEFT JOIN delivery d ON d.id = e.awaiting_delivery_id
        CROSS JOIN LATERAL (
            SELECT CASE
                WHEN d.state IN ('leased', 'sending') THEN 'sending'
                WHEN d.id IS NOT NULL AND i.sending_stopped THEN 'stopped'
                WHEN d.id IS NOT NULL AND NOT (i.live OR CAST(:live AS boolean)) THEN 'not_live'
                WHEN p.state = 'paused' THEN 'program_paused'
                WHEN c.paused_at IS NOT NULL THEN 'chain_paused'
                WHEN d.state = 'deferred' THEN 'put_off'
                WHEN d.reason IN ('window', 'own_pause') THEN d.reason
                WHEN d.id IS NOT NULL THEN 'sending'
                ELSE e.due_reason END AS reason
        ) told
        WHERE e.chain_id = :chain_id AND e.state = 'active'
          AND NOT coalesce(CAST(e.data ->> 'over' AS boolean), false)
    ) standing
    GROUP BY step_key, reason, shared_at
    ORDER BY step_key, n DESC, shared_at
    """
)
_TALLIES = text(
    """
    SELECT step_key, what, sum(n) AS n FROM step_count WHERE chain_id = :chain_id
    GROUP BY step_key, what ORDER BY step_key, n DESC, what
    """
)
_NOT_SENT = ("skipped:", "failed:")


def of_chain(
    session: Session, chain_id: int, *, first: str = "", live: bool = False
) -> dict[str, StepReasons]:
    """The reasons at every step at which something happened or somebody stands, by its key, in two
    statements. Who stands before the first step stands at `first`. `live`: sending does not wait for the
    go-live switch. `rules.why` says them in words."""
    waiting: dict[str, list[Waiting]] = defaultdict(list)
    for row in session.execute(_WAITING, {"chain_id": chain_id, "live": live}):
        key = row.step_key or first
        at = row.shared_at or row.first_at
        waiting[key].append(Waiting(key, row.reason, at, row.shared_at is not None, row.n))
    counted = tallies(session, chain_id)
    return {
        key: StepReasons(
            tuple(waiting.get(key, ())), counted.get(key, {}).get("sent", 0), _not_sent(counted.get(key, {}))
        )
        for key in {**counted, **waiting}
    }


def tallies(session: Session, chain_id: int) -> dict[str, dict[str, int]]:
    """The counters of each step, all versions together: entered, left, sent, failed, skipped, opened,
    clicked, and skipped:<reason> and failed:<reason>, the most first."""
    found: dict[str, dict[str, int]] = {}
    for row in session.execute(_TALLIES, {"chain_id": chain_id}):
        found.setdefault(row.step_key, {})[row.what] = int(row.n)
    return found


def _not_sent(counted: dict[str, int]) -> dict[str, int]:
    """By reason; what was counted before reasons were is told without one."""
    found: dict[str, int] = {}
    for what, n in counted.items():
        if what.startswith(_NOT_SENT):
            reason = what.partition(":")[2]
            found[reason] = found.get(reason, 0) + n
    unknown = counted.get("skipped", 0) + counted.get("failed", 0) - sum(found.values())
    return found | ({"unknown": unknown} if unknown > 0 else {})
