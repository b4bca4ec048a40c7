"""A mail in several languages: each lead gets the one it reads, with its own links and dates."""

import email
import email.policy
import re
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from nurture.files.catalogues import catalogues
from nurture.files.programs import read_folder, write_folder
from nurture.flows.letters import preview, view
from nurture.flows.programs import load_folder
from nurture.flows.queue_mail import keep_mail
from nurture.mail.source import CompiledMail, MailSource
from nurture.rules import words
from nurture.rules.tokens import read
from nurture.store.links import Link
from nurture.store.mails import MailVersion, stored_version
from tests.clock import StandingClock
from tests.conftest import TUESDAY
from tests.flows.garden import Garden
from tests.flows.mailroom import BASE, RING, Mailroom, mailer
from tests.mail.scripted_smtp import ScriptedSmtp
from tests.sinks import as_seen

ENGLISH = "Your contract ends on {{ lead.dates.contract_end | date }}. [Read](https://www.example.com/en)\n"
RUSSIAN = "Ваш договор кончается {{ lead.dates.contract_end | date }}. [Читать](https://www.example.com/ru)\n"
IN_RUSSIAN = MailSource(key="case", subject="Дело для {{ lead.first_name }}", body=RUSSIAN, language="ru")


@pytest.fixture
def room(sessions: sessionmaker[Session], tmp_path: Path, server: ScriptedSmtp) -> Mailroom:
    words.learn(catalogues())
    room = Mailroom(sessions, tmp_path, mailer(server.url), TUESDAY)
    with sessions.begin() as session:
        room.mail_version_id = room.mail(session, "case", ENGLISH, others=(IN_RUSSIAN,))
    return room


def _read(raw: bytes) -> tuple[str, str]:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    part = message.get_body(("html",))
    assert part is not None
    return str(message["Subject"]), str(part.get_content())


def _clicked(room: Mailroom, page: str) -> list[str]:
    """Where the tracked links of a page lead."""
    ids = [read(RING, "click", token, 2) for token in re.findall(rf"{BASE}/c/([\w.-]+)", as_seen(page))]
    with room.sessions() as session:
        return [session.get_one(Link, found[1]).url for found in ids if found]


@pytest.mark.parametrize(
    ("language", "subject", "day", "link", "footer"),
    [
        ("ru", "Дело для Ada", "31 мая 2026", "https://www.example.com/ru", "Отписаться"),
        ("ru-RU", "Дело для Ada", "31 мая 2026", "https://www.example.com/ru", "Отписаться"),
        ("en", "A case for Ada", "31 May 2026", "https://www.example.com/en", "Unsubscribe"),
        ("rum", "A case for Ada", "31 May 2026", "https://www.example.com/en", "Unsubscribe"),
        (None, "A case for Ada", "31 May 2026", "https://www.example.com/en", "Unsubscribe"),
    ],
)
def test_a_lead_gets_the_mail_in_its_language(
    room: Mailroom, server: ScriptedSmtp, language: str | None, subject: str, day: str, link: str, footer: str
) -> None:
    ada = room.lead("Ada", language=language, dates={"contract_end": "2026-05-31"})
    delivery_id = room.queue(ada)
    room.run_dry()
    assert room.state(delivery_id)[0] == "sent"
    said, page = _read(server.log[0].data)
    assert said == subject
    assert day in page and footer in page
    assert _clicked(room, page) == [link]
    with room.sessions() as session:
        in_browser = view(session, RING, BASE, delivery_id) or ""
        shown = preview(session, room.mail_version_id, ada)
    assert day in in_browser and _clicked(room, in_browser) == [link]
    assert shown is not None and link in shown.html


def test_readers_of_both_languages_are_served_in_one_round(room: Mailroom, server: ScriptedSmtp) -> None:
    for name, language in (("Ada", "ru"), ("Ben", "en"), ("Cy", "ru")):
        room.queue(room.lead(name, language=language))
    room.run_dry()
    assert sorted(_read(one.data)[0] for one in server.log) == [
        "A case for Ben", "Дело для Ada", "Дело для Cy",
    ]  # fmt: skip


def test_a_mail_in_one_language_still_tells_everybody_how_to_leave(
    room: Mailroom, server: ScriptedSmtp
) -> None:
    with room.sessions.begin() as session:
        only = room.mail(session, "only", "Hello. [Read](https://www.example.com/en)\n")
    room.queue(room.lead("Ada", language="ru"), mail_version_id=only)
    room.run_dry()
    message = email.message_from_bytes(server.log[0].data, policy=email.policy.default)
    for kind in ("html", "plain"):
        part = message.get_body((kind,))
        assert part is not None
        assert "Hello." in part.get_content()
        assert "Отписаться" in part.get_content() and "Unsubscribe" not in part.get_content()


def test_words_changed_in_one_language_make_a_new_version(room: Mailroom) -> None:
    source = MailSource(key="case", subject="A case", body=ENGLISH, others=(IN_RUSSIAN,))
    with room.sessions.begin() as session:
        first = keep_mail(session, None, source, "case", now=TUESDAY)
        assert keep_mail(session, None, source, "case", now=TUESDAY) == first
        other = MailSource(key="case", subject="Дело", body=RUSSIAN, language="ru")
        changed = MailSource(key="case", subject="A case", body=ENGLISH, others=(other,))
        assert keep_mail(session, None, changed, "case", now=TUESDAY) != first
        kept = MailSource.from_json(session.get_one(MailVersion, first).source)
    assert kept == source


@pytest.fixture
def garden(sessions: sessionmaker[Session], clock: StandingClock, tmp_path: Path) -> Garden:
    return Garden(sessions, clock, tmp_path / "garden")


COLD = "  cold:\n    enter: {when: {temperature: cold}}\n    steps:\n      - send: one\n"


def test_a_program_s_folder_holds_its_mails_in_every_language(garden: Garden, tmp_path: Path) -> None:
    folder = garden.write(COLD)
    russian = folder / "mails" / "one.ru.md"
    russian.write_text("---\nsubject: О деле\n---\nЗдравствуйте, [читайте](https://www.example.com/ru).\n")
    with garden.sessions.begin() as session:
        load_folder(session, folder, publish=True, now=TUESDAY, by="mia")
    with garden.sessions() as session:
        version = session.query(MailVersion).one()
        stored = stored_version(session, version.id)
        assert stored is not None and sorted(stored.link_ids) == [0, 1, 2]
        mail = CompiledMail.from_json(version.compiled)
    assert (mail.language, mail.for_reader("ru").subject, mail.for_reader("de").subject) == (
        "en", "О деле", "About one",
    )  # fmt: skip
    written = write_folder(read_folder(folder).sources, tmp_path / "again")
    assert "one.ru.md" in {path.name for path in written}


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("two.ru.md", "---\nsubject: О двух\n---\nДа\n", "mails/two.md"),
        ("one.en.md", "---\nsubject: Again\n---\nYes\n", "in this language already"),
        ("one.ru.md", "---\nsubject: О деле\n---\n{{ lead.shoe }}\n", "one.ru.md:4"),
        ("one.ru.md", "no head\n", "one.ru.md:1"),
        ("one.RU.md", "---\nsubject: x\n---\nx\n", "in small letters"),
    ],
)
def test_a_wrong_file_of_another_language_is_named(
    garden: Garden, name: str, text: str, sentence: str
) -> None:
    folder = garden.write(COLD)
    (folder / "mails" / name).write_text(text)
    with pytest.raises(Exception, match=re.escape(sentence)), garden.sessions.begin() as session:
        load_folder(session, folder, publish=True, now=TUESDAY, by="mia")
