"""A small company with leads, a mail and a sender: what the tests of delivery stand on."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.deliver import deliver
from nurture.flows.outbox import Outbox
from nurture.flows.queue_mail import keep_mail
from nurture.flows.senders import keep_house
from nurture.mail.smtp import Mailer, Patience
from nurture.mail.smtp_url import parse_smtp_url
from nurture.mail.source import MailSource
from nurture.rules.addresses import normalise
from nurture.rules.tokens import KeyRing
from nurture.store import installation
from nurture.store.consents import Consent, LeadConsent
from nurture.store.deliveries import Delivery
from nurture.store.leads import Lead

RING = KeyRing((b"k" * 32,))
PEPPER = b"p" * 32
BASE = "https://nurture.example"
WORDS = """Hello {{ lead.first_name | default("there", true) }},

**[Read the case](https://www.example.com/case?a=1&b=2)** or [the other](https://www.example.com/other).
"""


@dataclass
class Mailroom:
    """`queue(lead_id)` puts a chain mail into the outbox, `run()` is one turn of deliver."""

    sessions: sessionmaker[Session]
    home: Path
    mailer: Mailer
    now: datetime
    mail_version_id: int = 0

    def __post_init__(self) -> None:
        self.outbox = self.new_outbox()
        with self.sessions.begin() as session:
            row = installation.get(session)
            row.company_name, row.postal_address = "Example & Sons", "1 High Street, Springfield"
            row.live = True
            keep_house(session, name="Anna Ärmel", email="anna@news.example", reply_to=None, now=self.now)
            self.mail_version_id = self.mail(session, "case", WORDS)

    def new_outbox(self, **more: Any) -> Outbox:
        return Outbox(ring=RING, pepper=PEPPER, base_url=BASE, home=self.home, **more)

    def mail(self, session: Session, key: str, body: str, **more: Any) -> int:
        source = MailSource(key=key, subject="A case for {{ lead.first_name }}", body=body, **more)
        return keep_mail(session, None, source, key, now=self.now)

    def lead(self, name: str, *, consent: bool = True, **more: Any) -> int:
        email = more.pop("email", f"{name.lower()}@leads.example")
        with self.sessions.begin() as session:
            lead = Lead(
                email=email,
                email_norm=normalise(email) if email else None,
                first_name=name,
                stage_since=self.now,
                temperature_since=self.now,
                created_at=self.now,
                updated_at=self.now,
                **more,
            )
            session.add(lead)
            session.flush()
            if consent:
                self._grant(session, lead.id)
            return lead.id

    def _grant(self, session: Session, lead_id: int) -> None:
        entry = Consent(
            lead_id=lead_id, purpose="marketing", state="granted", at=self.now, channel="form", proof={}
        )
        session.add(entry)
        session.flush()
        session.add(
            LeadConsent(lead_id=lead_id, purpose="marketing", granted=True, consent_id=entry.id, at=self.now)
        )

    def queue(self, lead_id: int, **more: Any) -> int:
        with self.sessions.begin() as session:
            delivery = Delivery(
                **{
                    "dedup_key": f"test:{lead_id}:{more.get('step_key', 'case')}",
                    "purpose": "chain",
                    "consent_purpose": "marketing",
                    "lead_id": lead_id,
                    "mail_version_id": self.mail_version_id,
                    "due_at": self.now,
                    "created_at": self.now,
                    **more,
                }
            )
            session.add(delivery)
            session.flush()
            return delivery.id

    def run(self, limit: int = 500, now: datetime | None = None) -> int:
        return deliver(self.sessions, self.mailer, self.outbox, now=now or self.now, limit=limit)

    def run_dry(self) -> int:
        """Turns until nothing is due."""
        done = 0
        while portion := self.run():
            done += portion
        return done

    def get(self, delivery_id: int) -> Delivery:
        with self.sessions() as session:
            return session.get_one(Delivery, delivery_id)

    def state(self, delivery_id: int) -> tuple[str, str]:
        found = self.get(delivery_id)
        return found.state, found.reason


def mailer(url: str) -> Mailer:
    return Mailer(parse_smtp_url(url), patience=Patience(connect=5, command=2, after_dot=1))
