"""One chain as its page shows it: its program, its mails, and the history of its versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from nurture.store.lead_names import CALLED
from nurture.store.leads import Lead

_MOST = 50


@dataclass(frozen=True, slots=True)
class ChainPage:
    """A chain with the version that is shown: the live one, or the draft before the first. `mails` is mail
    key to (mail id, name, version id)."""

    id: int
    temperature: str
    paused: bool
    program_id: int
    program: str
    program_key: str
    program_state: str
    no: int
    spec: Mapping[str, Any]
    mails: Mapping[str, tuple[int, str, int]]


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version: who brought it, and who made it live when. Empty where nobody did."""

    id: int
    no: int
    created_at: datetime
    created_by: str
    published_at: datetime | None
    published_by: str
    live: bool


_CHAIN = text(
    """
    SELECT c.id, c.temperature, c.paused_at IS NOT NULL AS paused, p.id AS program_id, p.name AS program,
           p.key AS program_key, p.state AS program_state, v.no, v.spec, v.mails AS versions
    FROM chain c JOIN program p ON p.id = c.program_id
    JOIN program_version v ON v.id = coalesce(p.live_version_id, p.draft_version_id)
    WHERE c.id = :chain_id
    """
)
_MAILS = text(
    """
    SELECT m.key, m.id, m.name, v.id AS version_id FROM mail_version v JOIN mail m ON m.id = v.mail_id
    WHERE v.id = ANY(:versions)
    """
)
_VERSIONS = text(
    """
    SELECT v.id, v.no, v.created_at, coalesce(maker.name, v.created_by) AS created_by, v.published_at,
           coalesce(who.name, a.actor, '') AS published_by, v.id = p.live_version_id AS live
    FROM program_version v JOIN program p ON p.id = v.program_id
    LEFT JOIN LATERAL (
        SELECT actor FROM audit_entry
        WHERE action = 'program.published' AND subject = 'program:' || p.id
          AND at = v.published_at ORDER BY id DESC LIMIT 1) a ON true
    LEFT JOIN user_account who ON 'user:' || who.id = a.actor
    LEFT JOIN user_account maker ON 'user:' || maker.id = v.created_by
    WHERE v.program_id = :program_id ORDER BY v.no DESC LIMIT :most
    """
)
_SAMPLE = text(
    """
    SELECT e.lead_id FROM enrollment e JOIN lead l ON l.id = e.lead_id
    WHERE e.chain_id = :chain_id AND e.state = 'active' AND l.erased_at IS NULL LIMIT 1
    """
)


def chain(session: Session, chain_id: int) -> ChainPage | None:
    """Two statements."""
    row = session.execute(_CHAIN, {"chain_id": chain_id}).mappings().first()
    if row is None:
        return None
    kept = dict(row)
    found = session.execute(_MAILS, {"versions": list(kept.pop("versions").values())})
    return ChainPage(**kept, mails={one.key: (one.id, one.name, one.version_id) for one in found})


def versions(session: Session, program_id: int) -> list[VersionLine]:
    """The versions of its program, the newest first; one statement."""
    rows = session.execute(_VERSIONS, {"program_id": program_id, "most": _MOST})
    return [VersionLine(*row) for row in rows]


def name_of(session: Session, lead_id: int) -> str:
    """What a lead is called; "" for nobody's number."""
    return session.scalar(select(CALLED).where(Lead.id == lead_id)) or ""


def sample_lead(session: Session, chain_id: int) -> int | None:
    """Some lead who stands in the chain, to show its mails with; one statement."""
    return session.execute(_SAMPLE, {"chain_id": chain_id}).scalar_one_or_none()
