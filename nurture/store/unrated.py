"""The inbox of rating: signals taken in and not yet counted, and the signals a recount looks at."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.rules.robots import HUMAN
from nurture.store import batch
from nurture.store.signals import TRACKING


# Both are made by the thousand: named tuples, which take half as long to make as data classes.
class Waiting(NamedTuple):
    """A claimed row of the inbox; `kind` as `signals.UnratedSignal` has it."""

    signal_id: uuid.UUID
    received_at: datetime
    lead_id: int
    kind: str | None


class SeenSignal(NamedTuple):
    """A human signal as rating looks at it."""

    id: uuid.UUID
    lead_id: int
    kind: str
    at: datetime
    mail: str | None
    data: Mapping[str, Any]
    source: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a signal stands: the verdict that holds, and whether it still waits to be counted."""

    verdict: str
    waits: bool


_CLAIM = """
    WITH oldest AS MATERIALIZED (
        SELECT signal_id, received_at, lead_id, kind FROM unrated_signal
        {which} LIMIT :limit FOR UPDATE SKIP LOCKED
    ), theirs AS MATERIALIZED (
        -- Lead by lead, so that what waits of others is not looked through; the text of the id, in the same
        -- order, keeps a planner who believes the inbox empty from going through all of it by its key.
        SELECT u.* FROM (SELECT DISTINCT lead_id FROM oldest) o
        CROSS JOIN LATERAL (
            SELECT signal_id, received_at, lead_id, kind FROM unrated_signal u
            WHERE u.lead_id = o.lead_id AND u.signal_id NOT IN (SELECT signal_id FROM oldest)
            ORDER BY CAST(u.signal_id AS text) LIMIT :more FOR UPDATE SKIP LOCKED
        ) u
        LIMIT :more
    )
    SELECT * FROM oldest UNION ALL SELECT * FROM theirs
"""
CLAIM_ALL = _CLAIM.format(which="ORDER BY signal_id")
_CLAIM_ALL = text(CLAIM_ALL)
_CLAIM_URGENT = text(_CLAIM.format(which="WHERE rate_by <= :now ORDER BY rate_by"))
# What else waits of a lead is counted with it: writing a lead costs more than counting a signal.
_MORE = 4
_READDRESS = text(
    """
    UPDATE unrated_signal u SET lead_id = g.lead_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:leads AS bigint[])) AS g (id, lead_id) WHERE u.signal_id = g.id
    """
)
_DONE = text("DELETE FROM unrated_signal WHERE signal_id = ANY(CAST(:ids AS uuid[]))")
_JUDGED = """
    LEFT JOIN LATERAL (
        SELECT v.verdict FROM signal_verdict v WHERE v.signal_id = s.id ORDER BY v.at DESC LIMIT 1
    ) latest ON true
"""
_CLAIMED = text(
    f"""
    SELECT g.place, s.lead_id, s.kind, s.occurred_at AS at, s.mail_key, s.data, s.source
    FROM unnest(CAST(:ids AS uuid[]), CAST(:received AS timestamptz[]))
         WITH ORDINALITY AS g (id, received_at, place)
    CROSS JOIN LATERAL (
        -- One by one: what came in between, and is not asked for, is not looked through.
        SELECT * FROM signal s
        WHERE s.id = g.id AND s.received_at = g.received_at AND s.received_at BETWEEN :first AND :last
        OFFSET 0
    ) s
    {_JUDGED}
    WHERE coalesce(latest.verdict, s.verdict) = 'human'
    """
)
_VERDICTS = text(
    """
    SELECT DISTINCT ON (signal_id) signal_id, verdict FROM signal_verdict
    WHERE signal_id = ANY(CAST(:ids AS uuid[])) ORDER BY signal_id, at DESC
    """
)
_NO_DATA: Mapping[str, Any] = MappingProxyType({})
# A signal that waits in the inbox is counted when its turn comes, except those of the turn itself.
_COUNTED = """
    coalesce(latest.verdict, s.verdict) = 'human'
    AND NOT EXISTS (
        SELECT FROM unrated_signal u WHERE u.signal_id = s.id AND u.signal_id <> ALL(CAST(:claimed AS uuid[]))
    )
"""
_OF_DAYS = text(
    f"""
    SELECT s.id, s.lead_id, s.kind, s.occurred_at AS at, s.mail_key, s.data, s.source
    FROM json_to_recordset(CAST(:days AS json)) AS g (lead_id bigint, kind text, day date)
    CROSS JOIN LATERAL (
        SELECT * FROM signal s
        WHERE s.lead_id = g.lead_id AND s.kind = g.kind
            AND s.occurred_at >= g.day::timestamp AT TIME ZONE 'UTC'
            AND s.occurred_at < (g.day + 1)::timestamp AT TIME ZONE 'UTC'
            AND s.received_at > g.day::timestamp AT TIME ZONE 'UTC' - interval '1 day'
        OFFSET 0
    ) s
    {_JUDGED}
    WHERE {_COUNTED}
    """
)
_OF_LEADS = text(
    f"""
    SELECT s.id, s.lead_id, s.kind, s.occurred_at AS at, s.mail_key, s.data, s.source
    FROM signal s
    {_JUDGED}
    WHERE s.lead_id = ANY(:leads) AND s.occurred_at >= :since AND {_COUNTED}
    ORDER BY s.lead_id, s.occurred_at, s.id
    """
)
_ONE = text("SELECT id, lead_id, kind, occurred_at AS at, mail_key, data, source FROM signal WHERE id = :id")
_ALL = text(
    """
    SELECT id, lead_id, kind, occurred_at AS at, mail_key, data, source FROM signal
    WHERE id = ANY(CAST(:ids AS uuid[]))
    """
)
_STANDING = text(
    f"""
    SELECT coalesce(latest.verdict, s.verdict),
           EXISTS (SELECT FROM unrated_signal u WHERE u.signal_id = s.id)
    FROM signal s {_JUDGED} WHERE s.id = :id
    """
)
_REASON = text("SELECT reason FROM signal_verdict WHERE signal_id = :id ORDER BY at DESC LIMIT 1")
_OVERRULE = text(
    """
    INSERT INTO signal_verdict (signal_id, at, verdict, reason, by)
    VALUES (:id, :now, :verdict, :reason, :by)
    ON CONFLICT (signal_id, at) DO UPDATE SET verdict = excluded.verdict, reason = excluded.reason
    """
)


