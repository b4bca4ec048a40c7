"""A model that rates and leads that send signals, for the tests of heat in the tables."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, sessionmaker

from nurture.files.models import write_model
from nurture.flows.models import ModelFile, Switch, publish_model
from nurture.flows.rate import rate
from nurture.rules import heat
from nurture.rules.model import HeatModel
from nurture.store import signals
from nurture.store.companies import Company
from nurture.store.heat import LeadHeat
from nurture.store.leads import Lead
from nurture.store.signals import NewSignal
from tests.conftest import TUESDAY
from tests.rules.models import contract_model


def publish(
    sessions: sessionmaker[Session], model: HeatModel | None = None, now: datetime = TUESDAY
) -> Switch:
    chosen = model or contract_model()
    with sessions.begin() as session:
        return publish_model(session, ModelFile(chosen, write_model(chosen)), now=now)


def make_lead(sessions: sessionmaker[Session], **values: Any) -> int:
    row = {"stage_since": TUESDAY, "temperature_since": TUESDAY, "created_at": TUESDAY, "updated_at": TUESDAY}
    with sessions.begin() as session:
        return session.execute(insert(Lead).values(**(row | values)).returning(Lead.id)).scalar_one()


def strong_lead(sessions: sessionmaker[Session], **values: Any) -> int:
    """Grade A under the contract's scorecard, all of the data part known."""
    with sessions.begin() as session:
        company = Company(
            name="Nordlicht",
            folded=f"nordlicht {uuid.uuid4()}",
            size=80,
            created_at=TUESDAY,
            updated_at=TUESDAY,
        )
        session.add(company)
        session.flush()
        company_id = company.id
    fit = {"company_id": company_id, "role": "Head of supply", "country": "DE", "phone": str(uuid.uuid4())}
    return make_lead(sessions, **(fit | values))


def send(
    sessions: sessionmaker[Session],
    lead_id: int,
    kind: str,
    at: datetime,
    now: datetime | None = None,
    **values: Any,
) -> uuid.UUID:
    """A signal in the inbox of rating."""
    with sessions.begin() as session:
        row = NewSignal(lead_id=lead_id, kind=kind, occurred_at=at, source="api", **values)
        return signals.add(session, [row], now=now or at)[0]


def rate_all(sessions: sessionmaker[Session], now: datetime, limit: int = 500) -> None:
    while rate(sessions, now=now, limit=limit):
        pass


def lead(sessions: sessionmaker[Session], lead_id: int) -> Lead:
    with sessions() as session:
        return session.get_one(Lead, lead_id)


def heat_row(sessions: sessionmaker[Session], lead_id: int) -> LeadHeat:
    with sessions() as session:
        return session.scalars(select(LeadHeat).where(LeadHeat.lead_id == lead_id)).one()


def all_of(sessions: sessionmaker[Session], entity: type) -> Sequence[Any]:
    with sessions() as session:
        return session.scalars(select(entity)).all()


def worth(sessions: sessionmaker[Session], lead_id: int, now: datetime) -> float:
    """Heat under the contract's model at `now`."""
    log = lead(sessions, lead_id).heat_log2
    return 0.0 if log is None else round(heat.log2_value(log, now, contract_model().half_life_s), 6)
