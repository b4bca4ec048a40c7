"""People who were sent a mail: a live chain, a mail with links, a delivery that the server accepted."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store.deliveries import Delivery
from nurture.store.leads import Lead
from nurture.store.links import Link
from nurture.store.mails import MailRow, MailVersion
from nurture.store.programs import ChainRow, ProgramRow, ProgramVersion
from tests.conftest import TUESDAY

LINKS = ("https://shop.example/guide", "https://shop.example/prices", "https://shop.example/visit")
SENT = TUESDAY - timedelta(hours=3)


@dataclass(frozen=True)
class Mailing:
    """A live program with one cold chain and its mail `welcome`."""

    program_id: int
    version_id: int
    chain_id: int
    mail_version_id: int
    link_ids: tuple[int, ...]


def a_mailing(db: Session, *, key: str = "consulting", purpose: str = "marketing") -> Mailing:
    """Store the program; committed."""
    model_id = db.scalar(
        text("""
            INSERT INTO heat_model (key, created_at) VALUES ('default', :now)
            ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING id
        """),
        {"now": TUESDAY},
    )
    program = ProgramRow(key=key, name=key, state="live", purpose=purpose, model_id=model_id)
    program.created_at = program.updated_at = TUESDAY
    db.add(program)
    db.flush()
    version = ProgramVersion(program_id=program.id, no=1, source={}, source_hash="", spec={}, mails={})
    version.created_at = TUESDAY
    chain = ChainRow(program_id=program.id, temperature="cold")
    mail = MailRow(program_id=program.id, key="welcome", name="Welcome", created_at=TUESDAY)
    db.add_all([version, chain, mail])
    db.flush()
    words = MailVersion(mail_id=mail.id, no=1, source={}, source_hash="", subject="Hi", compiled={})
    words.created_at = TUESDAY
    db.add(words)
    db.flush()
    links = [
        Link(mail_version_id=words.id, no=n, url=url, label=f"link {n}") for n, url in enumerate(LINKS, 1)
    ]
    db.add_all(links)
    db.commit()
    return Mailing(program.id, version.id, chain.id, words.id, tuple(link.id for link in links))


def a_lead(db: Session, name: str = "anna") -> Lead:
    """A lead with an address; committed."""
    lead = Lead(email=f"{name}@example.com", email_norm=f"{name}@example.com", first_name=name.title())
    lead.stage_since = lead.temperature_since = lead.created_at = lead.updated_at = TUESDAY
    db.add(lead)
    db.commit()
    return lead


def a_delivery(
    db: Session,
    mailing: Mailing,
    lead: Lead | None,
    *,
    key: str = "1",
    state: str = "sent",
    purpose: str = "chain",
    sent_at: datetime | None = SENT,
    enrollment_id: int | None = None,
) -> int:
    """A delivery of the mail to the lead; committed."""
    of_chain = purpose == "chain"
    delivery = Delivery(
        dedup_key=f"{purpose}:{lead.id if lead else 0}:{key}",
        purpose=purpose,
        consent_purpose="marketing",
        lead_id=lead.id if lead else None,
        program_id=mailing.program_id,
        chain_id=mailing.chain_id if of_chain else None,
        version_id=mailing.version_id if of_chain else None,
        step_key="welcome" if of_chain else None,
        enrollment_id=enrollment_id,
        mail_version_id=mailing.mail_version_id,
        params={},
        state=state,
        due_at=SENT,
        created_at=SENT,
        sent_at=sent_at if state == "sent" else None,
    )
    db.add(delivery)
    db.commit()
    return delivery.id
