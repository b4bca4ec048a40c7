"""Leads on the verge of the hand-over, with a model, for the tests of this part of the funnel."""

import math
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from nurture.flows.ripen import Ripe, ripen
from nurture.rules.heat import seconds
from nurture.rules.model import read
from nurture.store import models
from nurture.store.companies import Company
from nurture.store.leads import Lead
from nurture.store.users import User
from nurture.store.webhooks import WebhookEndpoint
from tests.conftest import TUESDAY

REASONS = [
    {"text": "clicked the price list", "points": 35.0},
    {"text": "company of 50 or more", "points": 30.0},
]


def a_model(db: Session, *, rise: float = 60) -> int:
    """The default model, live, with a half-life of 21 days."""
    plain = {
        "model": "default",
        "half_life": "21d",
        "signals": {"clicked": {"weight": 10}},
        "temperature": {"warm": {"rise": 20, "fall": 12}, "hot": {"rise": 50, "fall": 35}},
        "readiness": {"rise": rise, "fall": 45},
    }
    model_id, version_id, _no = models.add_version(db, read(plain), "", now=TUESDAY, by="test")
    models.set_live(db, version_id, now=TUESDAY)
    db.commit()
    return model_id


def a_lead(
    db: Session,
    name: str = "Ada",
    *,
    stage: str = "lead",
    owner: int | None = None,
    works_at: str | None = None,
) -> int:
    """Somebody ripe, at a company of their own unless said."""
    works_at = works_at or ("Example Works" if name == "Ada" else f"{name} Works")
    company = db.query(Company).filter_by(folded=works_at.lower()).one_or_none()
    company = company or Company(
        name=works_at, folded=works_at.lower(), created_at=TUESDAY, updated_at=TUESDAY
    )
    db.add(company)
    db.flush()
    lead = Lead(
        email=f"{name.lower()}@example.com",
        email_norm=f"{name.lower()}@example.com",
        first_name=name,
        last_name="Example",
        company_id=company.id,
        role="Head of purchasing",
        temperature="hot",
        heat_log2=math.log2(61.5) + seconds(TUESDAY) / timedelta(days=21).total_seconds(),
        stage=stage,
        owner_id=owner,
        bant={"budget": "yes"},
        stage_since=TUESDAY,
        temperature_since=TUESDAY,
        created_at=TUESDAY,
        updated_at=TUESDAY,
    )
    db.add(lead)
    db.commit()
    return lead.id


def a_seller(db: Session, name: str) -> int:
    user = User(
        email=f"{name.lower()}@sales.example", name=name, role="sales", password_hash="-", created_at=TUESDAY
    )
    db.add(user)
    db.commit()
    return user.id


def an_endpoint(db: Session, url: str, sealed: str, *types: str) -> int:
    endpoint = WebhookEndpoint(url=url, types=list(types), secrets=[sealed], created_at=TUESDAY)
    db.add(endpoint)
    db.commit()
    return endpoint.id


def ripe(lead_id: int, model_id: int, *, score: float = 72, cause: str = "threshold") -> Ripe:
    return Ripe(lead_id, model_id, cause, score, REASONS, "hot", 61.5, "A")


def ripened(
    db: Session,
    lead_id: int,
    model_id: int,
    *,
    score: float = 72,
    cause: str = "threshold",
    now: datetime = TUESDAY,
) -> int:
    """The id of the hand-off of a lead that has just ripened."""
    made = ripen(db, [ripe(lead_id, model_id, score=score, cause=cause)], now=now)
    db.commit()
    return made[0]
