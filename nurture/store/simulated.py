"""What a simulation takes from the tables when it begins: leads as they stand, and what they did before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store.lead_names import called


@dataclass(frozen=True, slots=True)
class SimulatedLead:
    """A lead beside its facts. `handoff_…` are those of an open hand-off; `came_from` the stage it ripened
    from."""

    id: int
    name: str
    email_norm: str | None
    armed: bool
    grade_override: str | None
    future_at: datetime | None
    handoff_state: str | None
    handoff_cause: str | None
    handoff_score: float | None
    handoff_ready_at: datetime | None
    came_from: str | None


@dataclass(frozen=True, slots=True)
class SimulatedRun:
    """An open run as the tables hold it; `awaits` whether a mail of it is under way."""

    lead_id: int
    temperature: str
    state: str
    step_key: str | None
    step_since: datetime | None
    entered_at: datetime
    pass_no: int
    settled_state: str | None
    settled_at: datetime | None
    resting_reason: str | None
    data: Mapping[str, Any]
    due_at: datetime | None
    due_reason: str
    waiting_for: str | None
    parallel: bool
    awaits: bool


@dataclass(frozen=True, slots=True)
class MailRates:
    """What became of a mail: how many were sent, and by how many people it was opened, clicked, answered;
    how many left by it."""

    mail: str
    sent: int
    opened: int
    clicked: int
    replied: int
    unsubscribed: int


_CHOSEN = text(
    """
    SELECT l.id FROM lead l JOIN program p ON p.id = :program_id AND p.demo = l.demo
    WHERE l.erased_at IS NULL AND l.held_at IS NULL AND NOT l.is_test AND l.stage <> 'lost'
      AND (CAST(:segment AS text) IS NULL OR EXISTS (
          SELECT FROM segment_member m JOIN segment s ON s.id = m.segment_id
          WHERE m.lead_id = l.id AND s.key = :segment
      ))
    ORDER BY hashint8(l.id), l.id
    LIMIT :limit
    """
)
_LEADS = text(
    f"""
    SELECT l.id, {called("l")} AS name, l.email_norm, l.armed, l.grade_override, l.future_at,
           h.state AS handoff_state, h.cause AS handoff_cause, h.score AS handoff_score,
           h.ready_at AS handoff_ready_at, ripe.old AS came_from
    FROM lead l
    LEFT JOIN LATERAL (
        SELECT state, cause, score, ready_at FROM handoff
        WHERE lead_id = l.id AND state = ANY(:open) ORDER BY ripening_no DESC LIMIT 1
    ) h ON true
    LEFT JOIN LATERAL (
        SELECT old FROM stage_change
        WHERE lead_id = l.id AND new = 'sales_ready' AND old NOT IN ('sales_ready', 'opportunity')
        ORDER BY at DESC, id DESC LIMIT 1
    ) ripe ON true
    WHERE l.id = ANY(:lead_ids)
    """
)
_RUNS = text(
    """
    SELECT e.lead_id, c.temperature, e.state, e.step_key, e.step_since, e.entered_at, e.pass_no,
           e.settled_state, e.settled_at, e.resting_reason, e.data, e.due_at, e.due_reason, e.waiting_for,
           e.parallel, e.awaiting_delivery_id IS NOT NULL AS awaits
    FROM enrollment e JOIN chain c ON c.id = e.chain_id
    WHERE e.program_id = :program_id AND e.lead_id = ANY(:lead_ids) AND e.state IN ('active', 'resting')
    ORDER BY e.id
    """
)
_OCCASIONS = text(
    """
    SELECT e.lead_id, c.temperature || ':' || e.occasion AS occasion
    FROM enrollment e JOIN chain c ON c.id = e.chain_id
    WHERE e.program_id = :program_id AND e.lead_id = ANY(:lead_ids) AND e.occasion IS NOT NULL
    """
)
# A share of what was sent, by what people did: machines are not counted among them.
_RATES = text(
    """
    WITH sent AS (
        SELECT d.id, m.key AS mail, d.opened_at IS NOT NULL AS opened,
               d.clicked_at IS NOT NULL AS clicked
        FROM delivery d JOIN mail_version v ON v.id = d.mail_version_id JOIN mail m ON m.id = v.mail_id
        WHERE d.program_id = :program_id AND d.purpose = 'chain' AND d.state = 'sent'
          AND d.sent_at > :since AND d.sent_at <= :until
    )
    SELECT s.mail, count(*) AS sent, count(*) FILTER (WHERE s.opened OR s.clicked) AS opened,
           count(*) FILTER (WHERE s.clicked) AS clicked,
           count(*) FILTER (WHERE g.replied) AS replied, count(*) FILTER (WHERE g.gone) AS unsubscribed
    FROM sent s
    LEFT JOIN LATERAL (
        SELECT bool_or(kind = 'replied') AS replied, bool_or(kind = 'unsubscribed') AS gone
        FROM signal WHERE delivery_id = s.id AND kind IN ('replied', 'unsubscribed')
    ) g ON true
    GROUP BY s.mail ORDER BY s.mail
    """
)
_DELAYS = text(
    """
    SELECT percentile_cont(CAST(:steps AS float8[])) WITHIN GROUP (
               ORDER BY extract(epoch FROM opened_at - sent_at)) AS opened,
           percentile_cont(CAST(:steps AS float8[])) WITHIN GROUP (
               ORDER BY extract(epoch FROM clicked_at - opened_at))
               FILTER (WHERE clicked_at >= opened_at) AS clicked
    FROM delivery
    WHERE program_id = :program_id AND purpose = 'chain' AND state = 'sent' AND opened_at >= sent_at
      AND sent_at > :since AND sent_at <= :until
    """
)
_DECILES = [step / 10 for step in range(11)]


def chosen(session: Session, program_id: int, *, segment: str | None, limit: int) -> list[int]:
    """Leads that the program may have, spread over the base, of one segment if named; always the same ones
    of the same base."""
    values = {"program_id": program_id, "segment": segment, "limit": limit}
    return list(session.execute(_CHOSEN, values).scalars())


def leads(session: Session, lead_ids: Sequence[int], open_states: Sequence[str]) -> list[SimulatedLead]:
    """These leads, in the order of their ids."""
    rows = session.execute(_LEADS, {"lead_ids": list(lead_ids), "open": list(open_states)}).mappings()
    return sorted((SimulatedLead(**row) for row in rows), key=lambda one: one.id)


def runs(session: Session, program_id: int, lead_ids: Sequence[int]) -> dict[int, list[SimulatedRun]]:
    """Their open runs in the program, by lead."""
    found: dict[int, list[SimulatedRun]] = {}
    for row in session.execute(_RUNS, {"program_id": program_id, "lead_ids": list(lead_ids)}).mappings():
        found.setdefault(row["lead_id"], []).append(SimulatedRun(**row))
    return found


def occasions(session: Session, program_id: int, lead_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """By what each of them has come in, as "chain:occasion"."""
    found: dict[int, frozenset[str]] = {}
    for lead_id, name in session.execute(_OCCASIONS, {"program_id": program_id, "lead_ids": list(lead_ids)}):
        found[lead_id] = found.get(lead_id, frozenset()) | {name}
    return found


def rates(session: Session, program_id: int, *, since: datetime, until: datetime) -> list[MailRates]:
    """What people did with the mails of a program that were sent in (since, until]."""
    values = {"program_id": program_id, "since": since, "until": until}
    return [MailRates(**row) for row in session.execute(_RATES, values).mappings()]


def delays(
    session: Session, program_id: int, *, since: datetime, until: datetime
) -> tuple[list[float] | None, list[float] | None]:
    """Deciles in seconds, from 0 to 100 %: from sending to opening, and from opening to clicking; None where
    there was none."""
    values = {"program_id": program_id, "since": since, "until": until, "steps": _DECILES}
    row = session.execute(_DELAYS, values).one()
    return row.opened, row.clicked
