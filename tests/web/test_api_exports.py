"""Newsletters before they go, exports and a person's own data through the API."""

import csv
import io

from flask import Flask

from tests.web.api_caller import Caller, anna, api, caller, problem

__all__ = ["api", "caller"]


def test_a_newsletter_is_seen_before_it_goes(app: Flask, api: Caller) -> None:
    said = {"name": "March", "subject": "News for {{ lead.first_name }}", "body": "Hello."}
    number = api.post("/newsletters", json=said).json["id"]
    lead = anna(api)
    assert api.get(f"/newsletters/{number}/preview?lead={lead['id']}").json["subject"] == "News for Anna"
    problem(api.get(f"/newsletters/{number}/preview?lead=999"), 404)
    problem(api.get("/newsletters/999/preview"), 404)


def test_leads_go_out_as_a_table_by_the_filter_of_their_list(api: Caller, caller: object) -> None:
    anna(api, company="=Weber", city="Bonn")
    api.post("/leads", json={"email": "bert@weber.example", "tags": ["fair"]})
    answer = api.get("/leads/export.csv?q=anna&columns=company,city,nonsense")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    [line] = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert (line["email"], line["company"], line["city"]) == ("anna@weber.example", "'=Weber", "Bonn")
    log = api.get("/audit").json["data"][0]
    assert (log["action"], log["detail"]["narrowed_by"]) == ("leads.exported", ["q"])
    assert "colour" in problem(api.get("/leads/export.csv?colour=red"), 422)["errors"]
    assert api.get("/handoffs/export.csv").text.startswith("\ufeff")


def test_a_person_gets_everything_that_is_kept_about_them(app: Flask, api: Caller) -> None:
    lead = anna(api, consent={"marketing": True, "proof": "form 12"})
    kept = api.get(f"/leads/{lead['id']}/data").json
    assert kept["lead"]["email"] == "anna@weber.example"
    assert [one["purpose"] for one in kept["consents"]] == ["marketing"]
    problem(api.get("/leads/999/data"), 404)


def test_an_invitation_is_made_again_and_the_link_before_is_dead(app: Flask, api: Caller) -> None:
    said = {"email": "ben@weber.example", "name": "Ben", "role": "viewer"}
    first = api.post("/invitations", json=said).json
    second = api.post(f"/invitations/{first['id']}/again")
    assert second.status_code == 201 and second.json["url"] != first["url"]
    visitor = app.test_client()
    assert visitor.get(first["url"].partition("localhost:8000")[2]).status_code in (403, 404, 410)
    assert visitor.get(second.json["url"].partition("localhost:8000")[2]).status_code == 200
    problem(api.post("/invitations/999/again"), 404)
