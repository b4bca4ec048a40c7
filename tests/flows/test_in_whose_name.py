"""Mails of a program in the owner's name: From, Reply-To and signature are theirs, or the house speaks."""

import email
import email.policy
from datetime import timedelta
from pathlib import Path

import dkim
import pytest
from sqlalchemy.orm import Session, sessionmaker

from nurture.files.vault import Vault
from nurture.flows.as_sent import as_sent
from nurture.flows.letters import preview, view
from nurture.flows.outbox import Outbox
from nurture.flows.senders import create
from nurture.mail.dkim import generate
from nurture.mail.dkim.keys import public_value
from nurture.mail.standards import faults
from nurture.rules.pacing import WarmUp
from nurture.rules.program import read
from nurture.store import pacing
from nurture.store.deliveries import Delivery
from nurture.store.domains import DkimKey, SendingDomain
from nurture.store.newsletters import Newsletter
from nurture.store.programs import ProgramRow, ProgramVersion
from nurture.store.users import User
from tests.conftest import TUESDAY
from tests.flows.mailroom import BASE, PEPPER, RING, Mailroom, mailer
from tests.flows.ripe_leads import a_model, a_seller
from tests.mail.scripted_smtp import ScriptedSmtp

VAULT = Vault(RING)
KEY = generate("ed25519")


@pytest.fixture
def room(sessions: sessionmaker[Session], tmp_path: Path, server: ScriptedSmtp) -> Mailroom:
    made = Mailroom(sessions, tmp_path, mailer(server.url), TUESDAY)
    made.outbox = Outbox(ring=RING, pepper=PEPPER, base_url=BASE, home=tmp_path, vault=VAULT)
    return made


def a_program(db: Session, **said: str) -> int:
    """A live program of one version; the id of that version."""
    spec = {"program": "consulting", "chains": {"cold": {"steps": [{"send": "case"}]}}, **said}
    read(spec)
    model = a_model(db)
    program = ProgramRow(
        key="consulting", name="C", state="live", model_id=model, created_at=TUESDAY, updated_at=TUESDAY
    )
    db.add(program)
    db.flush()
    version = ProgramVersion(
        program_id=program.id, no=1, source={}, source_hash="-", spec=spec, mails={}, created_at=TUESDAY
    )
    db.add(version)
    db.commit()
    return version.id


def a_domain(db: Session, name: str, *, verified: bool = True, signs: bool = True) -> None:
    domain = SendingDomain(name=name, created_at=TUESDAY, verified_at=TUESDAY if verified else None)
    db.add(domain)
    db.flush()
    state = "signing" if signs else "waiting"
    db.add(
        DkimKey(
            domain_id=domain.id,
            selector="n1",
            algorithm="ed25519",
            public=public_value(KEY),
            sealed=VAULT.seal(KEY),
            state=state,
            created_at=TUESDAY,
        )
    )
    db.commit()


def sent(room: Mailroom, server: ScriptedSmtp, lead: int, version: int, **more: object) -> bytes:
    with room.sessions() as session:
        program = session.get_one(ProgramVersion, version).program_id
    room.queue(lead, version_id=version, program_id=program, **more)
    assert room.run() == 1
    return server.log[-1].data


def told(raw: bytes) -> email.message.Message:
    return email.message_from_bytes(raw, policy=email.policy.default)


def test_the_owner_writes_and_the_owners_domain_signs(db, room, server) -> None:
    mia = a_seller(db, "Mia")
    a_domain(db, "sales.example")
    raw = sent(room, server, room.lead("Bert", owner_id=mia), a_program(db, sender="owner"))
    mail = told(raw)
    assert (mail["From"], mail["Reply-To"]) == ("Mia <mia@sales.example>", "mia@sales.example")
    assert faults(raw, "chain") == []
    # DMARC: the domain of the signature is that of From.
    assert "d=sales.example" in mail["DKIM-Signature"].replace(" ", "")
    record = public_value(KEY).encode()
    assert dkim.DKIM(raw).verify(dnsfunc=lambda name, timeout=5: record)
    # Bounces come back to the house.
    assert server.log[-1].sender == "anna@news.example"


def test_without_a_word_in_the_program_the_house_writes(db, room, server) -> None:
    mia = a_seller(db, "Mia")
    a_domain(db, "sales.example")
    mail = told(sent(room, server, room.lead("Bert", owner_id=mia), a_program(db)))
    assert "anna@news.example" in mail["From"]