def claim(session: Session, limit: int) -> list[Waiting]:
    """Lock up to `limit` rows of the inbox that nobody else has, oldest arrival first, and, up to four times
    as many, what else waits of their leads."""
    given = {"limit": limit, "more": _MORE * limit}
    return [Waiting._make(row) for row in session.execute(_CLAIM_ALL, given).all()]


def claim_urgent(session: Session, limit: int, *, now: datetime) -> list[Waiting]:
    """The same of what may not wait, or has waited long enough."""
    given = {"limit": limit, "more": _MORE * limit, "now": now}
    return [Waiting._make(row) for row in session.execute(_CLAIM_URGENT, given).all()]


def done(session: Session, ids: Collection[uuid.UUID]) -> None:
    """These signals are counted: out of the inbox."""
    session.execute(_DONE, {"ids": batch.uuids(ids)})


def readdress(session: Session, whose: Mapping[uuid.UUID, int]) -> None:
    """Let these rows of the inbox, which the caller holds, wait for other leads."""
    given = {"ids": batch.uuids(whose), "leads": batch.numbers(whose.values())}
    session.execute(_READDRESS, given)


def claimed(session: Session, waiting: Sequence[Waiting]) -> list[SeenSignal]:
    """The claimed signals that are human by now."""
    if not waiting:  # all of them were those of merged leads
        return []
    received = [one.received_at for one in waiting]
    given = {
        "ids": batch.uuids(one.signal_id for one in waiting),
        "received": batch.instants(received),
        # Of a few partitions the others need not be looked for at each row.
        "first": min(received),
        "last": max(received),
    }
    return [
        SeenSignal(waiting[place - 1].signal_id, lead_id, kind, at, mail, data or {}, source)
        for place, lead_id, kind, at, mail, data, source in session.execute(_CLAIMED, given).all()
    ]


def told(session: Session, waiting: Sequence[Waiting]) -> list[SeenSignal]:
    """The same of claimed signals that the inbox tells the kind of, unread: without their mail and data."""
    if not waiting:
        return []
    found = session.execute(_VERDICTS, {"ids": batch.uuids(one.signal_id for one in waiting)})
    turned = {number for number, verdict in found.all() if verdict != HUMAN}
    return [
        SeenSignal(number, lead_id, kind, at, None, _NO_DATA, TRACKING)
        for number, at, lead_id, kind in waiting
        if kind is not None and (not turned or number not in turned)
    ]


def of_days(
    session: Session, days: Collection[tuple[int, str, date]], claimed: Collection[uuid.UUID] = ()
) -> list[SeenSignal]:
    """Every human signal of these (lead, kind, UTC day), counted already or just claimed."""
    rows = [{"lead_id": lead_id, "kind": kind, "day": day} for lead_id, kind, day in days]
    given = {"days": batch.rows(rows), "claimed": batch.uuids(claimed)}
    return [_seen(row) for row in session.execute(_OF_DAYS, given)]


def of_leads(
    session: Session, lead_ids: Collection[int], *, since: datetime, claimed: Collection[uuid.UUID] = ()
) -> list[SeenSignal]:
    """Every human signal of these leads from `since` on, counted already or just claimed; oldest first
    for each lead."""
    given = {"leads": list(lead_ids), "since": since, "claimed": batch.uuids(claimed)}
    return [_seen(row) for row in session.execute(_OF_LEADS, given)]


def find(session: Session, signal_id: uuid.UUID) -> SeenSignal | None:
    """A signal by its id, whatever its verdict."""
    row = session.execute(_ONE, {"id": signal_id}).one_or_none()
    return None if row is None else _seen(row)


def find_all(session: Session, signal_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, SeenSignal]:
    """Signals by their ids, whatever their verdict."""
    return {row.id: _seen(row) for row in session.execute(_ALL, {"ids": list(signal_ids)})}


def standing(session: Session, signal_id: uuid.UUID) -> Standing:
    """The standing of a signal that exists."""
    return Standing(*session.execute(_STANDING, {"id": signal_id}).one())


def reason(session: Session, signal_id: uuid.UUID) -> str | None:
    """Why the verdict that holds was given; None while nobody judged the signal anew."""
    found: str | None = session.scalar(_REASON, {"id": signal_id})
    return found


def overrule(
    session: Session, signal_id: uuid.UUID, verdict: str, reason: str, *, now: datetime, by: str
) -> None:
    """Append a later verdict on a signal; the latest holds."""
    given = {"id": signal_id, "verdict": verdict, "reason": reason, "now": now, "by": by}
    session.execute(_OVERRULE, given)


def _seen(row: Sequence[Any]) -> SeenSignal:
    number, lead_id, kind, at, mail, data, source = row
    return SeenSignal(number, lead_id, kind, at, mail, data or {}, source)
