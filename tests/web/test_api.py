"""The API through its real door, with real keys."""

import io
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from nurture.flows.keys import create_key
from nurture.runtime import Runtime
from tests.applications import application
from tests.clock import StandingClock


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


# Who may come in


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


# Leads


def test_a_lead_is_made_and_read_back_whole(api: Caller):
    made = api.post(
        "/leads",
        json={
            "email": " Anna@Weber.example",
            "first_name": "Anna",
            "company": "Weber Pumps",
            "country": "Germany",
            "phone": "030 1234567",
            "tags": ["fair"],
            "fields": {"interest": "stock", "size": 3},
            "dates": {"contract_end": "2026-12-31"},
            "consent": {"marketing": True, "proof": "form 12"},
            "bant": {"need": "yes"},
            "source": "Website",
        },
    )
    assert made.status_code == 201, made.text
    lead = made.json
    assert lead["email"] == "Anna@Weber.example"
    assert (lead["phone"], lead["country"], lead["timezone"]) == ("+49301234567", "DE", "Europe/Berlin")
    assert lead["company"]["name"] == "Weber Pumps"
    assert lead["consent"] == {"marketing": True}
    assert lead["bant"] == {"budget": "unknown", "authority": "unknown", "need": "yes", "timing": "unknown"}
    assert lead["fields"] == {"interest": "stock", "size": 3}
    assert (lead["stage"], lead["temperature"], lead["source"]) == ("lead", "cold", "Website")
    assert lead["created_at"].endswith("Z")
    assert lead["url"].endswith(f"/leads/{lead['id']}")
    assert api.get(f"/leads/{lead['id']}").json == lead


def test_the_same_address_is_the_same_lead_and_a_phone_finds_it_too(api: Caller):
    first = anna(api, phone="+49 30 1234567")
    again = api.post("/leads", json={"email": "ANNA@weber.example", "city": "Bonn"})
    assert (again.status_code, again.json["id"], again.json["first_name"]) == (200, first["id"], "Anna")
    assert api.post("/leads", json={"phone": "+49301234567", "role": "Buyer"}).json["id"] == first["id"]


def test_answers_of_two_leads_are_refused_rather_than_merged(api: Caller):
    anna(api)
    api.post("/leads", json={"phone": "+49301234567"})
    body = problem(api.post("/leads", json={"email": "anna@weber.example", "phone": "+49301234567"}), 409)
    assert "merged" in body["detail"]
    problem(api.post("/leads", json={"id": 99, "email": "x@y.example"}), 404)


def test_every_wrong_answer_is_named_at_once(api: Caller):
    body = problem(
        api.post(
            "/leads",
            json={"email": "nonsense", "phone": "abc", "timezone": "Mars", "bant": {"need": "maybe"}},
        ),
        422,
    )
    assert set(body["errors"]) == {"email", "phone", "timezone", "bant"}
    assert "nickname" in problem(api.post("/leads", json={"nickname": "A"}), 422)["errors"]
    assert "heat" in problem(api.post("/leads", json={"email": "a@b.example", "heat": 3}), 422)["errors"]


def test_a_patch_changes_what_it_says_and_null_clears(api: Caller):
    lead = anna(api, city="Bonn", fields={"a": 1, "b": 2})
    changed = api.patch(
        f"/leads/{lead['id']}", json={"city": None, "fields": {"a": None}, "stage": "inquiry"}
    )
    assert changed.status_code == 200, changed.text
    assert (changed.json["city"], changed.json["fields"]) == (None, {"b": 2})
    assert (changed.json["first_name"], changed.json["stage"]) == ("Anna", "inquiry")
    problem(api.patch(f"/leads/{lead['id']}", json={"email": None}), 422)


def test_withdrawn_consent_leaves_a_ledger_and_a_message(api: Caller, db: Session):
    lead = anna(api, consent={"marketing": True})
    assert api.patch(f"/leads/{lead['id']}", json={"consent": {"marketing": False}}).json["consent"] == {
        "marketing": False
    }
    assert db.execute(text("SELECT state FROM consent ORDER BY id")).scalars().all() == [
        "granted",
        "withdrawn",
    ]
    assert "lead.unsubscribed" in db.execute(text("SELECT type FROM webhook_message")).scalars().all()


