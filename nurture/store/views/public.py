"""What the public pages may know: the company, and as little of the reader as the page needs."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from nurture.store.consents import Consent, LeadConsent
from nurture.store.deliveries import Delivery
from nurture.store.forms import FormSubmission, FormVersion
from nurture.store.handoffs import Handoff
from nurture.store.installation import Installation
from nurture.store.lead_aliases import LeadAlias
from nurture.store.leads import Lead


@dataclass(frozen=True)
class House:
    """Who writes; `color` as #rrggbb."""

    company_name: str
    postal_address: str
    timezone: str
    color: str


@dataclass(frozen=True)
class Reader:
    """Whose link this is. `purpose` is what the mail rested on; `consents` what holds by purpose;
    `language` the lead's own, if known."""

    lead_id: int
    delivery_id: int
    email: str | None
    purpose: str | None
    consents: dict[str, bool]
    language: str | None = None


@dataclass(frozen=True)
class Asked:
    """A consent that a confirmation link is about."""

    email: str | None
    purpose: str
    state: str
    language: str | None


@dataclass(frozen=True)
class SignedUp:
    """A form that was sent and waits for its owner: `spec` as it was then, `wordings` what was ticked."""

    email: str | None
    spec: dict[str, Any]
    wordings: tuple[str, ...]
    confirmed: bool


@dataclass(frozen=True)
class Question:
    """A hand-off behind an answer link."""

    handoff_id: int
    state: str
    first_name: str | None
    last_name: str | None


def house(session: Session) -> House:
    return House(
        *session.execute(
            select(
                Installation.company_name,
                Installation.postal_address,
                Installation.timezone,
                Installation.color,
            ).where(Installation.id == 1)
        ).one()
    )


def reader(session: Session, lead_id: int, delivery_id: int) -> Reader | None:
    """Whose the links of a mail are, be it from before the lead was merged. Two statements; None when the
    lead is gone."""
    row = session.execute(
        select(Lead.id, Lead.email, Delivery.consent_purpose, Lead.language)
        .outerjoin(Delivery, (Delivery.id == delivery_id) & (Delivery.lead_id == Lead.id))
        .where(Lead.id == _meant(lead_id), Lead.erased_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    held = session.execute(
        select(LeadConsent.purpose, LeadConsent.granted).where(LeadConsent.lead_id == row[0])
    )
    consents = {one.purpose: one.granted for one in held}
    return Reader(row[0], delivery_id, row[1], row[2], consents, row[3])


def _meant(lead_id: int) -> ColumnElement[int]:
    """The lead that an id means now."""
    merged = select(LeadAlias.lead_id).where(LeadAlias.alias_id == lead_id).scalar_subquery()
    return func.coalesce(merged, lead_id)


def pending(session: Session, lead_id: int, consent_id: int) -> Asked | None:
    """What the confirmation link of this lead asks; None when there is no such question."""
    row = session.execute(
        select(Lead.email, Consent.purpose, Consent.state, Lead.language)
        .join(Consent, Consent.lead_id == lead_id)
        .where(Lead.id == _meant(lead_id), Consent.id == consent_id, Lead.erased_at.is_(None))
    ).one_or_none()
    return Asked(*row) if row else None


def signed_up(session: Session, submission_id: int) -> SignedUp | None:
    """What the confirmation link of a form asks; None when there is no such question."""
    row = session.execute(
        select(
            Lead.email,
            FormSubmission.form_id,
            FormSubmission.version_no,
            FormSubmission.asked,
            FormSubmission.confirmed_at,
        )
        .join(FormSubmission, FormSubmission.lead_id == Lead.id)
        .where(FormSubmission.id == submission_id, Lead.erased_at.is_(None))
    ).one_or_none()
    if row is None or not row.asked:
        return None
    said = session.execute(
        select(Consent.purpose, Consent.wording).where(Consent.id.in_(row.asked)).order_by(Consent.id)
    )
    spec = session.get_one(FormVersion, (row.form_id, row.version_no)).spec
    wordings = tuple(one.wording or one.purpose for one in said)
    return SignedUp(row.email, spec, wordings, row.confirmed_at is not None)


def question(session: Session, handoff_id: int) -> Question | None:
    row = session.execute(
        select(Handoff.id, Handoff.state, Lead.first_name, Lead.last_name)
        .join(Lead, Lead.id == Handoff.lead_id)
        .where(Handoff.id == handoff_id)
    ).one_or_none()
    return Question(*row) if row else None
