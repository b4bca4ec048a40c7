"""Mails, exports and a person's own data through the API."""

import csv
import io
from pathlib import Path

import pytest
from flask import Flask

from nurture.files.yaml_lines import Faults
from nurture.flows.models import load_model, read_models
from nurture.flows.programs import load_folder
from nurture.mail.review import review
from nurture.runtime import Runtime
from tests.conftest import TUESDAY
from tests.web.test_api import Caller, anna, api, caller, problem

__all__ = ["api", "caller"]
CAMPAIGNS = Path(__file__).parents[2] / "campaigns"


@pytest.fixture
def mail_id(app: Flask, runtime: Runtime, api: Caller) -> int:
    with runtime.sessions.begin() as session:
        for file in read_models(CAMPAIGNS, Faults("campaigns")).values():
            load_model(session, file, now=TUESDAY)
        load_folder(session, CAMPAIGNS / "consulting", publish=False, now=TUESDAY, by="test")
    return next(one["id"] for one in api.get("/mails").json["data"] if one["key"] == "welcome")


def test_a_mail_is_read_with_its_words_and_seen_as_a_lead_sees_it(api: Caller, mail_id: int) -> None:
    mail = api.get(f"/mails/{mail_id}").json
    assert (mail["key"], mail["format"], mail["version"]) == ("welcome", "md", 1)
    assert "{{ lead.first_name" in mail["body"]
    lead = anna(api)
    seen = api.get(f"/mails/{mail_id}/preview?lead={lead['id']}").json
    assert "Anna" in seen["html"] and "Anna" in seen["text"] and "{{" not in seen["html"]
    assert "Anna" not in api.get(f"/mails/{mail_id}/preview").json["html"]
    assert api.get(f"/mails/{mail_id}/check?lead={lead['id']}").json["sound"] is True
    for path in (
        "/mails/999",
        "/mails/999/preview",
        "/mails/999/check",
        f"/mails/{mail_id}/preview?lead=999",
    ):
        problem(api.get(path), 404)


def test_a_newsletter_is_seen_before_it_goes(app: Flask, api: Caller) -> None:
    said = {"name": "March", "subject": "News for {{ lead.first_name }}", "body": "Hello."}
    number = api.post("/newsletters", json=said).json["id"]
    lead = anna(api)
    assert api.get(f"/newsletters/{number}/preview?lead={lead['id']}").json["subject"] == "News for Anna"
    problem(api.get(f"/newsletters/{number}/preview?lead=999"), 404)
    problem(api.get("/newsletters/999/preview"), 404)


@pytest.mark.parametrize(
    ("html", "sentence"),
    [
        ('<img src="a.png">', "1 pictures have no text"),
        ('<a href="http://pumps.example/x">x</a>', "http://pumps.example/x"),
        ('<a href="#">Read <b>on</b></a>', "“Read on”"),
        ("x" * 110_000, "102 kB"),
    ],
)
def test_a_careful_colleague_names_what_readers_would_stumble_over(html: str, sentence: str) -> None:
    assert [sentence in one for one in review("News", html, "words")] == [True]


def test_a_mail_without_subject_or_words_is_not_sound() -> None:
    assert len(review(" ", "<p>x</p>", "")) == 2
    assert review("News", '<img src="a" alt=""><a href="https://x.example">x</a>', "words") == []
    assert len(review("x" * 200, "<p>x</p>", "x")) == 1


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
