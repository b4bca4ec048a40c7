"""The application over real servers, and people who are signed in."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis.connection import Connection
from werkzeug.test import TestResponse

from nurture.flows import passwords
from nurture.flows.keys import create_key
from nurture.flows.senders import keep_house
from nurture.flows.users import note_visit
from nurture.runtime import Runtime
from nurture.store import installation
from nurture.store.users import User
from tests.applications import application, signed_in
from tests.conftest import TUESDAY

PASSWORD = "a long enough password"
SignIn = Callable[..., FlaskClient]
Call = Callable[..., TestResponse]


@pytest.fixture(scope="session")
def password_hash() -> str:
    """One hash for everybody: argon2 is slow on purpose."""
    return passwords.hashed(PASSWORD)


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    with runtime.sessions.begin() as session:
        house = installation.get(session)
        house.company_name, house.postal_address = "Kessler Ohm", "Speicherstraße 14\n20457 Hamburg"
        keep_house(session, name="Mira Aydın", email="mira@kessler-ohm.example", reply_to=None, now=TUESDAY)
        house.timezone, house.live = "Europe/Berlin", True
    app = application(runtime)
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    """Nobody in particular."""
    return app.test_client()


@pytest.fixture
def sign_in(app: Flask, runtime: Runtime, password_hash: str) -> SignIn:
    """A client that is signed in with a role; the user is made if need be."""

    def enter(role: str = "admin") -> FlaskClient:
        email = f"{role}@kessler-ohm.example"
        with runtime.sessions.begin() as session:
            if not session.query(User).filter_by(email=email).one_or_none():
                session.add(
                    User(
                        email=email,
                        name=role.title(),
                        role=role,
                        password_hash=password_hash,
                        created_at=TUESDAY,
                    )
                )
            user = session.query(User).filter_by(email=email).one()
            note_visit(session, user.id, now=TUESDAY)
        return signed_in(app, user)

    return enter


def calls_of(app: Flask, runtime: Runtime, role: str, *, name: str = "A program") -> Call:
    """A program with a key of this role: `call("POST", "/leads", json=…)`."""
    with runtime.sessions.begin() as session:
        key = create_key(session, name, role, now=runtime.now())
    headers = {"Authorization": f"Bearer {key}"}
    client = app.test_client()
    return lambda verb, path, **more: client.open(f"/api/v1{path}", method=verb, headers=headers, **more)


def token_of(page: str) -> str:
    """The CSRF token of a page's form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page) or re.search(
        r'name="csrf" content="([^"]+)"', page
    )
    assert found, "the page has no CSRF token"
    return found[1]


def take_redis_away(runtime: Runtime) -> None:
    """From now on nothing answers where this process looks for Redis."""
    pool = runtime.redis.connection_pool
    pool.connection_class, pool.connection_kwargs = (
        Connection,
        {"host": "127.0.0.1", "port": 1, "retry": None},
    )
    pool.reset()
