"""The lead card: the person, consents, where they stand in chains, hand-offs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
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
    """Everything of the page but the timeline (store/views/timeline.py) and the explanation of the scores."""

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
