"""Named senders: made, changed, made the default; not taken away while something has chosen them."""

from importlib import import_module

import pytest
from sqlalchemy import text

from nurture.errors import Conflict, FileFault, Invalid, NotFound
from nurture.flows import drafts, edit_newsletters, senders
from nurture.flows.check_programs import check_folder
from nurture.flows.programs import load_folder
from nurture.store import installation
from nurture.store import senders as store
from tests.conftest import TUESDAY
from tests.flows.garden import HEAD, Garden

MIGRATION = import_module("nurture.migrations.versions.0034_senders")
COLD = "  cold:\n    enter: {when: {temperature: cold}}\n    steps:\n      - send: one\n"
DESK = {"name": "Support desk", "email": "desk@news.example"}


@pytest.fixture
def garden(sessions, clock, tmp_path):
    made = Garden(sessions, clock, tmp_path / "garden")
    with sessions.begin() as session:
        senders.keep_house(
            session, name="Anna", email="anna@news.example", reply_to="hello@news.example", now=TUESDAY
        )
    return made


def make(garden, **said):
    with garden.sessions.begin() as session:
        return senders.create(session, {**DESK, **said}, by="user:1", now=TUESDAY).key


def do(garden, act, *args, **more):
    with garden.sessions.begin() as session:
        return act(session, *args, by="user:1", now=TUESDAY, **more)


def house(garden):
    with garden.sessions() as session:
        row = installation.get(session)
        return row.sender_name, row.sender_email, row.reply_to


def test_the_first_sender_is_the_default_and_is_called_by_its_address(garden) -> None:
    with garden.sessions() as session:
        [anna] = store.every(session)
    assert (anna.key, anna.is_default) == ("anna", True)
    assert house(garden) == ("Anna", "anna@news.example", "hello@news.example")


def test_another_default_is_what_everything_else_goes_out_as(garden) -> None:
    assert make(garden) == "support-desk"
    assert house(garden)[0] == "Anna"
    do(garden, senders.make_default, "support-desk")
    assert house(garden) == ("Support desk", "desk@news.example", None)
    do(garden, senders.change, "support-desk", {"reply_to": "us@news.example"})
    assert house(garden)[2] == "us@news.example"
    with garden.sessions() as session:
        assert [(one.key, one.is_default) for one in store.every(session)] == [
            ("support-desk", True),
            ("anna", False),
        ]


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ({"name": " "}, "name"),
        ({"name": "A\r\nBcc: all@evil.example"}, "name"),
        ({"email": "nobody"}, "email"),
        ({"reply_to": "a@b"}, "reply_to"),
        ({"key": "owner"}, "key"),
        ({"key": "Upper"}, "key"),
    ],
)
def test_wrong_answers_are_told_where_they_stand(garden, said, at) -> None:
    with pytest.raises(Invalid) as refusal:
        make(garden, **said)
    assert list(refusal.value.errors) == [at]


def test_a_key_is_taken_once_and_never_changes(garden) -> None:
    make(garden, key="desk")
    with pytest.raises(Conflict, match="desk already"):
        make(garden, key="desk")
    with pytest.raises(NotFound):
        do(garden, senders.change, "nobody", {"name": "X"})


def test_the_default_stays(garden) -> None:
    make(garden)
    with pytest.raises(Conflict, match="make another one the default first"):
        do(garden, senders.remove, "anna")
    do(garden, senders.remove, "support-desk")
    with garden.sessions() as session:
        assert store.keys(session) == ["anna"]


def test_a_sender_stays_while_a_program_a_mail_a_draft_or_a_newsletter_has_chosen_it(garden) -> None:
    for key in ("by-program", "by-step", "by-mail", "by-draft", "by-letter", "free"):
        make(garden, key=key)
    garden.write(COLD.rstrip() + "\n        sender: by-step\n", HEAD + "sender: by-program\n")
    mail = garden.folder / "mails" / "one.md"
    mail.write_text(mail.read_text().replace("---\n", "---\nsender: by-mail\n", 1))
    with garden.sessions.begin() as session:
        assert load(session, garden).published
    with garden.sessions.begin() as session:
        words = {"mails/one.md": mail.read_text().replace("by-mail", "by-draft")}
        drafts.edit(session, 1, 0, lambda files: {**files, **words}, what="mail", by="user:1", now=TUESDAY)
        letter = {"name": "March", "sender_key": "by-letter"}
        edit_newsletters.create(session, letter, by="user:1", now=TUESDAY)
    with garden.sessions() as session:
        found = senders.uses(session, store.keys(session))
    told = {key: [(one.kind, one.name) for one in uses] for key, uses in found.items() if uses}
    assert told == {
        "by-program": [("program", "garden")],
        "by-step": [("program", "garden")],
        "by-mail": [("mail", "One")],
        "by-draft": [("mail", "One")],
        "by-letter": [("newsletter", "March")],
    }
    for key, uses in told.items():
        with pytest.raises(Conflict, match=f"is chosen by {uses[0][1]}"):
            do(garden, senders.remove, key)
    do(garden, senders.remove, "free")


def load(session, garden):
    return load_folder(session, garden.folder, publish=True, now=TUESDAY, by="mia")


def test_an_unknown_sender_is_a_fault_with_its_line_and_the_nearest_that_is_known(garden) -> None:
    make(garden)
    garden.write(COLD.rstrip() + "\n        sender: suport-desk\n")
    mail = garden.folder / "mails" / "one.md"
    mail.write_text(mail.read_text().replace("---\n", "---\nsender: nobody\n", 1))
    assert check_folder(garden.folder).faults == []  # without the database nobody knows who there is
    with garden.sessions.begin() as session, pytest.raises(FileFault) as refusal:
        load(session, garden)
    assert [one.partition("garden/")[2] for one in refusal.value.faults] == [
        'mails/one.md:2: There is no sender "nobody"; known: anna, support-desk.',
        'program.yaml:9: There is no sender "suport-desk"; known: anna, support-desk.'
        ' Did you mean "support-desk"?',
    ]


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("No.Reply+1@ohm.example", "no-reply-1"),
        ("house@ohm.example", "sender-house"),
        ("7@ohm.example", "sender-7"),
    ],
)
def test_the_sender_that_a_company_had_becomes_the_first(db, address, key) -> None:
    db.execute(
        text("UPDATE installation SET company_name = 'Ohm', sender_email = :email"), {"email": address}
    )
    db.execute(text(MIGRATION._FIRST))
    [row] = store.every(db)
    assert (row.key, row.name, row.email, row.is_default) == (key, "Ohm", address, True)


def test_an_installation_that_nobody_has_set_up_yet_has_no_sender(db) -> None:
    db.execute(text(MIGRATION._FIRST))
    assert store.every(db) == []
