"""Every call of the API, with every role and with values nobody should send: never a fault of ours."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from nurture.flows.keys import create_key
from nurture.runtime import Runtime
from nurture.web.api.access_table import ACCESS
from tests.applications import application
from tests.web.operations import operations

ROLES = ("admin", "marketer", "sales", "viewer")
HOSTILE: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, 1e308, "", " ", "x" * 5000, "' OR 1=1 --", "{{ 7*7 }}", "<script>", "\u202e",
    "../../etc/passwd", [], {}, [[]], {"a": {"b": []}}, "2026-02-30", "=cmd()", "%00", "🙂",
)  # fmt: skip


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    app = application(runtime)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


@pytest.fixture
def keys(runtime: Runtime) -> dict[str, str]:
    with runtime.sessions.begin() as session:
        return {role: create_key(session, role, role, now=runtime.now()) for role in ROLES}


def caller(client: FlaskClient, key: str) -> Callable[..., Any]:
    headers = {"Authorization": f"Bearer {key}"}
    return lambda verb, path, **more: getattr(client, verb)(path, headers=headers, **more)


def filled(path: str, number: object) -> str:
    return "/".join(str(number) if part.startswith("{") else part for part in path.split("/"))


def shape(spec: dict[str, Any], app: Flask) -> dict[str, Any]:
    """The properties of the body, references followed."""
    content = spec.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    content = content.get("oneOf", [content])[0]
    name = content.get("$ref", "").rpartition("/")[2]
    schemas = app.extensions["nurture-api"].spec.to_dict()["components"]["schemas"]
    return dict(schemas.get(name, {}).get("properties", {}))


def sound(answer: Any) -> None:
    assert answer.status_code < 500, f"{answer.request.method} {answer.request.path}: {answer.text[:300]}"
    if answer.status_code >= 400:
        assert answer.content_type == "application/problem+json"
        assert json.loads(answer.data)["status"] == answer.status_code


def test_each_role_may_do_what_the_table_says_and_nothing_else(app: Flask, keys: dict[str, str]):
    adapter = app.url_map.bind("localhost")
    seen = set()
    for verb, path, _spec in operations(app):
        endpoint = adapter.match(filled(path, 987654), method=verb.upper())[0]
        seen.add(endpoint)
        for role in ROLES:
            answer = caller(app.test_client(), keys[role])(verb, filled(path, 987654))
            assert (answer.status_code == 403) == (role not in ACCESS[endpoint]), f"{role} {verb} {path}"
            sound(answer)
        assert getattr(app.test_client(), verb)(filled(path, 987654)).status_code == 401
    assert seen == set(ACCESS)


def test_no_address_and_no_query_makes_it_fall(app: Flask, keys: dict[str, str]):
    call = caller(app.test_client(), keys["admin"])
    for verb, path, spec in operations(app):
        for value in ("0", "99999999999999999999", "-1", "abc", "%00", "..", "1e9", "🙂"):
            sound(call(verb, filled(path, value)))
        if verb == "get":
            asked = [one["name"] for one in spec.get("parameters", []) if one["in"] == "query"]
            for name in ("unheard_of", *asked):
                for value in (
                    "",
                    "%00",
                    "0",
                    "-1",
                    "99999999999999999999",
                    "W10",
                    "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5XQ",
                    "🙂",
                ):
                    sound(call("get", f"{filled(path, 1)}?{name}={value}"))


def test_no_body_makes_it_fall(app: Flask, keys: dict[str, str]):
    call = caller(app.test_client(), keys["admin"])
    assert call("post", "/api/v1/leads", json={"email": "anna@weber.example"}).status_code == 201
    for verb, path, spec in operations(app):
        if verb not in ("post", "put", "patch"):
            continue
        place = filled(path, 1)
        for body in HOSTILE:
            sound(call(verb, place, json=body))
        properties = shape(spec, app)
        right = {
            "email": "anna@weber.example",
            "kind": "called",
            "outcome": "won",
            "name": "x",
            "role": "viewer",
        }
        for value in HOSTILE:
            # Where the shape is wrong the answer names every place: each was looked at. What has the right
            # shape is looked at by the flow, in a body of its own.
            together = call(verb, place, json=dict.fromkeys(properties, value))
            sound(together)
            refused = together.json.get("errors", {}) if together.status_code == 422 else {}
            for name in (one for one in properties if one not in refused):
                others = {key: right[key] for key in right if key in properties and key != name}
                answer = call(verb, place, json={**others, name: value})
                sound(answer)
                # Where the others were to blame, nobody has looked at the value yet.
                if answer.status_code == 422 and others.keys() & answer.json["errors"].keys():
                    sound(call(verb, place, json={name: value}))
