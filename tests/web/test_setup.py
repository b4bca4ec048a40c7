"""The first set-up: once, with the latest token, everything said at once."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from nurture.flows.setup import offer_setup
from nurture.runtime import Runtime
from nurture.store import installation
from nurture.store.users import User
from tests.applications import application
from tests.web.conftest import token_of
from tests.web.first_answers import ANSWERS


@pytest.fixture
def fresh(runtime: Runtime) -> Iterator[FlaskClient]:
    """An installation that nobody has set up."""
    app: Flask = application(runtime)
    yield app.test_client()


@pytest.fixture
def token(runtime: Runtime) -> str:
    with runtime.sessions.begin() as session:
        return offer_setup(session) or ""


def _send(client: FlaskClient, token: str, **changes: str) -> TestResponse:
    csrf = token_of(client.get(f"/setup?token={token}").text)
    return client.post("/setup", data=ANSWERS | {"token": token, "csrf_token": csrf} | changes)


def test_the_set_up_makes_the_administrator_and_signs_in(
    fresh: FlaskClient, token: str, runtime: Runtime
) -> None:
    assert _send(fresh, token).headers["Location"] == "/"
    assert fresh.get("/settings").status_code == 200
    with runtime.sessions() as session:
        user, house = session.query(User).one(), installation.get(session)
    assert (user.email, user.role, user.name) == ("mira@kessler-ohm.example", "admin", "Mira Aydın")
    assert (house.company_name, house.timezone) == ("Kessler Ohm GmbH", "Europe/Berlin")
    assert house.postal_address == "Speicherstraße 14\n20457 Hamburg"


def test_the_set_up_is_closed_once_a_user_exists(fresh: FlaskClient, token: str, runtime: Runtime) -> None:
    form = ANSWERS | {"token": token, "csrf_token": token_of(fresh.get(f"/setup?token={token}").text)}
    assert fresh.post("/setup", data=form).status_code == 302
    other = fresh.application.test_client()
    assert other.get(f"/setup?token={token}").status_code == 403
    form["csrf_token"] = token_of(other.get("/sign-in").text)
    assert other.post("/setup", data=form | {"email": "stranger@evil.example"}).status_code == 409
    with runtime.sessions.begin() as session:
        assert offer_setup(session) is None
        assert session.query(User).count() == 1


def test_a_stranger_without_the_token_cannot_claim_the_installation(fresh: FlaskClient, token: str) -> None:
    assert fresh.get("/setup").status_code == 403
    assert fresh.get("/setup?token=guessed").status_code == 403
    form = ANSWERS | {"token": "guessed", "csrf_token": token_of(fresh.get("/sign-in").text)}
    assert fresh.post("/setup", data=form).status_code == 403


def test_only_the_latest_link_opens(fresh: FlaskClient, token: str, runtime: Runtime) -> None:
    with runtime.sessions.begin() as session:
        later = offer_setup(session)
    assert fresh.get(f"/setup?token={token}").status_code == 403
    assert fresh.get(f"/setup?token={later}").status_code == 200


def test_every_missing_answer_is_named_at_once(fresh: FlaskClient, token: str, runtime: Runtime) -> None:
    answer = _send(fresh, token, password="short", company_name=" ", postal_address="", sender_email="nobody")
    assert answer.status_code == 422
    for sentence in ("10 characters", "names the company", "postal address", "not an e-mail address"):
        assert sentence in answer.text
    assert "Europe/Berlin" in answer.text
    with runtime.sessions() as session:
        assert session.query(User).count() == 0


def test_a_sender_at_what_can_be_no_domain_is_refused(fresh: FlaskClient, token: str) -> None:
    answer = _send(fresh, token, sender_email="mira@weber..example")
    assert answer.status_code == 422
    assert "not an e-mail address" in answer.text


def test_a_line_break_cannot_be_smuggled_into_the_senders_name(fresh: FlaskClient, token: str) -> None:
    answer = _send(fresh, token, sender_name="Mira\r\nBcc: all@evil.example")
    assert answer.status_code == 422
    assert "one line of plain text" in answer.text
