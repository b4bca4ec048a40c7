"""Users, invitations and the audit log by the API, through the same flows as the pages."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from nurture.runtime import Runtime
from tests.web.conftest import PASSWORD, Call, SignIn, calls_of, token_of
from tests.web.people import NINA, accepted


@pytest.fixture
def call(app: Flask, runtime: Runtime) -> Call:
    """An administrator's key in use."""
    return calls_of(app, runtime, "admin", name="Directory")


def test_a_user_is_made_changed_and_kept_out(call: Call, visitor: FlaskClient) -> None:
    nina = {"email": NINA, "name": "Nina Berg", "role": "sales", "password": PASSWORD}
    made = call("POST", "/users", json=nina)
    assert made.status_code == 201 and made.json["role"] == "sales"
    assert "password" not in made.text
    form = {"email": NINA, "password": PASSWORD, "csrf_token": token_of(visitor.get("/sign-in").text)}
    assert visitor.post("/sign-in", data=form).status_code == 302
    place = f"/users/{made.json['id']}"
    assert call("GET", place).json["last_sign_in_at"] is not None
    assert call("PATCH", place, json={"role": "viewer"}).json["role"] == "viewer"
    assert visitor.get("/leads").status_code == 302
    assert call("GET", place).json["sales_mails"] == {"notices": True, "digest": True}
    assert call("PUT", f"{place}/sales_mails", json={"digest": False}).status_code == 200
    assert call("GET", place).json["sales_mails"] == {"notices": True, "digest": False}
    assert call("DELETE", place).status_code == 204
    assert call("GET", place).json["disabled_at"] is not None
    assert call("POST", "/users", json=nina).status_code == 409
    assert call("PATCH", place, json={"role": "king"}).status_code == 422


def test_the_last_administrator_stays(call: Call, sign_in: SignIn) -> None:
    sign_in("admin")
    assert call("PATCH", "/users/1", json={"role": "viewer"}).status_code == 409
    assert call("DELETE", "/users/1").status_code == 409


def test_an_invitation_by_the_api_lets_in_and_can_be_taken_back(call: Call, visitor: FlaskClient) -> None:
    made = call("POST", "/invitations", json={"email": NINA, "role": "viewer"})
    assert made.status_code == 201
    path = made.json["url"].removeprefix("http://localhost:8000")
    assert [one["email"] for one in call("GET", "/invitations").json["data"]] == [NINA]
    assert "url" not in call("GET", "/invitations").json["data"][0]
    assert accepted(visitor, path).status_code == 302
    assert call("GET", "/invitations").json["data"] == []
    other = call("POST", "/invitations", json={"email": "otto@kessler-ohm.example", "role": "viewer"})
    assert call("DELETE", f"/invitations/{other.json['id']}").status_code == 204
    assert visitor.get(other.json["url"].removeprefix("http://localhost:8000")).status_code == 403
    assert call("DELETE", "/invitations/99").status_code == 404


def test_a_reset_link_is_made_once_and_shown_once(call: Call, sign_in: SignIn, visitor: FlaskClient) -> None:
    sign_in("sales")
    made = call("POST", "/users/1/reset_link")
    assert made.status_code == 201
    assert visitor.get(made.json["url"].removeprefix("http://localhost:8000")).status_code == 200
    assert call("DELETE", "/users/1/second_factor").status_code == 409


def test_the_log_tells_what_a_key_did(call: Call, sign_in: SignIn) -> None:
    sign_in("sales")
    call("PATCH", "/users/1", json={"role": "viewer"})
    [line] = call("GET", "/audit?kind=user&actor=key:1").json["data"]
    assert (line["actor_name"], line["action"], line["subject"]) == ("Directory", "user.changed", "user:1")
    assert line["detail"] == {"role": ["sales", "viewer"]}
    first = call("GET", "/audit?limit=1").json
    second = call("GET", f"/audit?limit=1&cursor={first['next_cursor']}").json
    assert first["data"][0]["id"] > second["data"][0]["id"]
    assert call("GET", "/audit?since=2026-03-04T00:00:00Z").json["data"] == []
    assert call("GET", "/audit?since=yesterday").status_code == 422
