"""The lead card: the person, consents, where they stand in chains, hand-offs, and one timeline."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session, aliased

from nurture.store.companies import Company
from nurture.store.consents import Consent, LeadConsent
from nurture.store.enrollments import Enrollment
from nurture.store.handoffs import Handoff
from nurture.store.lead_names import CALLED
from nurture.store.leads import Lead
from nurture.store.programs import ChainRow, ProgramRow, ProgramVersion
from nurture.store.sources import Source
from nurture.store.users import User

TIMELINE_PAGE = 40


@dataclass(frozen=True)
class ConsentLine:
    """What holds for one purpose, since when, and how it came."""

    purpose: str
    granted: bool
    at: datetime
    state: str
    channel: str


@dataclass(frozen=True)
class RunLine:
    """A run of the lead through a program's chain; `spec` is the version it runs by."""

    program_id: int
    program: str
    program_state: str
    temperature: str
    chain_paused: bool
    state: str
    step_key: str | None
    step_since: datetime | None
    due_at: datetime | None
    due_reason: str
    waits_for_delivery: bool
    resting_reason: str | None
    exit_reason: str | None
    ended_at: datetime | None
    spec: dict[str, Any]


@dataclass(frozen=True)
class Card:
    """Everything of the page but the timeline and the explanation of the scores."""

    lead: Lead
    company: Company | None
    source: str | None
    last_source: str | None
    owner: str | None
    consents: list[ConsentLine]
    runs: list[RunLine]
    handoffs: list[Handoff]

    @property
    def name(self) -> str:
        person = " ".join(part for part in (self.lead.first_name, self.lead.last_name) if part)
        return person or self.lead.email or self.lead.phone or f"#{self.lead.id}"


@dataclass(frozen=True)
class Touch:
    """One line of the timeline. `what` is signal, hit, delivery, stage, temperature, outcome or handoff;
    `verdict` of a signal that somebody took back is taken_back, `source` is who reported a signal."""

    at: datetime
    what: str
    kind: str
    ref: str
    about: str
    detail: dict[str, Any]
    verdict: str
    source: str


def load(session: Session, lead_id: int) -> Card | None:
    """Four statements; None when there is no such lead or it was erased."""
    last_source = aliased(Source)
    found = session.execute(
        select(Lead, Company, Source.name, last_source.name, User.name)
        .outerjoin(Company, Company.id == Lead.company_id)
        .outerjoin(Source, Source.id == Lead.source_id)
        .outerjoin(last_source, last_source.id == Lead.last_source_id)
        .outerjoin(User, User.id == Lead.owner_id)
        .where(Lead.id == lead_id, Lead.erased_at.is_(None))
    ).one_or_none()
    if found is None:
        return None
    lead, company, source, newest, owner = found
    handoffs = (
        select(Handoff).where(Handoff.lead_id == lead_id).order_by(Handoff.ripening_no.desc()).limit(10)
    )
    return Card(
        lead=lead,
        company=company,
        source=source,
        last_source=newest,
        owner=owner,
        consents=_consents(session, lead_id),
        runs=_runs(session, lead_id),
        handoffs=list(session.scalars(handoffs)),
    )


@dataclass(frozen=True)
class Colleague:
    """Another contact of the same company."""

    id: int
    name: str
    role: str | None
    temperature: str


def colleagues(session: Session, lead: Lead, *, limit: int = 8) -> list[Colleague]:
    """Others of the company, the hottest first."""
    if lead.company_id is None:
        return []
    query = (
        select(Lead.id, CALLED, Lead.role, Lead.temperature)
        .where(Lead.company_id == lead.company_id, Lead.id != lead.id, Lead.erased_at.is_(None))
        .order_by(Lead.heat_log2.desc().nulls_last(), Lead.id)
        .limit(limit)
    )
    return [Colleague(*row) for row in session.execute(query)]


def owners(session: Session) -> list[tuple[str, str]]:
    """Address and name of everybody who may own a lead."""
    living = select(User.email, User.name).where(User.disabled_at.is_(None)).order_by(User.name).limit(200)
    return [(email, name) for email, name in session.execute(living)]


def _consents(session: Session, lead_id: int) -> list[ConsentLine]:
    rows = session.execute(
        select(LeadConsent.purpose, LeadConsent.granted, LeadConsent.at, Consent.state, Consent.channel)
        .join(Consent, Consent.id == LeadConsent.consent_id)
        .where(LeadConsent.lead_id == lead_id)
        .order_by(LeadConsent.purpose)
    )
    return [ConsentLine(*row) for row in rows]


def _runs(session: Session, lead_id: int) -> list[RunLine]:
    rows = session.execute(
        select(
            ProgramRow.id,
            ProgramRow.name,
            ProgramRow.state,
            ChainRow.temperature,
            ChainRow.paused_at.is_not(None),
            Enrollment.state,
            Enrollment.step_key,
            Enrollment.step_since,
            Enrollment.due_at,
            Enrollment.due_reason,
            Enrollment.awaiting_delivery_id.is_not(None),
            Enrollment.resting_reason,
            Enrollment.exit_reason,
            Enrollment.ended_at,
            ProgramVersion.spec,
        )
        .join(ProgramRow, ProgramRow.id == Enrollment.program_id)
        .join(ChainRow, ChainRow.id == Enrollment.chain_id)
        .join(ProgramVersion, ProgramVersion.id == Enrollment.version_id)
        .where(Enrollment.lead_id == lead_id)
        .order_by(Enrollment.ended_at.desc().nulls_first(), Enrollment.id.desc())
        .limit(6)
    )
    return [RunLine(*tuple(row)) for row in rows]


