"""A small garden of leads and programs for the stories of chains: real files, real tables, a clock."""

import re
import uuid
import zoneinfo
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from nurture.files.models import parse_model
from nurture.files.yaml_lines import Faults
from nurture.flows import enroll, programs
from nurture.flows.advance import advance
from nurture.flows.move_leads import Move, move_leads
from nurture.store import enrollments, models
from nurture.store.consents import Consent, LeadConsent
from nurture.store.deliveries import Delivery
from nurture.store.enrollments import Enrollment, Settled
from nurture.store.leads import Lead
from nurture.store.signals import Signal
from nurture.store.steps import ChainEvent
from tests.clock import StandingClock

PEPPER = b"pepper"
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
MODEL = """
model: default
half_life: 21d
signals:
  opened: {weight: 1, cap: 2}
  clicked: {weight: 10, cap: 3}
temperature: {warm: {rise: 20, fall: 12}, hot: {rise: 50, fall: 35}}
readiness:
  rise: 60
  fall: 45
  parts: {need: 25, activity: 35, data: 20, bant: 20}
"""
HEAD = """
program: garden
timezone: Europe/Berlin
after_end: exit
"""


class Garden:
    """Programs, leads and the hands of the clock."""

    def __init__(self, sessions: sessionmaker[Session], clock: StandingClock, folder: Path) -> None:
        self.sessions, self.clock, self.folder = sessions, clock, folder
        with sessions.begin() as session:
            model = parse_model(MODEL, Faults("default.yaml"))
            _model, version_id, _no = models.add_version(session, model, MODEL, now=clock.now, by="test")
            models.set_live(session, version_id, now=clock.now)

    def write(self, chains: str, head: str = HEAD, mails: str = "") -> Path:
        """A folder with these chains; every mail a send names gets a body, as do those in `mails`."""
        (self.folder / "mails").mkdir(parents=True, exist_ok=True)
        (self.folder / "program.yaml").write_text(f"{head.strip()}\nchains:\n{chains}")
        for key in {*re.findall(r"send: ([a-z0-9-]+)", chains), *mails.split()}:
            body = f"---\nsubject: About {key}\n---\nHello, [read](https://www.example.com/{key}).\n"
            (self.folder / "mails" / f"{key}.md").write_text(body)
        return self.folder

    def publish(self, chains: str, head: str = HEAD, mails: str = "") -> programs.Loaded:
        folder = self.write(chains, head, mails)
        with self.sessions.begin() as session:
            return programs.load_folder(session, folder, publish=True, now=self.clock.now, by="mia")

    def lead(self, name: str, *, consent: bool = True, **values: object) -> int:
        now = self.clock.now
        row = {
            "email": f"{name}@muster.example", "email_norm": f"{name}@muster.example", "first_name": name,
            "stage_since": now, "temperature_since": now, "created_at": now, "updated_at": now,
        } | values  # fmt: skip
        with self.sessions.begin() as session:
            lead_id = session.execute(insert(Lead).values(**row).returning(Lead.id)).scalar_one()
            if consent:
                entry = Consent(lead_id=lead_id, purpose="marketing", state="granted", at=now, channel="form")
                session.add(entry)
                session.flush()
                session.add(
                    LeadConsent(
                        lead_id=lead_id, purpose="marketing", granted=True, consent_id=entry.id, at=now
                    )
                )
        return lead_id

    def enter(self, *lead_ids: int) -> int:
        with self.sessions.begin() as session:
            return enroll.enter_programs(session, list(lead_ids), now=self.clock.now)

    def withdraw(self, lead_id: int) -> None:
        with self.sessions.begin() as session:
            session.execute(update(LeadConsent).where(LeadConsent.lead_id == lead_id).values(granted=False))

    def change(self, lead_id: int, **values: object) -> None:
        with self.sessions.begin() as session:
            session.execute(update(Lead).where(Lead.id == lead_id).values(**values))

    def warm(self, lead_id: int, old: str, new: str) -> int:
        self.change(lead_id, temperature=new)
        with self.sessions.begin() as session:
            model_id = models.live(session)[0].id
            return move_leads(session, [Move(lead_id, model_id, old, new)], now=self.clock.now)

    def signal(self, lead_id: int, kind: str, mail: str | None = None) -> None:
        with self.sessions.begin() as session:
            session.execute(
                insert(Signal).values(
                    id=uuid.uuid4(), received_at=self.clock.now, lead_id=lead_id, kind=kind,
                    occurred_at=self.clock.now, source="test", mail_key=mail,
                )
            )  # fmt: skip
            enrollments.wake_waiting(session, [lead_id], self.clock.now)

    def tick(self) -> int:
        """Advance until nothing is due at this moment."""
        done = 0
        while n := advance(self.sessions, PEPPER, now=self.clock.now):
            done += n
            assert done < 10_000
        return done

    def settle(self, state: str = "sent") -> int:
        """Bring every delivery that is ready to its end."""
        with self.sessions.begin() as session:
            ready = session.scalars(select(Delivery.id).where(Delivery.state == "ready")).all()
            session.execute(
                update(Delivery)
                .where(Delivery.id.in_(ready))
                .values(
                    state=state,
                    sent_at=self.clock.now if state == "sent" else None,
                    settled_at=self.clock.now,
                )
            )
            enrollments.settle_sends(session, [Settled(one, state) for one in ready], now=self.clock.now)
        return len(ready)

    def pass_time(self, days: float, step: timedelta = timedelta(hours=1)) -> list[tuple[datetime, int, str]]:
        """Let the days go by, sending what is ready; (when, lead, mail) of everything sent."""
        end = self.clock.now + timedelta(days=days)
        before = len(self.sent())
        while self.clock.now <= end:
            self.tick()
            while self.settle():
                self.tick()
            self.clock.moment += step
        return self.sent()[before:]

    def sent(self, lead_id: int | None = None) -> list[tuple[datetime, int, str]]:
        """(local time in Berlin, lead, step) of every mail sent, oldest first."""
        with self.sessions() as session:
            query = select(Delivery).where(Delivery.state == "sent").order_by(Delivery.sent_at, Delivery.id)
            rows = session.scalars(query if lead_id is None else query.where(Delivery.lead_id == lead_id))
            return [(row.sent_at.astimezone(BERLIN), row.lead_id, row.step_key) for row in rows]

    def steps_sent(self, lead_id: int) -> list[str]:
        return [step for _at, _lead, step in self.sent(lead_id)]

    def runs(self, lead_id: int) -> list[Enrollment]:
        with self.sessions() as session:
            return list(
                session.scalars(
                    select(Enrollment).where(Enrollment.lead_id == lead_id).order_by(Enrollment.id)
                )
            )

    def run(self, lead_id: int) -> Enrollment:
        return self.runs(lead_id)[-1]

    def history(self, lead_id: int) -> list[tuple[str | None, str, str]]:
        with self.sessions() as session:
            rows = session.scalars(
                select(ChainEvent).where(ChainEvent.lead_id == lead_id).order_by(ChainEvent.id)
            )
            return [(row.step_key, row.what, row.reason) for row in rows]

    def value(self, sql: str, **values: object) -> object:
        with self.sessions() as session:
            return session.execute(text(sql), values).scalar()
