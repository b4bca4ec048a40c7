"""Kessler Ohm, six weeks into nurturing: its program has really run, its leads have really read."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from nurture.files.yaml_lines import Faults
from nurture.flows.answer import Outcome, answer
from nurture.flows.endpoints import Receiver, create_endpoint
from nurture.flows.enroll import enter_existing
from nurture.flows.import_leads import ImportOptions, import_leads
from nurture.flows.models import lay_by, read_models
from nurture.flows.programs import load_folder
from nurture.flows.setup import Company, save_company
from nurture.flows.users import create_user
from nurture.jobs.streams import streams
from nurture.runtime import Runtime
from nurture.store import signals
from nurture.store.handoffs import Handoff
from nurture.store.signals import NewSignal
from tests.clock import StandingClock
from tests.sinks import SmtpSink, WebhookSink
from tests.stories.world import Letter, World, leaves, never_reads, reads_all

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"
PASSWORD = "nine months of stock"
USERS = {"admin": "Mira Aydın", "marketer": "Lena Fuchs", "sales": "Jonas Reuter", "viewer": "Ute Brandt"}
KATRIN = "katrin.vogel@brueckner.example"
# fmt: off
_FIRST = ("Anneke", "Paolo", "Ingrid", "Sabine", "Tomasz", "Jens", "Carla", "Henrik", "Marta", "Luc", "Petra",
          "Erik", "Nina", "Oskar", "Rosa", "Felix")
_LAST = ("de Wit", "Ferrante", "Solheim", "Oertel", "Wieczorek", "Lindner", "Moretti", "Dahl", "Kowalska",
         "Perrin", "Hofer", "Berg", "Falk")
# fmt: on
_COMPANIES = (
    ("Brückner Antriebstechnik GmbH", 340, "DE"),
    ("Van Dalen Logistiek", 85, "NL"),
    ("Officine Ferrante", 42, "IT"),
    ("Nordvik Marine", 210, "NO"),
    ("Oertel Medizintechnik", 130, "DE"),
    ("Polmet Gliwice", 64, "PL"),
    ("Hofer Holz", 18, "AT"),
)
_ROLES = ("Head of operations", "Buyer", "Managing director", "Planner", "Head of logistics")


@contextmanager
def six_weeks_in(
    runtime: Runtime, clock: StandingClock, smtp: SmtpSink, hook: WebhookSink, folder: Path
) -> Iterator[World]:
    """The world at the end of them; the clock stands where `clock` stood at first."""
    end = clock.moment
    clock.set(end - timedelta(weeks=6))
    with streams(runtime) as work, World(runtime, clock, smtp, work) as world:
        _open_house(runtime, clock.moment, hook)
        chance = random.Random(7)
        for email in _bring_in(runtime, folder, clock.moment, chance):
            habits = [reads_all, _opens, _opens, never_reads, never_reads, never_reads, leaves]
            world.readers[email] = _scanned_first if email == KATRIN else chance.choice(habits)
        enter_existing(runtime.sessions, now=clock.moment)
        while clock.moment < end - timedelta(hours=3):
            world.live(hours=3, step=timedelta(hours=3))
            _somebody_acts(runtime, clock.moment, chance)
        _sales_answers(runtime, clock.moment)
        world.live(hours=3, step=timedelta(hours=1))
        clock.set(end)
        yield world


def _open_house(runtime: Runtime, now: datetime, hook: WebhookSink) -> None:
    with runtime.sessions.begin() as session:
        company = Company(
            company_name="Kessler Ohm",
            postal_address="Speicherstraße 14\n20457 Hamburg",
            timezone="Europe/Berlin",
            sender_name="Mira Aydın",
            sender_email="mira@kessler-ohm.example",
        )
        save_company(session, company, by="test", now=now)
        for role, name in USERS.items():
            create_user(session, f"{role}@kessler-ohm.example", role, PASSWORD, name=name, now=now)
        receiver = Receiver(hook.url, ["lead.hot"])
        create_endpoint(session, runtime.vault, receiver, private=True, by="test", now=now)
        for file in read_models(CAMPAIGNS, Faults("campaigns")).values():
            lay_by(session, file, now=now)
        load_folder(session, CAMPAIGNS / "consulting", publish=True, now=now, by="test")


def _bring_in(runtime: Runtime, folder: Path, now: datetime, chance: random.Random) -> list[str]:
    """48 leads from three files, as a company has them; their addresses."""
    emails: list[str] = []
    for source in ("Trade fair Hannover", "Website", "Partner Stratos"):
        lines = ["E-mail,First name,Last name,Company,Company size,Role,Country,Phone,Tags"]
        for _ in range(16):
            number = len(emails)
            company, size, country = _COMPANIES[number % len(_COMPANIES)]
            first, last = (
                ("Katrin", "Vogel") if number == 0 else (_FIRST[number % 16], _LAST[number * 5 % 13])
            )
            domain = company.split()[0].lower().replace("ü", "ue")
            email = KATRIN if number == 0 else f"{first.lower()}.{number}@{domain}.example"
            role = _ROLES[0] if number == 0 else chance.choice(_ROLES)
            phone = f"+4956155501{number:02d}" if number % 3 == 0 else ""
            tags = "machinery" if number % 4 == 0 else ""
            lines.append(f"{email},{first},{last},{company},{size},{role},{country},{phone},{tags}")
            emails.append(email)
        file = folder / f"{source}.csv"
        file.write_text("\n".join(lines), encoding="utf-8")
        import_leads(
            runtime.sessions,
            file,
            ImportOptions(consent="marketing", source=source),
            home=runtime.settings.home,
            pepper=runtime.pepper,
            base_url=runtime.settings.base_url,
            now=now,
        )
    return emails


def _opens(world: World, letter: Letter) -> None:
    world.open(letter)


def _scanned_first(world: World, letter: Letter) -> None:
    """The mail gateway fetches every link before the person reads."""
    for link in letter.links:
        world.door.get(urlsplit(link).path, headers={"User-Agent": "python-requests/2.32"})
    world.clock.advance(minutes=2)
    reads_all(world, letter)


def _somebody_acts(runtime: Runtime, now: datetime, chance: random.Random) -> None:
    """Outside the mails: a visit, a download, a call, an event."""
    if 7 <= now.hour <= 16 and chance.random() < 0.3:
        kind, data = chance.choice(
            [
                ("downloaded", {"label": "Safety stock, no guesswork"}),
                ("visited", {"url": "https://kessler-ohm.example/stock-check"}),
                ("called", {"text": "Asked what a stock check costs. Budget round is in December."}),
                ("event_attended", {"label": "Planning breakfast Frankfurt"}),
                ("feedback", {"rating": 5, "text": "Best breakfast of the year."}),
            ]
        )
        lead_id = chance.choice([1, 2, 3, 5, 8, 9, 13, 16, 21, 22, 27, 30, 34, 40])
        with runtime.sessions.begin() as session:
            signals.add(session, [NewSignal(lead_id, kind, now, "page", data=data)], now=now)


def _sales_answers(runtime: Runtime, now: datetime) -> None:
    """Every second one gets its answer; the newest stays open."""
    with runtime.sessions.begin() as session:
        released = [row.id for row in session.query(Handoff).filter_by(state="released").order_by(Handoff.id)]
        outcomes = [
            Outcome("accepted"),
            Outcome("meeting", at=now + timedelta(days=6)),
            Outcome("rejected", reason="No budget this year"),
        ]
        for handoff_id, outcome in zip(released[1::2], outcomes, strict=False):
            answer(session, handoff_id, outcome, by="user:3", now=now)
