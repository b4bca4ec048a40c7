"""Who sends, the switches, the cap, addresses kept out, companies and models: by the API."""

import pytest

from nurture.rules.addresses import normalise
from nurture.store import suppressions
from tests.web.api_caller import api, caller, problem

__all__ = ["api", "caller"]


def test_sending_is_stopped_resumed_and_let_live(app, api):
    assert api.get("/sending").json == {"live": True, "stopped": False, "stopped_at": None}
    stopped = api.post("/sending/stop").json
    assert stopped["stopped"] and stopped["stopped_at"].endswith("Z")
    assert api.post("/sending/resume").json["stopped"] is False
    assert api.post("/sending/live").json["live"]


def test_who_sends_is_changed_in_part_and_refused_by_field(app, api):
    changed = api.patch("/company", json={"company_name": "Ohm & Söhne", "reply_to": "hello@ohm.example"})
    assert changed.json["company_name"] == "Ohm & Söhne"
    assert api.get("/company").json["postal_address"].startswith("Speicherstraße")
    faults = problem(api.patch("/company", json={"sender_email": "nobody", "color": "blue"}), 422)
    assert set(faults["errors"]) == {"sender_email", "color"}


def test_the_cap_is_read_and_set(app, api, caller):
    assert api.put("/restraint", json={"most": 2, "days": 7, "over": "skip"}).json["most"] == 2
    quiet = {"quiet_from": None, "quiet_until": None}
    assert api.get("/restraint").json == {"most": 2, "days": 7, "over": "skip"} | quiet
    problem(api.put("/restraint", json={"most": 0, "days": 0, "over": "skip"}), 422)
    problem(caller("marketer").put("/restraint", json={"most": 2, "days": 7, "over": "skip"}), 403)


def test_an_address_is_kept_out_and_let_in_again(app, api, runtime):
    out = api.post("/suppressions", json={"email": " Anna@Weber.example ", "detail": "asked on the phone"})
    assert (out.status_code, out.json["reason"]) == (201, "manual")
    assert "anna" not in str(out.json).lower()
    assert api.post("/suppressions", json={"email": "anna@weber.example"}).json["id"] == out.json["id"]
    assert [one["id"] for one in api.get("/suppressions?reason=manual").json["data"]] == [out.json["id"]]
    assert api.delete(f"/suppressions/{out.json['id']}").json["lifted_at"]
    digest = suppressions.address_hash(runtime.pepper, normalise("anna@weber.example"))
    with runtime.sessions() as session:
        assert suppressions.suppressed(session, [digest]) == {}
    problem(api.post("/suppressions", json={"email": "nobody"}), 422)


@pytest.mark.parametrize("reason", ["unsubscribed_all", "complaint", "erased"])
def test_who_asked_to_be_left_alone_is_let_in_by_nobody_else(app, api, runtime, clock, reason):
    with runtime.sessions.begin() as session:
        digest = suppressions.address_hash(runtime.pepper, "mira@weber.example")
        suppressions.suppress(session, [suppressions.NewSuppression(digest, reason)], now=clock.now)
        number = suppressions.active(session, digest).id
    problem(api.delete(f"/suppressions/{number}"), 409)


def test_companies_are_found_by_a_part_of_their_name(app, api):
    for email, company in (
        ("a@b.example", "Größe & Co"),
        ("c@b.example", "Weber Pumps"),
        ("d@b.example", "Größe & Co"),
    ):
        api.post("/leads", json={"email": email, "company": {"name": company, "size": 40}})
    found = api.get("/companies?q=grösse").json["data"]
    assert [(one["name"], one["leads"], one["size"]) for one in found] == [("Größe & Co", 2, 40)]
    assert api.get(f"/companies/{found[0]['id']}").json["name"] == "Größe & Co"
    assert (
        len(api.get("/companies?limit=1").json["data"]) == 1
        and api.get("/companies?limit=1").json["next_cursor"]
    )
    problem(api.get("/companies/999"), 404)


def test_the_models_that_rate_are_told_in_the_words_of_their_file(app, api):
    assert api.get("/models").json == {"data": [], "next_cursor": None}


def test_the_first_page_is_told_in_numbers(app, api):
    assert api.post("/leads", json={"email": "anna@weber.example"}).status_code == 201
    told = api.get("/overview?days=7").json
    assert told["happened"]["leads"] == 1 and told["happened"]["sent"] == 0
    assert told["waiting"]["handoffs_unanswered"] == 0 and told["waiting"]["drafts"] == []
    assert set(told["funnel"]) >= {"inquiry", "lead", "sales_ready", "customer", "lost"}
    problem(api.get("/overview?days=0"), 422)
