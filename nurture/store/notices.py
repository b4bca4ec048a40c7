"""Mails to the people of the company about a hand-off: who is told, and the rows that tell them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store.lead_names import called


@dataclass(frozen=True, slots=True)
class Told:
    """A person who is told of a hand-off, in their language or else the installation's."""

    handoff_id: int
    email: str
    name: str
    language: str | None


_LANGUAGE = (
    """coalesce(nullif(u.preferences ->> 'language', ''), (SELECT language FROM installation)) AS language"""
)
_OWNERS = text(f"""
    SELECT h.id AS handoff_id, u.email, u.name, {_LANGUAGE}
    FROM handoff h JOIN user_account u ON u.id = h.owner_id
    WHERE h.id = ANY(:ids) AND u.disabled_at IS NULL
        AND coalesce(CAST(u.preferences ->> 'sales_mails' AS boolean), true)
    ORDER BY h.id
""")
_SUPERIORS = text(f"""
    SELECT h.id AS handoff_id, u.email, u.name, {_LANGUAGE}
    FROM handoff h LEFT JOIN sales_team t ON t.id = h.team_id
    JOIN user_account u ON CASE WHEN t.escalate_to IS NULL THEN u.role = 'admin' ELSE u.id = t.escalate_to END
    WHERE h.id = ANY(:ids) AND u.disabled_at IS NULL AND u.id IS DISTINCT FROM h.owner_id
        AND coalesce(CAST(u.preferences ->> 'sales_mails' AS boolean), true)
    ORDER BY h.id, u.id
""")


def owners(session: Session, handoff_ids: Sequence[int]) -> list[Told]:
    """The owners of these hand-offs who take mails about them."""
    rows = session.execute(_OWNERS, {"ids": list(handoff_ids)})
    return [Told(**row._mapping) for row in rows]


def superiors(session: Session, handoff_ids: Sequence[int]) -> list[Told]:
    """Those to whom what is late is escalated: the one whom the team names, else the administrators."""
    rows = session.execute(_SUPERIORS, {"ids": list(handoff_ids)})
    return [Told(**row._mapping) for row in rows]


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a hand-off is about, as a colleague is told."""

    handoff_id: int
    lead_id: int
    name: str
    company: str | None
    role: str | None
    phone: str | None
    score: float
    reasons: list[Mapping[str, Any]]
    due_at: datetime | None
    timezone: str


_SUBJECTS = text(f"""
    SELECT h.id AS handoff_id, h.lead_id, {called("l")} AS name,
        c.name AS company, l.role, l.phone, h.score, h.reasons, h.due_at,
        coalesce(t.timezone, i.timezone) AS timezone
    FROM handoff h JOIN lead l ON l.id = h.lead_id
    LEFT JOIN company c ON c.id = l.company_id
    LEFT JOIN sales_team t ON t.id = h.team_id
    CROSS JOIN installation i
    WHERE h.id = ANY(:ids) AND l.erased_at IS NULL
""")


def subjects(session: Session, handoff_ids: Sequence[int]) -> dict[int, Subject]:
    """Whom these hand-offs are about; those of erased leads are missing."""
    rows = session.execute(_SUBJECTS, {"ids": list(handoff_ids)})
    return {row.handoff_id: Subject(**row._mapping) for row in rows}


@dataclass(frozen=True, slots=True)
class Notice:
    """A mail to a colleague."""

    dedup_key: str
    address: str
    params: Mapping[str, Any]


_QUEUE = text("""
    INSERT INTO delivery (dedup_key, purpose, mail_version_id, address, params, due_at, created_at)
    SELECT dedup_key, 'notice', :version, address, CAST(params AS jsonb), :now, :now
    FROM unnest(CAST(:keys AS text[]), CAST(:addresses AS text[]), CAST(:params AS text[]))
        AS given(dedup_key, address, params)
    ON CONFLICT (dedup_key) DO NOTHING
""")


def queue(session: Session, mail_version_id: int, notices: Sequence[Notice], *, now: datetime) -> None:
    """Queue these mails in one statement; one that was queued before is not queued again."""
    given = {
        "version": mail_version_id,
        "keys": [one.dedup_key for one in notices],
        "addresses": [one.address for one in notices],
        "params": [json.dumps(dict(one.params)) for one in notices],
        "now": now,
    }
    session.execute(_QUEUE, given)


def forget(session: Session, lead_ids: Sequence[int]) -> None:
    """Take what was told of these leads out of the mails that told it."""
    session.execute(
        text("""
            UPDATE delivery SET params = '{}'
            WHERE purpose = 'notice' AND (CAST(params ->> 'lead_id' AS bigint) = ANY(:ids)
                OR EXISTS (SELECT FROM jsonb_array_elements_text(params -> 'lead_ids') AS of(id)
                    WHERE CAST(of.id AS bigint) = ANY(:ids)))
        """),
        {"ids": list(lead_ids)},
    )
