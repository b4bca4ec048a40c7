"""Due runs are claimed, and what was decided about them is written: a few statements a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store import batch

# Mails that count against a lead's frequency cap.
CAPPED = ("chain", "newsletter")
# Hand-offs in which sales has taken the lead on and has not ended the conversation.
TALKING = ("accepted", "contacted", "meeting")
# States in which a delivery may still go out.
UNDER_WAY = ("scheduled", "ready", "leased", "sending", "deferred")


@dataclass(frozen=True, slots=True)
class DueRun:
    """A claimed run: its row, the lead's normalised address, and whether sales is talking to the lead."""

    id: int
    program_id: int
    chain_id: int
    version_id: int
    lead_id: int
    email_norm: str | None
    state: str
    step_key: str | None
    step_since: datetime | None
    pass_no: int
    settled_state: str | None
    settled_at: datetime | None
    resting_reason: str | None
    data: Mapping[str, Any]
    entered_at: datetime
    due_reason: str
    parallel: bool
    with_sales: bool


@dataclass(frozen=True, slots=True)
class RunAfter:
    """A run as a decision leaves it."""

    id: int
    version_id: int
    state: str
    step_key: str | None
    step_since: datetime | None
    pass_no: int
    due_at: datetime | None
    due_reason: str
    waiting_for: str | None
    awaiting_delivery_id: int | None
    settled_state: str | None
    settled_at: datetime | None
    resting_reason: str | None
    exit_reason: str | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChainSend:
    """A mail that a step sends, before its window closes (`until`), in the name of `sender` where the step
    says so. The key of the row is built from run, step and pass, so that no repetition makes a second one."""

    enrollment_id: int
    lead_id: int
    program_id: int
    chain_id: int
    version_id: int
    step_key: str
    pass_no: int
    mail_version_id: int
    consent_purpose: str
    until: datetime | None = None
    sender: str | None = None

    @property
    def params(self) -> dict[str, Any]:
        said = {"until": self.until, "sender": self.sender}
        return {name: value for name, value in said.items() if value is not None}

    @property
    def dedup_key(self) -> str:
        return f"chain:{self.enrollment_id}:{self.step_key}:{self.pass_no}"


# The lead's row is locked as well: caps and consent of one lead are decided by one worker at a time.
_CLAIM = text(
    """
    SELECT e.id, e.program_id, e.chain_id, e.version_id, e.lead_id, l.email_norm, e.state, e.step_key,
           e.step_since, e.pass_no, e.settled_state, e.settled_at, e.resting_reason, e.data, e.entered_at,
           e.due_reason, e.parallel,
           EXISTS (SELECT FROM handoff h WHERE h.lead_id = e.lead_id AND h.state = ANY(:talking))
               AS with_sales
    FROM enrollment e
    JOIN lead l ON l.id = e.lead_id
    WHERE e.state IN ('active', 'resting') AND e.due_at IS NOT NULL AND e.due_at <= :now
      AND e.awaiting_delivery_id IS NULL
      AND e.program_id = ANY(:program_ids) AND e.chain_id <> ALL(:paused_chain_ids)
    ORDER BY e.due_at, e.id
    LIMIT :limit
    FOR UPDATE OF e SKIP LOCKED
    FOR NO KEY UPDATE OF l SKIP LOCKED
    """
)
_RECENT = text(
    """
    SELECT lead_id,
           CASE WHEN state = ANY(:under_way) THEN greatest(due_at, CAST(:now AS timestamptz))
                ELSE coalesce(sent_at, settled_at) END AS at
    FROM delivery
    WHERE lead_id = ANY(:lead_ids) AND purpose = ANY(:capped)
      AND (state = ANY(:under_way)
           OR (state IN ('sent', 'uncertain') AND coalesce(sent_at, settled_at) > :since))
    """
)
_SEND = text(
    """
    INSERT INTO delivery (dedup_key, purpose, consent_purpose, lead_id, program_id, chain_id, version_id,
                          enrollment_id, step_key, mail_version_id, params, state, due_at, created_at)
    SELECT dedup_key, 'chain', consent_purpose, lead_id, program_id, chain_id, version_id,
           enrollment_id, step_key, mail_version_id, params, 'ready', :now, :now
    FROM json_to_recordset(CAST(:rows AS json)) AS s (
        dedup_key text, consent_purpose text, lead_id bigint, program_id bigint, chain_id bigint,
        version_id bigint, enrollment_id bigint, step_key text, mail_version_id bigint, params jsonb
    )
    ON CONFLICT (dedup_key) DO NOTHING RETURNING dedup_key, id, state
    """
)
_THERE = text("SELECT dedup_key, id, state FROM delivery WHERE dedup_key = ANY(:dedup_keys)")
_WRITE = text(
    """
    UPDATE enrollment e
    SET version_id = a.version_id, state = a.state, step_key = a.step_key, step_since = a.step_since,
        pass_no = a.pass_no, due_at = a.due_at, due_reason = a.due_reason, waiting_for = a.waiting_for,
        awaiting_delivery_id = a.awaiting_delivery_id, settled_state = a.settled_state,
        settled_at = a.settled_at, resting_reason = a.resting_reason, exit_reason = a.exit_reason,
        data = a.data, ended_at = CASE WHEN a.state = 'ended' THEN :now END
    FROM json_to_recordset(CAST(:rows AS json)) AS a (
        id bigint, version_id bigint, state text, step_key text, step_since timestamptz, pass_no int,
        due_at timestamptz, due_reason text, waiting_for text, awaiting_delivery_id bigint,
        settled_state text, settled_at timestamptz, resting_reason text, exit_reason text, data jsonb
    )
    WHERE e.id = a.id
    """
)