def test_the_list_is_paged_by_cursor_and_narrowed(api: Caller):
    for number in range(5):
        api.post("/leads", json={"email": f"lead{number}@firma.example", "first_name": f"Name{number}"})
    first = api.get("/leads?limit=2").json
    second = api.get(f"/leads?limit=2&cursor={first['next_cursor']}").json
    third = api.get(f"/leads?limit=2&cursor={second['next_cursor']}").json
    emails = [lead["email"] for page in (first, second, third) for lead in page["data"]]
    assert emails == [f"lead{number}@firma.example" for number in (4, 3, 2, 1, 0)]
    assert third["next_cursor"] is None
    assert [lead["first_name"] for lead in api.get("/leads?q=NAME3").json["data"]] == ["Name3"]
    assert api.get("/leads?temperature=hot").json == {"data": [], "next_cursor": None}
    assert "limit" in problem(api.get("/leads?limit=501"), 422)["errors"]
    assert "cursor" in problem(api.get("/leads?cursor=zzz"), 422)["errors"]
    assert "colour" in problem(api.get("/leads?colour=red"), 422)["errors"]


def test_an_erased_lead_is_gone_and_stays_gone(api: Caller, db: Session):
    lead = anna(api, consent={"marketing": True})
    assert api.delete(f"/leads/{lead['id']}").status_code == 204
    problem(api.get(f"/leads/{lead['id']}"), 404)
    problem(api.delete(f"/leads/{lead['id']}"), 404)
    assert db.execute(text("SELECT reason FROM suppression")).scalar_one() == "erased"
    assert db.execute(text("SELECT email, search FROM lead")).one() == (None, "")


def test_timeline_and_explanation_of_a_lead(api: Caller):
    lead = anna(api)
    api.post("/signals", json={"lead_id": lead["id"], "kind": "called"})
    line = api.get(f"/leads/{lead['id']}/timeline").json["data"][0]
    assert (line["what"], line["kind"]) == ("signal", "called")
    assert api.get(f"/leads/{lead['id']}/explain").status_code == 200
    problem(api.get("/leads/99/timeline"), 404)
    problem(api.get("/leads/99/explain"), 404)


# Signals


def test_a_signal_with_a_key_is_taken_once(api: Caller):
    lead = anna(api)
    signal = {
        "email": "Anna@Weber.example",
        "kind": "event_attended",
        "key": "badge-1",
        "data": {"event": "fair"},
    }
    first, second = api.post("/signals", json=signal), api.post("/signals", json=signal)
    assert (first.status_code, first.json["new"], first.json["lead_id"]) == (201, True, lead["id"])
    assert (second.status_code, second.json["new"], second.json["id"]) == (201, False, None)


def test_a_thousand_signals_come_in_one_call_and_a_thousand_and_one_do_not(api: Caller, db: Session):
    lead = anna(api)
    many = [{"lead_id": lead["id"], "kind": "visited"} for _ in range(1000)]
    assert api.post("/signals", json=many).json["new"] == 1000
    assert db.execute(text("SELECT count(*) FROM unrated_signal")).scalar() == 1000
    problem(api.post("/signals", json=[*many, many[0]]), 422)


def test_one_wrong_signal_among_many_takes_none(api: Caller, db: Session):
    lead = anna(api)
    body = problem(
        api.post(
            "/signals",
            json=[{"lead_id": lead["id"], "kind": "called"}, {"email": "who@x.example", "kind": "called"}],
        ),
        422,
    )
    assert body["errors"] == {"1.email": ["There is no such lead."]}
    assert db.execute(text("SELECT count(*) FROM signal")).scalar() == 0


def test_signals_that_cannot_be(api: Caller, clock: StandingClock):
    lead = anna(api)
    problem(api.post("/signals", json={"email": "who@x.example", "kind": "called"}), 404)
    ahead = (clock.moment + timedelta(days=2)).isoformat()
    problem(api.post("/signals", json={"lead_id": lead["id"], "kind": "called", "occurred_at": ahead}), 422)
    problem(api.post("/signals", json={"lead_id": lead["id"], "email": "a@b.example", "kind": "called"}), 422)
    problem(api.post("/signals", json={"kind": "called"}), 422)
    problem(api.post("/signals", json={"lead_id": lead["id"], "kind": "DROP TABLE"}), 422)


# Bodies, methods, addresses


def test_what_is_no_json_is_said_to_be_none(api: Caller):
    problem(
        api.post("/leads", data="email=a@b.example", content_type="application/x-www-form-urlencoded"), 415
    )
    problem(api.post("/leads", data="{", content_type="application/json"), 400)
    problem(api.post("/leads", data="[" * 5000, content_type="application/json"), 400)
    problem(api.post("/leads", json={"email": "a@b.example", "city": "a\0b"}), 422)
    problem(api.post("/leads", data='{"fields": {"a": NaN}}', content_type="application/json"), 422)
    problem(api.post("/leads", data="x" * 3_000_000, content_type="application/json"), 413)


def test_addresses_and_methods_that_are_none(api: Caller, app: Flask):
    problem(api.get("/nothing"), 404)
    answer = api.put("/leads", json={})
    problem(answer, 405)
    assert {"GET", "POST"} <= {method.strip() for method in answer.headers["Allow"].split(",")}
    assert app.test_client().get("/nothing", headers={"Accept": "text/html"}).mimetype == "text/html"


