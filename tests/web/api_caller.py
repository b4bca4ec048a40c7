"""Those who call the API with a key, and what they are told."""

import json
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from nurture.flows.keys import create_key
from nurture.runtime import Runtime
from tests.applications import application


class Caller:
    """Somebody with a key."""

    def __init__(self, client: FlaskClient, key: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {key}"}

    def __getattr__(self, verb: str) -> Callable[..., TestResponse]:
        def call(path: str, headers: dict[str, str] | None = None, **options: object) -> TestResponse:
            return getattr(self.client, verb)(
                f"/api/v1{path}", headers={**self.headers, **(headers or {})}, **options
            )

        return call


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    app = application(runtime)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


@pytest.fixture
def caller(app: Flask, runtime: Runtime) -> Callable[..., Caller]:
    def with_role(role: str = "admin") -> Caller:
        with runtime.sessions.begin() as session:
            key = create_key(session, role, role, now=runtime.now())
        return Caller(app.test_client(), key)

    return with_role


@pytest.fixture
def api(caller: Callable[..., Caller]) -> Caller:
    return caller("admin")


def problem(answer: TestResponse, status: int) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    body = json.loads(answer.data)
    assert body["status"] == status
    assert body["detail"]
    return body


def anna(api: Caller, **more: object) -> dict:
    answer = api.post("/leads", json={"email": "anna@weber.example", "first_name": "Anna", **more})
    assert answer.status_code in (200, 201), answer.text
    return answer.json