def timeline(
    session: Session, lead_id: int, *, before: datetime | None, only: str = "", limit: int = TIMELINE_PAGE
) -> list[Touch]:
    """One statement: what happened, newest first, up to `limit` + 1 lines (one more says that there is more).

    `only` is mails, people or empty. Human opens and clicks come from signals; hits add what machines
    did. What sales answered stands there once: its signals are left out.
    """
    kinds = {"mails": ["delivery", "hit", "mail"], "people": ["signal", "outcome", "handoff"]}.get(only, [])
    found = session.execute(
        _TIMELINE, {"lead": lead_id, "before": before, "limit": limit + 1, "kinds": kinds, "all": not kinds}
    )
    return [Touch(*row) for row in found]


_TIMELINE = text(
    """
    SELECT at, what, kind, ref, about, detail, verdict, source FROM (
      (SELECT s.occurred_at AS at, 'signal' AS what,
              CASE WHEN s.kind IN ('opened', 'clicked') THEN 'mail' ELSE 'signal' END AS class,
              s.kind AS kind, s.id::text AS ref, coalesce(mv.subject, s.mail_key, '') AS about,
              s.data AS detail,
              CASE v.reason WHEN 'taken_back' THEN v.reason
                            ELSE coalesce(v.verdict, s.verdict) END AS verdict,
              s.source AS source
         FROM signal s
         LEFT JOIN delivery d ON d.id = s.delivery_id
         LEFT JOIN mail_version mv ON mv.id = d.mail_version_id
         LEFT JOIN LATERAL (SELECT verdict, reason FROM signal_verdict WHERE signal_id = s.id
                            ORDER BY at DESC LIMIT 1) v ON true
        WHERE s.lead_id = :lead AND s.source <> 'sales'
          AND (CAST(:before AS timestamptz) IS NULL OR s.occurred_at < :before)
        ORDER BY s.occurred_at DESC LIMIT :limit)
      UNION ALL
      (SELECT h.occurred_at, 'hit', 'hit', h.kind, h.id::text, coalesce(mv.subject, ''),
              jsonb_build_object('reasons', coalesce(v.reasons, h.reasons)),
              coalesce(v.verdict, h.verdict), ''
         FROM hit h
         LEFT JOIN delivery d ON d.id = h.delivery_id
         LEFT JOIN mail_version mv ON mv.id = d.mail_version_id
         LEFT JOIN LATERAL (
             SELECT verdict, CASE WHEN by = 'rules' THEN string_to_array(reason, ' ')
                                  ELSE ARRAY[reason] END AS reasons
             FROM signal_verdict WHERE signal_id = h.id ORDER BY at DESC LIMIT 1) v ON true
        WHERE h.lead_id = :lead AND coalesce(v.verdict, h.verdict) <> 'human'
          AND NOT EXISTS (SELECT FROM signal s WHERE s.id = h.id AND s.received_at = h.received_at)
          AND (CAST(:before AS timestamptz) IS NULL OR h.received_at < :before)
        ORDER BY h.received_at DESC LIMIT :limit)
      UNION ALL
      (SELECT coalesce(d.sent_at, d.settled_at, d.created_at), 'delivery', 'delivery', d.state, d.id::text,
              mv.subject, jsonb_build_object('reason', d.reason, 'purpose', d.purpose,
                                             'bounced', d.bounced_at, 'complained', d.complained_at), '', ''
         FROM delivery d JOIN mail_version mv ON mv.id = d.mail_version_id
        WHERE d.lead_id = :lead AND d.state NOT IN ('scheduled')
          AND (CAST(:before AS timestamptz) IS NULL
               OR coalesce(d.sent_at, d.settled_at, d.created_at) < :before)
        ORDER BY d.id DESC LIMIT :limit)
      UNION ALL
      (SELECT at, 'stage', 'stage', new, id::text, reason, jsonb_build_object('old', old, 'by', by), '', ''
         FROM stage_change
        WHERE lead_id = :lead AND (CAST(:before AS timestamptz) IS NULL OR at < :before)
        ORDER BY at DESC LIMIT :limit)
      UNION ALL
      (SELECT t.at, 'temperature', 'temperature', t.new, t.id::text, t.reason,
              jsonb_build_object('old', t.old, 'heat', t.heat), '', ''
         FROM temperature_change t JOIN heat_model m ON m.id = t.model_id AND m.key = 'default'
        WHERE t.lead_id = :lead AND (CAST(:before AS timestamptz) IS NULL OR t.at < :before)
        ORDER BY t.at DESC LIMIT :limit)
      UNION ALL
      (SELECT o.at, 'outcome', 'outcome', o.outcome, h.id::text, o.reason,
              jsonb_build_object('note', o.note, 'amount', o.amount, 'currency', o.currency,
                                 'happens_at', o.happens_at, 'by', o.by), '', ''
         FROM handoff h JOIN handoff_outcome o ON o.handoff_id = h.id
        WHERE h.lead_id = :lead AND (CAST(:before AS timestamptz) IS NULL OR o.at < :before)
        ORDER BY o.at DESC LIMIT :limit)
    ) AS every (at, what, class, kind, ref, about, detail, verdict, source)
    WHERE :all OR class = ANY(:kinds)
    ORDER BY at DESC, what LIMIT :limit
    """
)
