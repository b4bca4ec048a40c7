"""The people of the main job, and what is done for them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nurture.files.yaml_lines import Faults
from nurture.flows.endpoints import Receiver, create_endpoint
from nurture.flows.enroll import enter_existing
from nurture.flows.import_leads import ImportOptions, ImportResult, import_leads
from nurture.flows.models import lay_by, read_models
from nurture.flows.programs import load_folder
from nurture.flows.setup import Company, save_company
from nurture.jobs.streams import streams
from nurture.runtime import Runtime
from tests.clock import StandingClock
from tests.sinks import ReceivedPost, SmtpSink, WebhookSink
from tests.stories.world import World

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"

KATRIN, JONAS, MIRA, OTTO = (f"{name}@kessler.example" for name in ("katrin", "jonas", "mira", "otto"))

LEADS = f"""\ufeffE-mail;First name;Last name;Company;Company size;Role;Country
{KATRIN};Katrin;Vogel;Kessler Antriebe GmbH;340;Head of operations;DE
{JONAS};Jonas;Größe;Kessler Antriebe GmbH;340;Buyer;DE
{MIRA};Mira;Aydın;Werk Süd;25;Owner;DE
not-an-address;Nobody;;;;;
{KATRIN.upper()};Kati;;;;;
"""


@contextmanager
def at_work(runtime: Runtime, clock: StandingClock, smtp_sink: SmtpSink) -> Iterator[World]:
    """A company that has said who sends, and everything at work."""
    company = Company(
        company_name="Lindqvist Consulting",
        postal_address="Hafenweg 8, 48155 Münster, Germany",
        timezone="Europe/Berlin",
        sender_name="Ada Lindqvist",
        sender_email="ada@lindqvist.example",
    )
    with runtime.sessions.begin() as session:
        save_company(session, company, by="test", now=clock.moment)
    with streams(runtime) as work, World(runtime, clock, smtp_sink, work) as world:
        yield world


def publish(world: World) -> None:
    """The program and the model as they stand in campaigns/."""
    with world.runtime.sessions.begin() as session:
        faults = Faults("campaigns")
        for file in read_models(CAMPAIGNS, faults).values():
            lay_by(session, file, now=world.clock.moment)
        load_folder(session, CAMPAIGNS / "consulting", publish=True, now=world.clock.moment, by="test")
    enter_existing(world.runtime.sessions, now=world.clock.moment)


def bring_in(world: World, rows: str, tmp_path: Path, **options: str) -> ImportResult:
    file = tmp_path / "leads.csv"
    file.write_text(rows)
    return import_leads(
        world.runtime.sessions,
        file,
        ImportOptions(**options),
        home=world.runtime.settings.home,
        pepper=world.runtime.pepper,
        base_url=world.runtime.settings.base_url,
        now=world.clock.moment,
    )


def listen(world: World, sink: WebhookSink) -> str:
    with world.runtime.sessions.begin() as session:
        created = create_endpoint(
            session, world.runtime.vault, Receiver(sink.url), private=True, by="test", now=world.clock.moment
        )
    return created.secret


def of_type(sink: WebhookSink, kind: str) -> list[ReceivedPost]:
    return [post for post in sink.posts if json.loads(post.body)["type"] == kind]
