"""Segments through their pages and through the API."""

import json

import pytest

from nurture.flows import membership
from nurture.flows.keys import create_key
from nurture.flows.leads import save_lead
from tests.web.api_caller import Caller, problem

BUYERS = {"all": [{"field": "role", "contains": "buyer"}, {"not": {"tag": "old"}}]}


@pytest.fixture
def api(app, runtime):
    with runtime.sessions.begin() as session:
        key = create_key(session, "admin", "admin", now=runtime.now())
    return Caller(app.test_client(), key)


def lead(runtime, name, **answers):
    with runtime.sessions.begin() as session:
        said = {"email": f"{name}@muster.example", "first_name": name, **answers}
        return save_lead(
            session, said, now=runtime.now(), by="test", pepper=b"pepper", base_url="http://localhost"
        ).id


def settle(runtime):
    while membership.update_dirty(runtime.sessions, now=runtime.now()):
        pass


def test_a_segment_is_made_counted_changed_and_taken_away(api, runtime):
    anna = lead(runtime, "Anna", role="Chief Buyer")
    lead(runtime, "Bert", role="Buyer", tags=["OLD"])
    counted = api.post("/segments/preview", json={"condition": BUYERS}).json
    assert (counted["size"], counted["lead_ids"]) == (1, [anna])
    made = api.post("/segments", json={"name": "Our buyers", "condition": BUYERS})
    assert made.status_code == 201
    assert (made.json["key"], made.json["size"], made.json["condition"]) == ("our-buyers", None, BUYERS)
    settle(runtime)
    where = f"/segments/{made.json['id']}"
    assert api.get(where).json["size"] == 1
    assert [one["key"] for one in api.get("/segments").json["data"]] == ["our-buyers"]
    assert [one["id"] for one in api.get("/leads?segment=our-buyers").json["data"]] == [anna]
    changed = api.patch(where, json={"name": "Buyers", "condition": {"tag": "old"}}).json
    assert (changed["name"], changed["sentence"], changed["size"]) == ("Buyers", "tagged old", None)
    assert api.delete(where).status_code == 204
    problem(api.get(where), 404)


def test_what_cannot_be_read_is_refused_with_the_place(api):
    body = problem(api.post("/segments", json={"name": "x", "condition": {"all": [{"colour": "red"}]}}), 422)
    assert list(body["errors"]) == ["condition.all[0].colour"]
    problem(api.post("/segments/preview", json={"condition": {"segment": "unknown"}}), 422)


def test_a_segment_in_use_is_not_deleted_and_says_where(api):
    first = api.post("/segments", json={"name": "First", "condition": {"tag": "x"}}).json
    api.post("/segments", json={"name": "Second", "condition": {"segment": "first"}})
    assert api.get(f"/segments/{first['id']}").json["used_by"] == [
        {"kind": "segment", "id": first["id"] + 1, "key": "second", "name": "Second"}
    ]
    assert "Second" in problem(api.delete(f"/segments/{first['id']}"), 409)["detail"]


def test_a_marketer_builds_a_segment_on_its_page(sign_in, runtime):
    lead(runtime, "Anna", role="Chief Buyer")
    mia = sign_in("marketer")
    assert "No segments yet" in mia.get("/segments").text
    page = mia.get("/segments/new")
    assert page.status_code == 200
    said = {"name": "Our buyers", "condition": json.dumps(BUYERS), "description": ""}
    said["csrf_token"] = page.text.split('name="csrf" content="')[1].split('"')[0]
    counted = mia.post("/segments/preview", data=said).text
    assert "role contains buyer" in counted
    assert "Anna" in counted
    answer = mia.post("/segments/new", data=said)
    assert answer.status_code == 302, answer.text
    settle(runtime)
    assert "Our buyers" in mia.get("/segments").text
    assert "Anna@muster.example" in mia.get(answer.location).text


def test_a_faulty_condition_comes_back_with_its_fault(sign_in):
    mia = sign_in("marketer")
    token = mia.get("/segments/new").text.split('name="csrf" content="')[1].split('"')[0]
    said = {"name": "x", "condition": "{", "csrf_token": token}
    answer = mia.post("/segments/new", data=said)
    assert answer.status_code == 422
    assert "Condition:1: This is not valid YAML" in answer.text


def test_a_viewer_looks_and_does_not_build(sign_in):
    vera = sign_in("viewer")
    assert vera.get("/segments").status_code == 200
    assert vera.get("/segments/new").status_code == 403
