"""The API through its real door, with real keys: what holds for every call."""

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.web.api_caller import Caller, api, app, caller, problem

__all__ = ["api", "app", "caller"]


def test_what_is_no_json_is_said_to_be_none(api: Caller):
    problem(
        api.post("/leads", data="email=a@b.example", content_type="application/x-www-form-urlencoded"), 415
    )
    told = problem(api.post("/leads", data='{"city":\n  Bonn}', content_type="application/json"), 400)
    assert told["detail"] == "This is not valid JSON: line 2, column 3 cannot be read."
    told = problem(api.post("/leads", data=b'{"city": "K\xf6ln"}', content_type="application/json"), 400)
    assert told["detail"] == "The JSON is not written in UTF-8: byte 12 is no part of a letter."
    problem(api.post("/leads", data="[" * 5000, content_type="application/json"), 400)
    problem(api.post("/leads", json={"email": "a@b.example", "city": "a\0b"}), 422)
    problem(api.post("/leads", data='{"fields": {"a": NaN}}', content_type="application/json"), 422)
    json_text = {"content_type": "application/json"}
    for path in ("/leads", "/import_drafts/1"):  # files may come there as well
        problem(api.post(path, data='{"id": ' + "9" * 5000 + "}", **json_text), 422)
        problem(api.post(path, data="[" * 5000 + "]" * 5000, **json_text), 400)
    problem(api.put("/transports/choices", json={"kind": "program", "id": 1, "transport_id": 2**80}), 422)
    problem(api.get("/leads/1/explain?at=0001-01-01T00:00:00%2B14:00"), 422)
    event = {"name": "Fair", "starts_at": "2026-03-02T09:00:00Z", "timezone": "UTC", "link": "https://[::1"}
    assert "link" in problem(api.post("/events", json=event), 422)["errors"]
    told = problem(api.post("/consents", json={"lead_id": 1, "purpose": "Our News"}), 422)
    assert told["detail"] == "Some values cannot be taken: purpose."
    assert "small letters" in told["errors"]["purpose"][0]
    problem(api.post("/leads", data="x" * 3_000_000, content_type="application/json"), 413)


def test_addresses_and_methods_that_are_none(api: Caller, app: Flask):
    problem(api.get("/nothing"), 404)
    answer = api.put("/leads", json={})
    problem(answer, 405)
    assert {"GET", "POST"} <= {method.strip() for method in answer.headers["Allow"].split(",")}
    assert app.test_client().get("/nothing", headers={"Accept": "text/html"}).mimetype == "text/html"


def test_a_post_sent_again_gets_the_same_answer(api: Caller, db: Session):
    again = {"Idempotency-Key": "k-1"}
    first = api.post("/webhook_endpoints", json={"url": "https://crm.example.com/x"}, headers=again)
    second = api.post("/webhook_endpoints", json={"url": "https://crm.example.com/x"}, headers=again)
    assert first.json == second.json
    assert second.headers["Idempotency-Replayed"] == "true"
    assert db.execute(text("SELECT count(*) FROM webhook_endpoint")).scalar() == 1
    kept = db.execute(text("SELECT body FROM idempotency_key")).scalar_one()
    assert first.json["secret"].encode() not in bytes(kept), "secrets are not kept in plain"
    problem(api.post("/webhook_endpoints", json={"url": "https://other.example.com"}, headers=again), 422)


def test_faults_are_answered_again_as_well(api: Caller):
    again = {"Idempotency-Key": "k-2"}
    first = api.post("/leads", json={"email": "nonsense"}, headers=again)
    second = api.post("/leads", json={"email": "nonsense"}, headers=again)
    assert (first.status_code, first.data) == (second.status_code, second.data)
    problem(api.post("/leads", json={}, headers={"Idempotency-Key": "x" * 256}), 422)


@pytest.mark.parametrize(
    "path", ["/programs", "/chains", "/deliveries", "/handoffs", "/webhook_messages", "/imports"]
)
def test_lists_are_empty_at_first_and_single_things_are_not_there(api: Caller, path: str):
    assert api.get(path).json == {"data": [], "next_cursor": None}
    problem(api.get(f"{path}/99"), 404)


def test_the_description_names_every_call_and_the_page_shows_it(app: Flask):
    spec = app.test_client().get("/api/v1/openapi.json").json
    assert spec["openapi"] == "3.1.0"
    assert {"get", "post"} <= set(spec["paths"]["/api/v1/leads"])
    assert "/api/v1/handoffs/{handoff_id}/outcome" in spec["paths"]
    page = app.test_client().get("/api/docs")
    assert page.status_code == 200
    assert "/api/v1/signals" in page.text
    assert "http://" not in page.text.replace("http://localhost:8000", ""), "nothing of others"
