"""The company's colour and the language of its mails are settings, checked where they are typed."""

from flask.testing import FlaskClient

from nurture.runtime import Runtime
from nurture.store import installation
from nurture.store.senders import SenderRow
from tests.web.conftest import SignIn, token_of

COMPANY = {
    "company_name": "Kessler Ohm",
    "postal_address": "Speicherstraße 14",
    "timezone": "Europe/Berlin",
    "sender_name": "Mira",
    "sender_email": "mira@kessler-ohm.example",
}


def _save(mira: FlaskClient, **answers: str) -> tuple[int, str]:
    token = token_of(mira.get("/settings").text)
    answer = mira.post("/settings", data={**COMPANY, "csrf_token": token, **answers})
    return answer.status_code, answer.text


def _kept(runtime: Runtime) -> tuple[str, str]:
    with runtime.sessions() as session:
        house = installation.get(session)
        return house.color, house.language


def test_a_colour_and_a_language_are_kept(sign_in: SignIn, runtime: Runtime) -> None:
    mira = sign_in("admin")
    assert _save(mira, color="#C2410C", language="ru")[0] == 302
    assert _kept(runtime) == ("#c2410c", "ru")
    assert _save(mira)[0] == 302
    assert _kept(runtime) == ("#c2410c", "ru")


def test_what_is_no_colour_is_refused_beside_its_field_and_nothing_is_lost(
    sign_in: SignIn, runtime: Runtime
) -> None:
    mira = sign_in("admin")
    status, page = _save(mira, color="red;}body{display:none", language="tlh", postal_address="Somewhere new")
    assert status == 422
    assert "A colour is written as #" in page and "There is no such language here." in page
    assert "Somewhere new" in page
    assert _kept(runtime) == ("#0b6b5b", "en")


def test_a_house_without_a_sender_is_asked_for_one_beside_its_name(sign_in: SignIn, runtime: Runtime) -> None:
    mira = sign_in("admin")
    with runtime.sessions.begin() as session:
        session.query(SenderRow).delete()
        house = installation.get(session)
        house.sender_name = house.sender_email = ""
    assert 'name="sender_email"' in mira.get("/settings").text
    assert _save(mira, sender_email="nobody")[0] == 422
    assert _save(mira)[0] == 302
    assert 'name="sender_email"' not in mira.get("/settings").text
    with runtime.sessions() as session:
        assert installation.get(session).sender_email == "mira@kessler-ohm.example"