@pytest.mark.parametrize("domain", [{"verified": False}, {"signs": False}, None])
def test_an_owner_whose_domain_proves_nothing_is_not_named(db, room, server, domain) -> None:
    mia = a_seller(db, "Mia")
    if domain is not None:
        a_domain(db, "sales.example", **domain)
    mail = told(sent(room, server, room.lead("Bert", owner_id=mia), a_program(db, sender="owner")))
    assert "anna@news.example" in mail["From"] and mail["Reply-To"] is None


def test_a_lead_without_an_owner_or_of_one_who_left_hears_from_the_house(db, room, server) -> None:
    mia = a_seller(db, "Mia")
    a_domain(db, "sales.example")
    version = a_program(db, sender="owner")
    assert "anna@news.example" in told(sent(room, server, room.lead("Bert"), version))["From"]
    db.get_one(User, mia).disabled_at = TUESDAY
    db.commit()
    assert "anna@news.example" in told(sent(room, server, room.lead("Cora", owner_id=mia), version))["From"]


@pytest.mark.parametrize(
    ("said", "program", "speaks"),
    [
        ("owner", {}, "Mia <mia@sales.example>"),
        ("house", {"sender": "owner"}, "anna@news.example"),
        ("desk@sales.example", {"sender": "owner"}, "desk@sales.example"),
        ("otto@sales.example", {}, "Otto <otto@sales.example>"),
        ("otto@elsewhere.example", {}, "anna@news.example"),
    ],
)
def test_a_mail_may_go_out_in_another_name_than_the_others_of_its_program(
    db, room, server, said, program, speaks
) -> None:
    mia, _otto = a_seller(db, "Mia"), a_seller(db, "Otto")
    a_domain(db, "sales.example")
    version = a_program(db, **program)
    mail = told(sent(room, server, room.lead("Bert", owner_id=mia), version, params={"sender": said}))
    assert speaks in mail["From"]
    assert mail["Reply-To"] in (None, said, "mia@sales.example")


def test_leads_of_several_owners_in_one_turn_each_hear_from_their_own(db, room, server) -> None:
    a_domain(db, "sales.example")
    version = a_program(db, sender="owner")
    with room.sessions() as session:
        program = session.get_one(ProgramVersion, version).program_id
    for lead, seller in (("Bert", "Mia"), ("Cora", "Ben"), ("Dora", None)):
        owner = a_seller(db, seller) if seller else None
        room.queue(room.lead(lead, owner_id=owner), version_id=version, program_id=program)
    room.run()
    names = {told(one.data)["To"].split()[0].strip('"'): told(one.data)["From"] for one in server.log}
    assert {name: from_.rpartition("<")[2] for name, from_ in names.items()} == {
        "Bert": "mia@sales.example>",
        "Cora": "ben@sales.example>",
        "Dora": "anna@news.example>",
    }


def test_the_page_in_the_browser_is_signed_by_the_same_person(db, room, server) -> None:
    mia = a_seller(db, "Mia")
    a_domain(db, "sales.example")
    version = a_program(db, sender="owner")
    with room.sessions.begin() as session:
        room.mail_version_id = room.mail(session, "signed", "Yours, {{ sender.name }}")
    raw = sent(room, server, room.lead("Bert", owner_id=mia), version)
    assert "Yours, Mia" in told(raw).get_body(("plain",)).get_content()
    with room.sessions() as session:
        assert "Yours, Mia" in view(session, RING, BASE, 1)


def a_sender(db: Session, key: str, email: str, **more: str) -> None:
    create(db, {"key": key, "name": key.title(), "email": email, **more}, by="user:1", now=TUESDAY)
    db.commit()


def test_a_named_sender_goes_out_as_it_is_set_up_and_its_bounces_come_to_itself(db, room, server) -> None:
    a_sender(db, "desk", "desk@help.example", reply_to="answers@help.example")
    mail = told(sent(room, server, room.lead("Bert"), a_program(db, sender="desk")))
    assert (mail["From"], mail["Reply-To"]) == ("Desk <desk@help.example>", "answers@help.example")
    assert (server.log[-1].sender, mail["DKIM-Signature"]) == ("desk@help.example", None)


def test_the_domain_of_a_named_sender_signs_its_mails(db, room, server) -> None:
    a_domain(db, "help.example")
    a_sender(db, "desk", "desk@help.example")
    raw = sent(room, server, room.lead("Bert"), a_program(db, sender="desk"))
    assert "d=help.example" in told(raw)["DKIM-Signature"].replace(" ", "")
    assert faults(raw, "chain") == []