# Again


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


# Webhooks


def test_an_endpoint_from_its_making_to_its_end(api: Caller):
    made = api.post("/webhook_endpoints", json={"url": "https://crm.example.com/x", "types": ["lead.hot"]})
    assert (made.status_code, made.json["secret"][:6]) == (201, "whsec_")
    number = made.json["id"]
    shown = api.get(f"/webhook_endpoints/{number}").json
    assert "secret" not in shown
    assert shown["types"] == ["lead.hot"]
    changed = api.patch(f"/webhook_endpoints/{number}", json={"types": []})
    assert changed.json["types"] == []
    test = api.post(f"/webhook_endpoints/{number}/test")
    assert test.status_code == 202
    message = api.get(f"/webhook_messages/{test.json['message_id']}").json
    assert message["body"]["type"] == "webhook.test"
    assert message["posts"][0]["state"] == "pending"
    assert api.post(f"/webhook_messages/{message['id']}/replay").json == {"posts": 1}
    assert [one["id"] for one in api.get("/webhook_messages").json["data"]] == [message["id"]]
    assert api.post(f"/webhook_endpoints/{number}/secret").json["secret"] != made.json["secret"]
    assert api.delete(f"/webhook_endpoints/{number}").status_code == 204
    assert api.get(f"/webhook_endpoints/{number}").json["disabled_at"]
    problem(api.get("/webhook_endpoints/99"), 404)
    problem(api.post("/webhook_messages/msg_none/replay"), 404)
    assert (
        "types"
        in problem(
            api.post("/webhook_endpoints", json={"url": "https://x.example.com", "types": ["no"]}), 422
        )["errors"]
    )


# Imports


def test_a_file_comes_in_as_body_or_form_and_its_bad_rows_go_back(api: Caller):
    made = api.post(
        "/imports?source=Fair&consent=marketing",
        data="email,name\nanna@weber.example,Anna Weber\nnonsense,Bert\n",
        content_type="text/csv",
    )
    assert made.status_code == 201, made.text
    assert (made.json["state"], made.json["new"], made.json["bad"]) == ("done", 1, {"address": 1})
    assert made.json["mailable"] == 1
    faults = api.get(f"/imports/{made.json['id']}/errors").json
    assert faults["data"][0]["line"] == 3
    assert faults["data"][0]["values"] == {"email": "nonsense", "name": "Bert"}
    assert b"nonsense" in api.get(f"/imports/{made.json['id']}/bad_rows.csv").data
    form = {"file": (io.BytesIO(b"E-Mail;Ort\nbert@weber.example;Bonn\n"), "../../leads.csv")}
    second = api.post("/imports", data=form, content_type="multipart/form-data")
    assert (second.status_code, second.json["new"], second.json["filename"]) == (201, 1, "leads.csv")
    assert [one["id"] for one in api.get("/imports").json["data"]] == [second.json["id"], made.json["id"]]


def test_files_that_cannot_be_taken_are_refused_with_a_sentence(api: Caller):
    body = problem(api.post("/imports", data=b"PK\x03\x04zip", content_type="text/csv"), 422)
    assert "Excel" in body["detail"]
    problem(api.post("/imports", data="a,b\n1,2\n", content_type="text/csv"), 422)
    assert (
        "colour"
        in problem(api.post("/imports?colour=red", data="email\n", content_type="text/csv"), 422)["errors"]
    )
    assert (
        "map" in problem(api.post("/imports?map=x", data="email\n", content_type="text/csv"), 422)["errors"]
    )
    assert (
        "file"
        in problem(api.post("/imports", data={"source": "y"}, content_type="multipart/form-data"), 422)[
            "errors"
        ]
    )


# Read only for now


@pytest.mark.parametrize(
    "path", ["/programs", "/chains", "/deliveries", "/handoffs", "/webhook_messages", "/imports"]
)
def test_lists_are_empty_at_first_and_single_things_are_not_there(api: Caller, path: str):
    assert api.get(path).json == {"data": [], "next_cursor": None}
    problem(api.get(f"{path}/99"), 404)


# The description


def test_the_description_names_every_call_and_the_page_shows_it(app: Flask):
    spec = app.test_client().get("/api/v1/openapi.json").json
    assert spec["openapi"] == "3.1.0"
    assert {"get", "post"} <= set(spec["paths"]["/api/v1/leads"])
    assert "/api/v1/handoffs/{handoff_id}/outcome" in spec["paths"]
    page = app.test_client().get("/api/docs")
    assert page.status_code == 200
    assert "/api/v1/signals" in page.text
    assert "http://" not in page.text.replace("http://localhost:8000", ""), "nothing of others"
