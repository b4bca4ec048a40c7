"""Open runs are counted where they stand, and brought over to a new version of their program."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Group:
    """So many active runs stand at one step by one version (None: before the first). `mailed`: the mail of
    this step is being sent or out."""

    chain_id: int
    version_id: int
    step_key: str | None
    mailed: bool
    had: tuple[str, ...]
    n: int


# What a run waits for at a step that sends: the delivery of this step and pass.
_ITS_MAIL = """
    LEFT JOIN delivery d
      ON d.dedup_key = 'chain:' || e.id || ':' || e.step_key || ':' || e.pass_no
"""
_MAILED = "coalesce(d.state IN ('leased', 'sending', 'sent', 'uncertain'), false)"
_GROUPS = text(
    f"""
    SELECT chain_id, version_id, step_key, mailed, had, count(*) AS n FROM (
        SELECT e.chain_id, e.version_id, e.step_key, {_MAILED} AS mailed,
               ARRAY(SELECT m FROM unnest(CAST(:mails AS text[])) AS m WHERE e.data -> 'sent' ? m) AS had
        FROM enrollment e {_ITS_MAIL}
        WHERE e.chain_id = ANY(:chain_ids) AND e.state = 'active'
          AND NOT coalesce(CAST(e.data ->> 'over' AS boolean), false)
    ) standing
    GROUP BY chain_id, version_id, step_key, mailed, had
    ORDER BY chain_id, version_id, step_key NULLS FIRST, mailed, had
    """
)
_STANDING = text(
    """
    SELECT DISTINCT e.chain_id, e.version_id, e.step_key FROM enrollment e
    WHERE e.chain_id = ANY(:chain_ids) AND e.state = 'active' AND e.step_key IS NOT NULL
    """
)
# Whoever waits for a mail that is being sent already is let go: the mail goes out, the run goes on. Whose
# mail was cancelled has not had it: another step may still send it.
_MOVE = text(
    f"""
    WITH gone AS (
        SELECT e.id, e.lead_id, {_MAILED} AS mailed
        FROM enrollment e {_ITS_MAIL}
        WHERE e.chain_id = :chain_id AND e.version_id = :version_id AND e.step_key = :old
          AND e.state = 'active'
    ), cancelled AS (
        UPDATE delivery SET state = 'cancelled', reason = 'step_removed', settled_at = :now
        WHERE enrollment_id IN (SELECT id FROM gone) AND state IN ('scheduled', 'ready', 'deferred')
    ), moved AS (
        UPDATE enrollment e
        SET step_key = t.step_key, version_id = :new_version_id, step_since = :now, due_at = :now,
            due_reason = 'step_removed', waiting_for = NULL, awaiting_delivery_id = NULL,
            settled_state = NULL, settled_at = NULL,
            data = CASE WHEN CAST(:mail AS text) IS NOT NULL AND NOT gone.mailed
                        THEN e.data #- ARRAY['sent', CAST(:mail AS text)] ELSE e.data END
                   || CASE WHEN t.step_key IS NULL THEN '{{"over": true}}'::jsonb ELSE '{{}}'::jsonb END
        FROM gone, LATERAL (
            SELECT CASE WHEN gone.mailed THEN CAST(:after_mail AS text) ELSE CAST(:after AS text) END
                   AS step_key
        ) t
        WHERE e.id = gone.id
        RETURNING e.id, e.lead_id, e.step_key
    ), told AS (
        INSERT INTO chain_event (enrollment_id, lead_id, at, step_key, what, reason, detail)
        SELECT id, lead_id, :now, CAST(:old AS text), 'moved', 'step_removed',
               jsonb_build_object('to', step_key)
        FROM moved
    )
    SELECT step_key, count(*) AS n FROM moved GROUP BY step_key
    """
)
# Deciding twice is harmless, so whoever stands at a step that says something else now is due at once. Who
# waits for a mail, or for a person, goes on waiting.
_LOOK_AGAIN = text(
    """
    UPDATE enrollment SET due_at = :now, due_reason = 'edited'
    WHERE chain_id = :chain_id AND version_id = :version_id AND step_key = ANY(:steps) AND state = 'active'
      AND awaiting_delivery_id IS NULL AND due_at > :now AND due_reason <> 'spread'
    """
)
_NEW_WORDS = text(
    """
    UPDATE delivery d SET mail_version_id = m.mail_version_id, version_id = :version_id
    FROM enrollment e
    JOIN unnest(CAST(:chains AS bigint[]), CAST(:steps AS text[]), CAST(:mails AS bigint[]))
         AS m (chain_id, step_key, mail_version_id)
      ON m.chain_id = e.chain_id AND m.step_key = e.step_key
    WHERE d.id = e.awaiting_delivery_id AND e.state = 'active' AND d.step_key = e.step_key
      AND d.state IN ('scheduled', 'ready', 'deferred') AND d.mail_version_id <> m.mail_version_id
    """
)
_TAKE_VERSION = text(
    """
    UPDATE enrollment SET version_id = :version_id
    WHERE program_id = :program_id AND version_id <> :version_id AND state = ANY(:states)
    """
)
_ABOUT_TO_TAKE = text(
    """
    SELECT chain_id, version_id, step_key, count(*) AS n FROM enrollment
    WHERE program_id = :program_id AND version_id <> :version_id AND state = 'active'
    GROUP BY 1, 2, 3
    """
)
_CLOSE_CHAIN = text(
    """
    WITH closed AS (
        UPDATE enrollment
        SET state = 'resting', resting_reason = 'chain_removed', due_at = :due_at,
            due_reason = 'chain_removed', waiting_for = NULL, awaiting_delivery_id = NULL
        WHERE chain_id = ANY(:chain_ids) AND state = 'active'
        RETURNING id, chain_id, version_id, step_key
    ), cancelled AS (
        UPDATE delivery SET state = 'cancelled', reason = 'chain_removed', settled_at = :now
        WHERE enrollment_id IN (SELECT id FROM closed) AND state IN ('scheduled', 'ready', 'deferred')
    )
    SELECT chain_id, version_id, step_key, count(*) AS n FROM closed GROUP BY 1, 2, 3
    """
)
_BY_VERSION = text(
    """
    SELECT version_id, count(*) AS n FROM enrollment
    WHERE chain_id = ANY(:chain_ids) AND state = 'active' GROUP BY version_id
    """
)


def groups(session: Session, chain_ids: Sequence[int], mails: Sequence[str]) -> list[Group]:
    """Where the active runs of these chains stand, counted; `had` are those of `mails` that each run of a
    group was sent. Reads every active run of the chains: for a page that asks for a plan."""
    rows = session.execute(_GROUPS, {"chain_ids": list(chain_ids), "mails": list(mails)}).mappings()
    return [Group(**{**row, "had": tuple(row["had"])}) for row in rows]


def by_version(session: Session, chain_ids: Sequence[int]) -> dict[int, int]:
    """How many active runs of these chains go by each version."""
    rows = session.execute(_BY_VERSION, {"chain_ids": list(chain_ids)})
    return {row.version_id: row.n for row in rows}


def standing(session: Session, chain_ids: Sequence[int]) -> list[tuple[int, int, str]]:
    """Where leads stand in these chains: (chain, version, step key), each once."""
    rows = session.execute(_STANDING, {"chain_ids": list(chain_ids)})
    return [(row.chain_id, row.version_id, row.step_key) for row in rows]


def move(
    session: Session,
    chain_id: int,
    version_id: int,
    old: str,
    *,
    after: str | None,
    after_mail: str | None,
    mail: str | None,
    new_version_id: int,
    now: datetime,
) -> dict[str | None, int]:
    """Move those who stand at a step that goes away (and sent `mail`) to the new version: to `after`, or to
    `after_mail` when its mail is out already (None: behind the last step). Returns how many came to each."""
    values = {"chain_id": chain_id, "version_id": version_id, "old": old, "after": after, "mail": mail}
    values |= {"after_mail": after_mail, "new_version_id": new_version_id, "now": now}
    rows = session.execute(_MOVE, values)
    return {row.step_key: row.n for row in rows}


def look_again(
    session: Session, chain_id: int, version_id: int, steps: Sequence[str], *, now: datetime
) -> None:
    """Those who stand at these steps by this version are due at once."""
    if steps:
        values = {"chain_id": chain_id, "version_id": version_id, "steps": list(steps), "now": now}
        session.execute(_LOOK_AGAIN, values)


def take_words(session: Session, version_id: int, mails: Mapping[tuple[int, str], int]) -> None:
    """Mails that have not begun to be sent go out with the words of this version: the mail version of each
    (chain, step)."""
    if mails:
        session.execute(
            _NEW_WORDS,
            {
                "version_id": version_id,
                "chains": [chain_id for chain_id, _step in mails],
                "steps": [step for _chain_id, step in mails],
                "mails": list(mails.values()),
            },
        )


def about_to_take(
    session: Session, program_id: int, version_id: int
) -> list[tuple[int, int, str | None, int]]:
    """Where active runs stand that go by another version than this one: (chain, version, step, how many);
    None is at none: before the first, or behind the last."""
    rows = session.execute(_ABOUT_TO_TAKE, {"program_id": program_id, "version_id": version_id})
    return [(row.chain_id, row.version_id, row.step_key, row.n) for row in rows]


def take_version(session: Session, program_id: int, version_id: int, states: Sequence[str]) -> None:
    """Every run of the program in these states goes by this version from now on."""
    values = {"program_id": program_id, "version_id": version_id, "states": list(states)}
    session.execute(_TAKE_VERSION, values)


def close(
    session: Session, chain_ids: Sequence[int], *, due_at: datetime, now: datetime
) -> list[tuple[int, int, str | None, int]]:
    """Those who stand in chains that went away rest until a date; their unsent mails are cancelled.
    Returns (chain, version, step, how many stood there; None: at none)."""
    if not chain_ids:
        return []
    rows = session.execute(_CLOSE_CHAIN, {"chain_ids": list(chain_ids), "due_at": due_at, "now": now})
    return [(row.chain_id, row.version_id, row.step_key, row.n) for row in rows]
