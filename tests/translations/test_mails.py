"""The engine's own mails and the words around every mail, in the reader's language."""

import re

import pytest

from nurture.flows.queue_mail import own_mail, queue_service_mail
from nurture.mail.compile import check, compile_mail, fingerprint
from nurture.mail.layouts import FOLDER
from nurture.mail.source import MailSource
from nurture.rules import words
from nurture.runtime import Runtime
from nurture.store import installation
from nurture.store.deliveries import Delivery
from nurture.store.mails import MailVersion
from nurture.store.users import User
from tests.conftest import TUESDAY
from tests.flows.rated_leads import make_lead

KEYS = sorted(path.stem for path in (FOLDER / "service").glob("*.md") if "." not in path.stem)
_VALUE = re.compile(r"params\.\w+|lead\.\w+|sender\.\w+")


@pytest.mark.parametrize("key", KEYS)
def test_each_mail_of_the_engine_is_there_in_russian_with_the_same_values(key: str, runtime: Runtime) -> None:
    english, russian = own_mail(key), own_mail(key, "ru")
    assert russian.language == "ru", f"templates/mail/service/{key}.ru.md is missing"
    assert check(russian) == []
    values = [set(_VALUE.findall(one.subject + one.body)) for one in (english, russian)]
    assert values[0] == values[1]
    written = re.sub(r"\{[{%].*?[}%]\}", "", russian.subject)
    assert not re.search("[A-Za-z]", written) or re.search("[А-Яа-я]", written)
    assert re.search("[А-Яа-я]", russian.body) and not re.search("[А-Яа-я]", english.body)


def test_the_footer_speaks_the_language_of_the_mail_whoever_loads_it(runtime: Runtime) -> None:
    source = MailSource(key="gruss", subject="Привет", body="Здравствуйте.", language="ru")
    assert "Отписаться" in compile_mail(source).html and 'lang="ru"' in compile_mail(source).html
    assert "Отписаться" in compile_mail(source).text
    english = MailSource(key="hello", subject="Hello", body="Hello.")
    with words.speaking("ru"):
        assert "Unsubscribe" in compile_mail(english).html
        marked = fingerprint(english)
    assert marked == fingerprint(english)


def test_a_new_translation_of_the_footer_makes_a_new_version(runtime: Runtime) -> None:
    source = MailSource(key="gruss", subject="Привет", body="Здравствуйте.", language="ru")
    russian = fingerprint(source)
    known = words.learnt()
    words.learn({})
    try:
        assert fingerprint(source) != russian
    finally:
        words.learn(known)


@pytest.mark.parametrize(
    ("own", "house", "subject"),
    [
        ("ru", "en", "Подтвердите"),
        ("ru-RU", "en", "Подтвердите"),
        (None, "ru", "Подтвердите"),
        ("de", "en", "Please confirm"),
        ("en", "ru", "Please confirm"),
        (None, "en", "Please confirm"),
    ],
)
def test_a_confirmation_comes_in_the_lead_s_language(
    runtime: Runtime, own: str | None, house: str, subject: str
) -> None:
    lead_id = make_lead(runtime.sessions, email="katrin@brand.example", language=own)
    with runtime.sessions.begin() as session:
        installation.get(session).language = house
        queue_service_mail(
            session, "confirm", purpose="confirmation", dedup_key="c", now=TUESDAY, lead_id=lead_id,
            params={"confirm_url": "https://brand.example/confirm/1"},
        )  # fmt: skip
    with runtime.sessions() as session:
        version = session.get_one(MailVersion, session.query(Delivery).one().mail_version_id)
    assert version.subject.startswith(subject)


def test_a_colleague_s_mail_comes_in_the_language_of_the_account(runtime: Runtime) -> None:
    with runtime.sessions.begin() as session:
        session.add(
            User(
                email="lena@brand.example", name="Lena", role="sales", password_hash="", created_at=TUESDAY,
                preferences={"language": "ru"},
            )
        )  # fmt: skip
        session.flush()
        for number, address in enumerate(("lena@brand.example", "new@brand.example")):
            queue_service_mail(
                session, "reset", purpose="notice", dedup_key=str(number), now=TUESDAY, address=address
            )
    with runtime.sessions() as session:
        sent = session.query(Delivery).order_by(Delivery.id)
        subjects = [session.get_one(MailVersion, one.mail_version_id).subject for one in sent]
    assert subjects == ["Новый пароль для Nurture", "A new password for Nurture"]
