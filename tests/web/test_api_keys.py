"""Who may call the API."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.web.api_caller import Caller, api, app, caller, problem

__all__ = ["api", "app", "caller"]


def test_nobody_comes_in_without_a_key(app: Flask):
    body = problem(app.test_client().get("/api/v1/leads"), 401)
    assert "Bearer" in body["detail"]
    answer = app.test_client().get("/api/v1/leads", headers={"Authorization": "Bearer nk_0000.wrong"})
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_key_is_none(api: Caller, caller: Callable[..., Caller]):
    gone = caller("viewer")
    number = next(key for key in api.get("/keys").json["data"] if key["role"] == "viewer")["id"]
    assert api.delete(f"/keys/{number}").status_code == 204
    problem(gone.get("/leads"), 401)


@pytest.mark.parametrize(
    ("role", "verb", "path", "status"),
    [
        ("viewer", "post", "/leads", 403),
        ("viewer", "get", "/leads", 200),
        ("sales", "get", "/webhook_endpoints", 403),
        ("sales", "delete", "/leads/1", 403),
        ("marketer", "get", "/keys", 403),
        ("marketer", "post", "/webhook_endpoints", 403),
        ("viewer", "post", "/imports", 403),
        ("viewer", "post", "/handoffs/1/outcome", 403),
        ("sales", "post", "/programs/1/publish", 403),
    ],
)
def test_a_role_opens_what_it_should(
    caller: Callable[..., Caller], role: str, verb: str, path: str, status: int
):
    assert getattr(caller(role), verb)(path).status_code == status


def test_a_key_is_shown_once_and_works(api: Caller, app: Flask):
    made = api.post("/keys", json={"name": "CRM", "role": "sales"})
    assert made.status_code == 201
    assert Caller(app.test_client(), made.json["key"]).get("/handoffs").status_code == 200
    assert "key" not in api.get("/keys").json["data"][0]