def claim(
    session: Session,
    program_ids: Sequence[int],
    paused_chain_ids: Sequence[int],
    *,
    now: datetime,
    limit: int,
) -> list[DueRun]:
    """Due runs of these programs, earliest first, locked together with their leads until the transaction
    ends; those that others hold are passed over."""
    values = {
        "program_ids": list(program_ids),
        "paused_chain_ids": list(paused_chain_ids),
        "talking": list(TALKING),
        "now": now,
        "limit": limit,
    }
    # The columns stand in the order of the fields: by position is several times as fast as by name.
    return [DueRun(*row) for row in session.execute(_CLAIM, values)]


def recent_sends(
    session: Session, lead_ids: Sequence[int], *, since: datetime, now: datetime
) -> dict[int, list[datetime]]:
    """When capped mails went to these leads after `since`; those under way count as now, or as when they
    are due."""
    values = {
        "lead_ids": list(lead_ids),
        "since": since,
        "now": now,
        "capped": list(CAPPED),
        "under_way": list(UNDER_WAY),
    }
    sends: dict[int, list[datetime]] = {}
    for lead_id, at in session.execute(_RECENT, values):
        sends.setdefault(lead_id, []).append(at)
    return sends


def send(session: Session, sends: Sequence[ChainSend], *, now: datetime) -> dict[str, tuple[int, str]]:
    """Make the deliveries, ready to go; id and state of each by its dedup key, also of those that were
    there before."""
    if not sends:
        return {}
    rows = [
        {
            "dedup_key": one.dedup_key,
            "consent_purpose": one.consent_purpose,
            "lead_id": one.lead_id,
            "program_id": one.program_id,
            "chain_id": one.chain_id,
            "version_id": one.version_id,
            "enrollment_id": one.enrollment_id,
            "step_key": one.step_key,
            "mail_version_id": one.mail_version_id,
            "params": one.params,
        }
        for one in sends
    ]
    made = session.execute(_SEND, {"rows": batch.rows(rows), "now": now})
    found = {row.dedup_key: (row.id, row.state) for row in made}
    there = [one.dedup_key for one in sends if one.dedup_key not in found]
    if there:
        known = session.execute(_THERE, {"dedup_keys": there})
        found |= {row.dedup_key: (row.id, row.state) for row in known}
    return found


def write(session: Session, runs: Sequence[RunAfter], *, now: datetime) -> None:
    """Bring the rows of these runs to what was decided, in one statement."""
    if runs:
        session.execute(_WRITE, {"rows": batch.rows(runs), "now": now})
