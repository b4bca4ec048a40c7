"""Signals through the API."""

import json
import math
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.clock import StandingClock
from tests.web.api_caller import Caller, anna, api, app, caller, problem

__all__ = ["api", "app", "caller"]


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
    assert (second.status_code, second.json["new"], second.json["id"]) == (201, False, first.json["id"])
    other = {**signal, "kind": "called", "data": {}}
    many = api.post("/signals", json=[other, {**other, "key": "b-2"}, {**other, "key": "b-2"}]).json["data"]
    assert [one["new"] for one in many] == [False, True, False]
    assert (many[0]["id"], many[2]["id"]) == (first.json["id"], many[1]["id"])
    # Whoever sends it again after a broken line still knows what to take back.
    assert api.delete(f"/signals/{second.json['id']}").status_code == 204


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


def test_whoever_was_merged_is_meant_by_the_old_number_in_bodies_too(api: Caller, db: Session):
    anna_id = anna(api)["id"]
    double = api.post("/leads", json={"email": "a.weber@weber.example"}).json["id"]
    assert api.post(f"/leads/{anna_id}/merge", json={"other": double}).status_code == 201
    for path, said in (("/signals", {"kind": "called"}), ("/consents", {"purpose": "marketing"})):
        answer = api.post(path, json={"lead_id": double, **said})
        assert (answer.status_code, answer.json["lead_id"]) == (201, anna_id), answer.text
    fair = {"name": "Fair", "starts_at": "2026-03-10T09:00:00Z", "timezone": "UTC"}
    guests = f"/events/{api.post('/events', json=fair).json['id']}/guests"
    assert api.post(guests, json={"lead_id": double}).json["lead_id"] == anna_id
    told = problem(api.post("/signals", json={"lead_id": double, "kind": "Bad Kind"}), 422)
    assert told["detail"] == "The signal cannot be taken."


def test_what_no_table_keeps_is_named_by_its_place(api: Caller) -> None:
    batch = [
        {"email": "ada@werk.example", "kind": "called"},
        {"email": "ben@werk.example", "kind": "note", "data": {"text": "half a pair: \ud800", "seen": [1]}},
        {"email": "cleo@werk.example", "kind": "note", "data": {"a\ud800\0": 1, "sum": math.nan}},
    ]
    said = problem(api.post("/signals", data=json.dumps(batch), content_type="application/json"), 422)
    assert list(said["errors"]) == ["1.data.text", "2.data.a\ufffd\ufffd", "2.data.sum"]
    assert "surrogate" in said["errors"]["1.data.text"][0]
    assert list(problem(api.post("/signals", json="\0"), 422)["errors"]) == ["body"]
