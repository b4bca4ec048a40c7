"""What is late: mails whose window closed before they went out are planned anew, steps that came due in a
pause go on one after the other, and those too late wait for a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class LateMail:
    """A delivery that waits although its window has closed."""

    id: int
    program_id: int
    timezone: str | None
    country: str | None


@dataclass(frozen=True, slots=True)
class Replanned:
    """The delivery may go from `due_at` on, until `until`."""

    id: int
    due_at: datetime
    until: datetime


_LATE = text(
    """
    SELECT d.id, d.program_id, l.timezone, l.country
    FROM delivery d JOIN lead l ON l.id = d.lead_id
    WHERE d.state IN ('scheduled', 'ready', 'deferred') AND d.due_at <= :now AND d.purpose = 'chain'
      AND CAST(d.params ->> 'until' AS timestamptz) <= :now AND d.program_id = ANY(:program_ids)
    ORDER BY d.due_at, d.id
    LIMIT :limit
    FOR UPDATE OF d SKIP LOCKED
    """
)
_REPLAN = text(
    """
    UPDATE delivery d
    SET due_at = r.due_at, reason = 'window', params = d.params || jsonb_build_object('until', r.until)
    FROM unnest(CAST(:ids AS bigint[]), CAST(:dues AS timestamptz[]), CAST(:untils AS text[]))
         AS r (id, due_at, until)
    WHERE d.id = r.id
    """
)


def find(session: Session, program_ids: Sequence[int], *, now: datetime, limit: int) -> list[LateMail]:
    """Mails of these programs whose window has closed, locked."""
    values = {"program_ids": list(program_ids), "now": now, "limit": limit}
    return [LateMail(**row) for row in session.execute(_LATE, values).mappings()]


def replan(session: Session, mails: Sequence[Replanned]) -> None:
    """Let these go when their window opens again."""
    if mails:
        values = {
            "ids": [mail.id for mail in mails],
            "dues": [mail.due_at for mail in mails],
            "untils": [mail.until.isoformat() for mail in mails],
        }
        session.execute(_REPLAN, values)


@dataclass(frozen=True, slots=True)
class Spread:
    """What became of the steps that came due in a pause: `spread` go on one after the other, `held` wait
    for a person."""

    spread: int
    held: int


# So many go on at once; more than these one a second, and all within a day.
AT_ONCE = 100
_WITHIN_SECONDS = 86_400

_AFTER_PAUSE = text(
    """
    WITH late AS (
        SELECT id, due_at, row_number() OVER (ORDER BY due_at, id) AS place, count(*) OVER () AS n
        FROM enrollment
        WHERE program_id = :program_id AND (CAST(:chain_id AS bigint) IS NULL OR chain_id = :chain_id)
          AND state = 'active' AND due_at >= :since AND due_at <= :now AND awaiting_delivery_id IS NULL
    ), planned AS (
        SELECT id, due_at < :too_late AS held,
               CASE WHEN place > :at_once
                    THEN CAST(:now AS timestamptz) + make_interval(
                        secs => (place - :at_once) * least(1.0, CAST(:within AS float) / n))
                    ELSE due_at END AS due_at
        FROM late
    ), changed AS (
        UPDATE enrollment e
        SET due_at = CASE WHEN p.held THEN NULL ELSE p.due_at END,
            due_reason = CASE WHEN p.held THEN 'held' WHEN p.due_at > :now THEN 'spread'
                         ELSE e.due_reason END,
            waiting_for = CASE WHEN p.held THEN NULL ELSE e.waiting_for END
        FROM planned p WHERE e.id = p.id AND (p.held OR p.due_at > :now)
        RETURNING e.due_reason
    )
    SELECT count(*) FILTER (WHERE due_reason = 'spread') AS spread,
           count(*) FILTER (WHERE due_reason = 'held') AS held
    FROM changed
    """
)
_HELD = text(
    """
    SELECT count(*) FROM enrollment
    WHERE program_id = :program_id AND state = 'active' AND due_reason IN ('held', 'looping')
      AND due_at IS NULL
    """
)
_GO_ON = text(
    """
    WITH held AS (
        SELECT id, row_number() OVER (ORDER BY step_since, id) AS place FROM enrollment
        WHERE program_id = :program_id AND state = 'active' AND due_reason IN ('held', 'looping')
          AND due_at IS NULL
    )
    UPDATE enrollment e
    SET due_at = CAST(:now AS timestamptz) + make_interval(secs => greatest(held.place - :at_once, 0)),
        due_reason = 'spread'
    FROM held WHERE e.id = held.id
    """
)
_AT_FIRST = text(
    """
    UPDATE enrollment e SET step_key = f.first
    FROM unnest(CAST(:chain_ids AS bigint[]), CAST(:firsts AS text[])) AS f (chain_id, first)
    WHERE e.chain_id = f.chain_id AND e.program_id = :program_id AND e.state = 'active'
      AND e.due_reason = 'held' AND e.due_at IS NULL AND e.step_key IS NULL
    """
)
# Whose wait ended in the pause stands before the mail that came due by it.
_BEHIND_WAITS = text(
    """
    UPDATE enrollment e SET step_key = w.mail
    FROM unnest(CAST(:waits AS text[]), CAST(:mails AS text[]), CAST(:chain_ids AS bigint[]))
         AS w (wait, mail, chain_id)
    WHERE e.chain_id = w.chain_id AND e.step_key = w.wait AND e.program_id = :program_id
      AND e.state = 'active' AND e.due_reason = 'held' AND e.due_at IS NULL
    """
)
# A step that is left out counts as settled: the run goes on behind it. Who went round and round has come to
# the end of the chain.
_LEAVE_OUT = text(
    """
    WITH let_go AS (
        UPDATE enrollment e
        SET due_at = :now, due_reason = 'settled',
            data = CASE WHEN e.due_reason = 'looping' THEN e.data || '{"over": true}' ELSE e.data END,
            settled_state = CASE WHEN e.step_key = ANY(:sends) THEN 'skipped' END,
            settled_at = CASE WHEN e.step_key = ANY(:sends) THEN CAST(:now AS timestamptz) END
        WHERE program_id = :program_id AND state = 'active' AND due_reason IN ('held', 'looping')
          AND due_at IS NULL
        RETURNING id, lead_id, step_key, settled_state
    ), told AS (
        INSERT INTO chain_event (enrollment_id, lead_id, at, step_key, what, reason)
        SELECT id, lead_id, :now, step_key, 'skipped', 'removed_by_hand' FROM let_go
        WHERE settled_state IS NOT NULL
        RETURNING id
    )
    SELECT count(*) FROM let_go
    """
)


def after_pause(
    session: Session,
    program_id: int,
    chain_id: int | None,
    *,
    since: datetime,
    hold_after: timedelta,
    now: datetime,
) -> Spread:
    """Steps of the program (of one chain, if given) that came due between `since` and now go on one after
    the other; those due longer than `hold_after` ago are held until a person decides."""
    values = {
        "program_id": program_id,
        "chain_id": chain_id,
        "since": since,
        "too_late": now - hold_after,
        "at_once": AT_ONCE,
        "within": _WITHIN_SECONDS,
        "now": now,
    }
    return Spread(**session.execute(_AFTER_PAUSE, values).mappings().one())


def held(session: Session, program_id: int) -> int:
    """How many leads of the program are held for a person to decide."""
    return int(session.execute(_HELD, {"program_id": program_id}).scalar_one())


def go_on(session: Session, program_id: int, *, now: datetime) -> None:
    """Those held take their step after all, one after the other."""
    session.execute(_GO_ON, {"program_id": program_id, "at_once": AT_ONCE, "now": now})


def leave_out(
    session: Session,
    program_id: int,
    sends: Sequence[str],
    firsts: Mapping[int, str],
    waits: Mapping[tuple[int, str], str],
    *,
    now: datetime,
) -> None:
    """Those held go on without the mail: `sends` are the steps that send one, `firsts` the first step of
    each chain, which those stand before who have just come in, `waits` the mail that follows a wait, by
    chain and step."""
    behind = {
        "chain_ids": [chain_id for chain_id, _wait in waits],
        "waits": [wait for _chain_id, wait in waits],
        "mails": list(waits.values()),
        "program_id": program_id,
    }
    session.execute(_BEHIND_WAITS, behind)
    first = {"chain_ids": list(firsts), "firsts": list(firsts.values()), "program_id": program_id}
    session.execute(_AT_FIRST, first)
    session.execute(_LEAVE_OUT, {"program_id": program_id, "sends": list(sends), "now": now})
