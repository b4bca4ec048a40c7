"""What is going to go out: runs by where they stand, mails that wait, newsletters; six statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store.lead_names import called


@dataclass(frozen=True, slots=True)
class Group:
    """So many runs that stand at the same step in the same zone and country (None where the program does
    not ask for the holidays of each lead's own) and are due in the same hour; `free_at` is when the cap of
    their program lets the next mail through, None if it does now."""

    program_id: int
    chain_id: int
    step_key: str | None
    hour: datetime
    timezone: str | None
    country: str | None
    free_hour: datetime | None
    due_at: datetime
    free_at: datetime | None
    n: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Mails that are made and wait to go out at `at`, of one step, one newsletter or one purpose."""

    purpose: str
    program_id: int | None
    chain_id: int | None
    step_key: str | None
    newsletter_id: int | None
    newsletter: str | None
    at: datetime
    n: int


@dataclass(frozen=True, slots=True)
class Planned:
    """A newsletter to come, or readers of one that have their turn later."""

    newsletter_id: int
    name: str
    at: datetime
    n: int
    local: bool


@dataclass(frozen=True, slots=True)
class Who:
    """A lead that is meant."""

    lead_id: int
    name: str
    temperature: str
    step_key: str | None
    due_at: datetime


# Without the cap of the program every run counts as free.
_OF_RUNS = """
    FROM enrollment e
    JOIN unnest(CAST(:ids AS bigint[]), CAST(:most AS int[]), CAST(:per AS float[]), CAST(:own AS boolean[]))
      AS p (id, most, per, own) ON p.id = e.program_id
    JOIN chain c ON c.id = e.chain_id AND c.paused_at IS NULL
    JOIN lead l ON l.id = e.lead_id
    LEFT JOIN LATERAL (
        SELECT CAST(s.value AS timestamptz) + make_interval(secs => p.per) AS at
        FROM jsonb_each_text(CASE WHEN p.most IS NULL THEN CAST('{}' AS jsonb) ELSE e.data -> 'sent' END) s
        ORDER BY 1 DESC OFFSET greatest(coalesce(p.most, 1) - 1, 0) LIMIT 1) f ON f.at > :now
    WHERE e.state = 'active' AND e.due_at IS NOT NULL AND e.due_at < :until
      AND e.awaiting_delivery_id IS NULL
"""
_COUNTRY = "CASE WHEN p.own THEN upper(l.country) END"
_HOUR = "date_trunc('hour', greatest(e.due_at, CAST(:now AS timestamptz)))"
_GROUPS = text(
    f"""
    SELECT e.program_id, e.chain_id, e.step_key, {_HOUR} AS hour, l.timezone,
           {_COUNTRY} AS country, date_trunc('hour', f.at) AS free_hour,
           min(greatest(e.due_at, CAST(:now AS timestamptz))) AS due_at,
           min(f.at) AS free_at, count(*) AS n
    {_OF_RUNS} AND (CAST(:chain_id AS bigint) IS NULL OR e.chain_id = :chain_id)
    GROUP BY 1, 2, 3, 4, 5, 6, 7
    """
)
_WHO = text(
    f"""
    SELECT e.lead_id, {called("l")} AS name,
           l.temperature, e.step_key, greatest(e.due_at, CAST(:now AS timestamptz)) AS due_at
    {_OF_RUNS} AND e.chain_id = :chain_id
      AND EXISTS (
        SELECT FROM unnest(CAST(:steps AS text[]), CAST(:hours AS timestamptz[]), CAST(:zones AS text[]),
                           CAST(:countries AS text[]), CAST(:frees AS timestamptz[]))
                    AS g (step_key, hour, zone, country, free)
        WHERE g.step_key IS NOT DISTINCT FROM e.step_key AND g.hour = {_HOUR}
          AND g.zone IS NOT DISTINCT FROM l.timezone AND g.country IS NOT DISTINCT FROM {_COUNTRY}
          AND g.free IS NOT DISTINCT FROM date_trunc('hour', f.at))
    ORDER BY e.due_at, e.lead_id LIMIT :limit
    """
)
_WAITING = text(
    """
    SELECT d.purpose, d.program_id, d.chain_id, d.step_key, d.newsletter_id, n.name AS newsletter,
           min(greatest(d.due_at, CAST(:now AS timestamptz))) AS at, count(*) AS n
    FROM delivery d LEFT JOIN newsletter n ON n.id = d.newsletter_id
    LEFT JOIN program p ON p.id = d.program_id
    WHERE d.state IN ('scheduled', 'ready', 'deferred') AND d.due_at < :until
      AND n.state IS DISTINCT FROM 'paused' AND p.state IS DISTINCT FROM 'paused'
    GROUP BY 1, 2, 3, 4, 5, 6, date_trunc('hour', greatest(d.due_at, CAST(:now AS timestamptz)))
    """
)
_NEWSLETTERS = text(
    """
    SELECT n.id AS newsletter_id, n.name, greatest(n.starts_at, CAST(:now AS timestamptz)) AS at,
           coalesce(n.size, 0) AS n, n.mode = 'local' AS local
    FROM newsletter n WHERE n.state = 'scheduled' AND n.starts_at < :until
    UNION ALL
    SELECT n.id, n.name, min(w.due_at), count(*), n.mode = 'local'
    FROM newsletter_wait w JOIN newsletter n ON n.id = w.newsletter_id
    WHERE n.state = 'sending' AND w.due_at < :until
    GROUP BY n.id, n.name, date_trunc('hour', w.due_at), n.mode
    ORDER BY 3, 1
    """
)


_NAMES = text(
    """
    SELECT m.program_id, m.key, m.name FROM mail m
    WHERE m.program_id = ANY(:ids)
    """
)


def mail_names(session: Session, program_ids: Sequence[int]) -> dict[tuple[int, str], str]:
    """What the mails of these programs are called, by (program, key)."""
    rows = session.execute(_NAMES, {"ids": list(program_ids)})
    return {(row.program_id, row.key): row.name or row.key for row in rows}


@dataclass(frozen=True, slots=True)
class Caps:
    """The live programs with the caps of their own: at most `most` mails (None: no cap) in `per` seconds;
    `own` if their window keeps the holidays of each lead's own country."""

    ids: Sequence[int]
    most: Sequence[int | None]
    per: Sequence[float]
    own: Sequence[bool]

    def values(self) -> dict[str, object]:
        return {"ids": list(self.ids), "most": list(self.most), "per": list(self.per), "own": list(self.own)}


def groups(
    session: Session, caps: Caps, *, now: datetime, until: datetime, chain_id: int | None = None
) -> list[Group]:
    """Where all runs of these programs (or of one chain) stand that are due before `until`, grouped."""
    values = caps.values() | {"now": now, "until": until, "chain_id": chain_id}
    # All runs are looked at: with room for the groups they are hashed, without it sorted on disk.
    session.execute(text("SET LOCAL work_mem = '64MB'"))
    return [Group(**row) for row in session.execute(_GROUPS, values).mappings()]


def who(
    session: Session, caps: Caps, chosen: Sequence[Group], *, now: datetime, until: datetime, limit: int
) -> list[Who]:
    """The leads of these groups of one chain, those due first."""
    if not chosen:
        return []
    values = caps.values() | {
        "now": now,
        "until": until,
        "chain_id": chosen[0].chain_id,
        "steps": [one.step_key for one in chosen],
        "hours": [one.hour for one in chosen],
        "zones": [one.timezone for one in chosen],
        "countries": [one.country for one in chosen],
        "frees": [one.free_hour for one in chosen],
        "limit": limit,
    }
    return [Who(**row) for row in session.execute(_WHO, values).mappings()]


def waiting(session: Session, *, now: datetime, until: datetime) -> list[Waiting]:
    """Mails that are made and wait to go out."""
    return [Waiting(**row) for row in session.execute(_WAITING, {"now": now, "until": until}).mappings()]


def newsletters(session: Session, *, now: datetime, until: datetime) -> list[Planned]:
    """Newsletters that begin before `until`, and readers of those under way whose turn comes later."""
    return [Planned(**row) for row in session.execute(_NEWSLETTERS, {"now": now, "until": until}).mappings()]
