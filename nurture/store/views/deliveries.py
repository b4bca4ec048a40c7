"""Deliveries as the pages list them, and one with its attempts and hits."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, select, true
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session

from nurture.rules.hits import TRAP_LABEL
from nurture.store.deliveries import STATES, Delivery, DeliveryAttempt
from nurture.store.hits import Hit
from nurture.store.inbound import InboundReport, of_delivery
from nurture.store.lead_names import FULL_NAME
from nurture.store.leads import Lead
from nurture.store.links import Link
from nurture.store.mails import MailRow, MailVersion
from nurture.store.programs import ChainRow, ProgramRow
from nurture.store.signals import SignalVerdict
from nurture.store.verdicts import BY_RULES

PAGE = 50
# A mail that is claimed and one at the server are both going out, to whoever looks.
_AS_SEEN = {"sending": ("leased", "sending")}
SEEN_STATES = tuple(state for state in STATES if state != "leased")


@dataclass(frozen=True)
class DeliveryRow:
    """One line: which mail to whom, and what came of it."""

    id: int
    lead_id: int | None
    name: str
    subject: str
    purpose: str
    state: str
    reason: str
    due_at: datetime
    sent_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None
    bounced_at: datetime | None


@dataclass(frozen=True)
class HitRow:
    """One request at the tracking door for this mail, by whom and why so judged, as it stands now. `trap`: on
    a link that nobody sees."""

    at: datetime
    kind: str
    verdict: str
    reasons: list[str]
    user_agent: str
    link: str | None
    trap: bool
    id: UUID


@dataclass(frozen=True)
class DeliveryPage:
    """One delivery whole."""

    delivery: Delivery
    name: str
    mail: str
    mail_version: int
    subject: str
    program: str | None
    temperature: str | None
    attempts: list[DeliveryAttempt]
    hits: list[HitRow]
    reports: list[InboundReport]


def page(
    session: Session,
    *,
    state: str = "",
    lead_id: int | None = None,
    program_id: int | None = None,
    mail_id: int | None = None,
    days: tuple[datetime, datetime] | None = None,
    after: int | None,
    limit: int = PAGE,
) -> tuple[list[DeliveryRow], int | None]:
    """One statement, newest first; the rows and the id where the next page begins. `days` are the first
    instant and the one after the last at which a delivery was made."""
    query = (
        select(
            Delivery.id,
            Delivery.lead_id,
            _NAME,
            MailVersion.subject,
            Delivery.purpose,
            Delivery.state,
            Delivery.reason,
            Delivery.due_at,
            Delivery.sent_at,
            Delivery.opened_at,
            Delivery.clicked_at,
            Delivery.bounced_at,
        )
        .join(MailVersion, MailVersion.id == Delivery.mail_version_id)
        .outerjoin(Lead, Lead.id == Delivery.lead_id)
        .order_by(Delivery.id.desc())
        .limit(limit + 1)
    )
    if state:
        query = query.where(Delivery.state.in_(_AS_SEEN.get(state, (state,))))
    if lead_id is not None:
        query = query.where(Delivery.lead_id == lead_id)
    if program_id is not None:
        query = query.where(Delivery.program_id == program_id)
    if mail_id is not None:
        query = query.where(MailVersion.mail_id == mail_id)
    if days is not None:
        query = query.where(Delivery.created_at >= days[0], Delivery.created_at < days[1])
    if after is not None:
        query = query.where(Delivery.id < after)
    rows = [DeliveryRow(*row) for row in session.execute(query)]
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def one(session: Session, delivery_id: int) -> DeliveryPage | None:
    """Four statements."""
    found = session.execute(
        select(
            Delivery,
            _NAME,
            MailRow.name,
            MailVersion.no,
            MailVersion.subject,
            ProgramRow.name,
            ChainRow.temperature,
        )
        .join(MailVersion, MailVersion.id == Delivery.mail_version_id)
        .join(MailRow, MailRow.id == MailVersion.mail_id)
        .outerjoin(Lead, Lead.id == Delivery.lead_id)
        .outerjoin(ProgramRow, ProgramRow.id == Delivery.program_id)
        .outerjoin(ChainRow, ChainRow.id == Delivery.chain_id)
        .where(Delivery.id == delivery_id)
    ).one_or_none()
    if found is None:
        return None
    attempts = select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == delivery_id)
    delivery, name, mail, version, subject, program, temperature = found
    return DeliveryPage(
        delivery=delivery,
        name=name,
        mail=mail,
        mail_version=version,
        subject=subject,
        program=program,
        temperature=temperature,
        attempts=list(session.scalars(attempts.order_by(DeliveryAttempt.attempt_no))),
        hits=_hits(session, delivery_id),
        reports=of_delivery(session, delivery_id),
    )


def _hits(session: Session, delivery_id: int) -> list[HitRow]:
    """The last hundred, each with the verdict that holds now."""
    reasons = case(
        (SignalVerdict.by == BY_RULES, func.string_to_array(SignalVerdict.reason, " ")),
        else_=array([SignalVerdict.reason]),
    )
    later = (
        select(SignalVerdict.verdict, reasons.label("reasons"))
        .where(SignalVerdict.signal_id == Hit.id)
        .order_by(SignalVerdict.at.desc())
        .limit(1)
        .lateral()
    )
    found = session.execute(
        select(
            Hit.occurred_at,
            Hit.kind,
            func.coalesce(later.c.verdict, Hit.verdict),
            func.coalesce(later.c.reasons, Hit.reasons),
            Hit.user_agent,
            func.coalesce(func.nullif(Link.label, ""), Link.url),
            func.coalesce(Link.label == TRAP_LABEL, False),
            Hit.id,
        )
        .outerjoin(Link, Link.id == Hit.link_id)
        .outerjoin(later, true())
        .where(Hit.delivery_id == delivery_id)
        .order_by(Hit.received_at.desc())
        .limit(100)
    )
    return [HitRow(*hit) for hit in found]


@dataclass(frozen=True)
class Choices:
    """What the list can be narrowed to: programs, and the mails of all or of one of them."""

    programs: list[tuple[int, str]]
    mails: list[tuple[int, str]]


def choices(session: Session, program_id: int | None) -> Choices:
    """Two statements."""
    programs = session.execute(select(ProgramRow.id, ProgramRow.name).order_by(ProgramRow.name).limit(200))
    mails = select(MailRow.id, MailRow.name).order_by(MailRow.name).limit(300)
    if program_id is not None:
        mails = mails.where(MailRow.program_id == program_id)
    return Choices(
        [(number, name) for number, name in programs],
        [(number, name) for number, name in session.execute(mails)],
    )


_NAME = func.coalesce(FULL_NAME, Lead.email, Delivery.address, "")
