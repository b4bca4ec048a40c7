"""What is recorded about a lead and a chain: the rows that answer why."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.rules.why import EventRecord, MailRecord, RunRecord, Said


@dataclass(frozen=True, slots=True)
class ChainAsked:
    """A chain with its program as it is live (or the draft before the first), and the switches.
    `model_id` is that of the program's heat model, None for the default one; `version_id` that of `spec`."""

    chain_id: int
    temperature: str
    chain_paused: bool
    program_id: int
    program_state: str
    model_id: int | None
    version_id: int
    spec: dict[str, Any]
    stopped: bool
    live: bool


@dataclass(frozen=True, slots=True)
class LeadAsked:
    """Whether the lead is there, and still a person."""

    id: int
    erased: bool


@dataclass(frozen=True, slots=True)
class RunFound:
    """A run of the lead in the program, and the version that leads it."""

    id: int
    chain_id: int
    version_id: int
    version_no: int
    record: RunRecord


_CHAIN = """
    SELECT c.id AS chain_id, c.temperature, c.paused_at IS NOT NULL AS chain_paused, p.id AS program_id,
           p.state AS program_state, CASE WHEN m.key <> 'default' THEN p.model_id END AS model_id,
           v.id AS version_id, v.spec,
           i.sending_stopped AS stopped, i.live
    FROM chain c
    JOIN program p ON p.id = c.program_id
    JOIN heat_model m ON m.id = p.model_id
    JOIN program_version v ON v.id = coalesce(p.live_version_id, p.draft_version_id)
    CROSS JOIN installation i
"""
_CHAIN_BY_ID = text(_CHAIN + " WHERE c.id = :chain_id")
_CHAIN_BY_NAME = text(_CHAIN + " WHERE p.key = :program AND c.temperature = :temperature")
_CHAIN_OF_LEAD = text(
    """
    SELECT chain_id FROM enrollment WHERE lead_id = :lead_id
    ORDER BY state = 'ended', entered_at DESC, id DESC LIMIT 1
    """
)
_LEAD = text("SELECT id, erased_at IS NOT NULL AS erased FROM lead WHERE id = :lead_id")
_REFUSALS = text("SELECT purpose, consent_id FROM lead_consent WHERE lead_id = :lead_id AND NOT granted")
_SAID = text(
    """
    SELECT id, purpose, state, at FROM consent
    WHERE lead_id = ANY(ARRAY(SELECT CAST(:lead_id AS bigint)
                              UNION ALL SELECT alias_id FROM lead_alias WHERE lead_id = :lead_id))
    ORDER BY at, id
    """
)
_RUNS = text(
    """
    SELECT e.id, e.chain_id, e.version_id, v.no AS version_no, c.temperature, e.state,
           e.step_key, e.due_at, e.due_reason, e.waiting_for,
           e.resting_reason, e.exit_reason, e.settled_state, e.entered_at,
           coalesce(CAST(e.data ->> 'over' AS boolean), false) AS over
    FROM enrollment e JOIN chain c ON c.id = e.chain_id JOIN program_version v ON v.id = e.version_id
    WHERE e.lead_id = :lead_id AND e.program_id = :program_id
    ORDER BY e.state = 'ended', e.entered_at DESC, e.id DESC
    """
)
_MAILS = text(
    """
    SELECT DISTINCT ON (step_key) step_key, id, state, reason, due_at, created_at, settled_at, sent_at,
           bounced_at, consent_id
    FROM delivery WHERE lead_id = :lead_id AND chain_id = :chain_id AND step_key IS NOT NULL
    ORDER BY step_key, id DESC
    """
)
_EVENTS = text(
    """
    SELECT DISTINCT ON (step_key) step_key, what, reason, at,
           CAST(detail ->> 'consent_id' AS bigint) AS consent_id
    FROM chain_event
    WHERE enrollment_id = ANY(:run_ids) AND step_key IS NOT NULL AND what = ANY(:ends)
    ORDER BY step_key, id DESC
    """
)
# Lines of history that end a step. What became of a mail is told by its delivery.
_ENDS = ("skipped", "waited", "branched", "done", "handed_over")


def chain(session: Session, chain_id: int) -> ChainAsked | None:
    """The chain by its id."""
    row = session.execute(_CHAIN_BY_ID, {"chain_id": chain_id}).mappings().first()
    return None if row is None else ChainAsked(**row)


def chain_named(session: Session, program: str, temperature: str) -> ChainAsked | None:
    """The chain by the key of its program and its temperature."""
    values = {"program": program, "temperature": temperature}
    row = session.execute(_CHAIN_BY_NAME, values).mappings().first()
    return None if row is None else ChainAsked(**row)


def chain_of_lead(session: Session, lead_id: int) -> int | None:
    """The chain in which the lead stands, or stood last."""
    return session.execute(_CHAIN_OF_LEAD, {"lead_id": lead_id}).scalar_one_or_none()


def lead(session: Session, lead_id: int) -> LeadAsked | None:
    row = session.execute(_LEAD, {"lead_id": lead_id}).mappings().first()
    return None if row is None else LeadAsked(**row)


def refusals(session: Session, lead_id: int) -> dict[str, int]:
    """The entries of the ledger by which the lead does not agree, by purpose: withdrawn, or not confirmed.
    Purposes never asked about have none."""
    return {row.purpose: row.consent_id for row in session.execute(_REFUSALS, {"lead_id": lead_id})}


def said(session: Session, lead_id: int) -> list[Said]:
    """What the lead ever said, and those that it was merged with, oldest first."""
    return [Said(**row) for row in session.execute(_SAID, {"lead_id": lead_id}).mappings()]


def runs(session: Session, lead_id: int, program_id: int) -> list[RunFound]:
    """Every run of the lead in the program, the open one first, then the newest."""
    rows = session.execute(_RUNS, {"lead_id": lead_id, "program_id": program_id}).mappings()
    found = []
    for row in rows:
        values = dict(row)
        place = {name: values.pop(name) for name in ("id", "chain_id", "version_id", "version_no")}
        found.append(RunFound(**place, record=RunRecord(**values)))
    return found


def mails(session: Session, lead_id: int, chain_id: int) -> dict[str, MailRecord]:
    """The newest delivery of each step of the chain to the lead."""
    found: dict[str, MailRecord] = {}
    for row in session.execute(_MAILS, {"lead_id": lead_id, "chain_id": chain_id}).mappings():
        values = dict(row)
        step_key = values.pop("step_key")
        found[step_key] = MailRecord(**values)
    return found


def events(session: Session, run_ids: list[int]) -> dict[str, EventRecord]:
    """The newest line of history that ended each step, over these runs."""
    if not run_ids:
        return {}
    rows = session.execute(_EVENTS, {"run_ids": run_ids, "ends": list(_ENDS)})
    return {row.step_key: EventRecord(row.what, row.reason, row.at, row.consent_id) for row in rows}