@pytest.mark.parametrize(
    ("step", "mail", "program", "speaks"),
    [
        ("desk", "press", "events", "desk@news.example"),
        (None, "press", "events", "press@news.example"),
        (None, "", "events", "events@news.example"),
        (None, "", None, "anna@news.example"),
        ("house", "press", "events", "anna@news.example"),
        ("gone", "press", "events", "anna@news.example"),
    ],
)
def test_a_step_goes_before_its_mail_a_mail_before_its_program_all_before_the_default(
    db, room, server, step, mail, program, speaks
) -> None:
    for key in ("desk", "press", "events"):
        a_sender(db, key, f"{key}@news.example")
    with room.sessions.begin() as session:
        room.mail_version_id = room.mail(session, "said", "Yours, {{ sender.name }}", sender=mail)
    version = a_program(db, **({"sender": program} if program else {}))
    raw = sent(room, server, room.lead("Bert"), version, params={"sender": step} if step else {})
    assert speaks in told(raw)["From"]
    with room.sessions() as session:
        [delivery] = session.query(Delivery).all()
        shown = as_sent(session, delivery, RING, BASE)
    assert speaks in dict(shown.headers)["From"]
    signed = f"Yours, {told(raw)['From'].partition(' <')[0]}"
    assert signed in shown.text
    assert signed in shown.html


def test_a_newsletter_has_a_sender_of_its_own_and_a_confirmation_has_the_default(db, room, server) -> None:
    a_sender(db, "press", "press@news.example")
    letter = Newsletter(name="March", sender_key="press", created_at=TUESDAY, updated_at=TUESDAY)
    db.add(letter)
    db.commit()
    room.queue(room.lead("Bert"), purpose="newsletter", newsletter_id=letter.id)
    room.queue(room.lead("Cora"), purpose="confirmation", params={"sender": "press"})
    room.run()
    assert ["press@" in told(one.data)["From"] for one in server.log] == [True, False]


def test_receivers_who_do_not_believe_one_sender_stop_it_alone(db, room, server) -> None:
    a_sender(db, "desk", "desk@help.example")
    version = a_program(db)
    with room.sessions.begin() as session:
        pacing.pause_sender(session, "news.example", reply="550 5.7.26", delivery_id=1, now=TUESDAY)
        program = session.get_one(ProgramVersion, version).program_id
    for name, said in (("Bert", {}), ("Cora", {"sender": "desk"})):
        room.queue(room.lead(name), version_id=version, program_id=program, params=said)
    room.run()
    assert [told(one.data)["From"] for one in server.log] == ["Desk <desk@help.example>"]
    with room.sessions.begin() as session:
        pacing.pause_sender(session, "help.example", reply="550 5.7.26", delivery_id=1, now=TUESDAY)
    assert room.run(now=TUESDAY + timedelta(hours=1)) == 0


def test_each_domain_is_warmed_up_by_a_schedule_of_its_own(db, room, server) -> None:
    a_sender(db, "desk", "desk@help.example")
    version = a_program(db)
    with room.sessions.begin() as session:
        pacing.set_warm_up(session, "domain", "help.example", WarmUp(TUESDAY.date(), (2,)))
        program = session.get_one(ProgramVersion, version).program_id
    for n in range(8):
        said = {"sender": "desk"} if n % 2 else {}
        room.queue(room.lead(f"Lead{n}"), version_id=version, program_id=program, params=said)
    room.run()
    names = [told(one.data)["From"].rpartition("<")[2] for one in server.log]
    assert (names.count("desk@help.example>"), names.count("anna@news.example>")) == (2, 4)


def test_a_preview_is_from_whoever_the_mail_will_come_from(db, room) -> None:
    mia = a_seller(db, "Mia")
    a_domain(db, "sales.example")
    a_sender(db, "desk", "desk@help.example")
    bert, cora = room.lead("Bert", owner_id=mia), room.lead("Cora")

    def by(said: str, lead: int | None) -> str:
        return preview(db, room.mail_version_id, lead, said).sender

    assert by("desk", None) == "Desk <desk@help.example>"
    assert by("owner", bert) == "Mia <mia@sales.example>"
    assert by("owner", cora) == by("owner", None) == by("house", bert) == "Anna Ärmel <anna@news.example>"
