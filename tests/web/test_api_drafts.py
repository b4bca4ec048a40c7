"""Drafts, plans, versions and the words of mails through the API."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from nurture.files.yaml_lines import Faults
from nurture.flows.keys import create_key
from nurture.flows.models import lay_by, read_models
from nurture.flows.programs import load_folder
from nurture.runtime import Runtime
from tests.conftest import TUESDAY

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"

SUBJECTS = text(
    "SELECT v.subject FROM delivery d JOIN mail_version v ON v.id = d.mail_version_id "
    "WHERE d.id = ANY(:ids) ORDER BY d.id"
)


@pytest.fixture
def call(app: Flask, runtime: Runtime):
    with runtime.sessions.begin() as session:
        for file in read_models(CAMPAIGNS, Faults("campaigns")).values():
            lay_by(session, file, now=TUESDAY)
        load_folder(session, CAMPAIGNS / "consulting", publish=True, now=TUESDAY, by="test")
        key = create_key(session, "CRM", "marketer", now=TUESDAY)

    def ask(method: str, address: str, status: int = 200, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {key}"}
        answer = app.test_client().open(f"/api/v1{address}", method=method, headers=headers, **more)
        assert answer.status_code == status, answer.text[:600]
        return answer.json if answer.data else None

    return ask


def test_a_draft_is_read_changed_in_plain_form_and_keeps_its_remarks(call: Any) -> None:
    draft = call("GET", "/chains/1/draft")
    assert (draft["revision"], draft["faults"], draft["program"]["program"]) == (0, [], "consulting")
    program = draft["program"]
    program["chains"]["cold"]["steps"][1]["wait"] = "5d"
    new = call("PUT", "/chains/1/draft", json={"revision": 0, "program": program})
    assert new["revision"] == 1
    assert new["yaml"] == draft["yaml"].replace("- wait: 2d", "- wait: 5d")
    late = call("PUT", "/programs/1/draft", 409, json={"revision": 0, "yaml": "program: consulting\n"})
    assert "changed this draft since you opened it" in late["detail"]


def test_a_plan_says_what_happens_and_publishing_does_it(call: Any) -> None:
    call("POST", "/leads", 201, json={"email": "anna@weber.example", "consent": {"marketing": True}})
    draft = call("GET", "/programs/1/draft")
    draft["program"]["chains"]["cold"]["steps"].pop(0)
    call("PUT", "/programs/1/draft", json={"revision": 0, "program": draft["program"]})
    plan = call("GET", "/chains/1/plan")
    assert plan["changes"].startswith("3 steps removed")
    assert plan["difference"]["count"] == 3 and plan["live_version"] == 1
    assert call("POST", "/chains/1/publish", 409, json={"revision": 9})["status"] == 409
    live = call("POST", "/chains/1/publish", json={"inside": "finish", "revision": 1})
    assert live["version"] == 2
    assert [one["version"] for one in call("GET", "/programs/1/versions")["data"]] == [2, 1]
    assert call("GET", "/programs/1/diff?from=1&to=2")["count"] == 3
    assert call("POST", "/programs/1/rollback", json={"version": 1})["version"] == 3
    assert call("GET", "/programs/1/diff?from=1&to=3")["count"] == 0


def test_a_draft_with_faults_is_kept_named_by_line_and_not_published(call: Any) -> None:
    draft = call("GET", "/programs/1/draft")
    wrong = draft["yaml"].replace("- wait: 2d", "- wait: soon", 1)
    new = call("PUT", "/programs/1/draft", json={"revision": 0, "yaml": wrong})
    [fault] = new["faults"]
    assert (fault["path"], new["yaml"]) == ("program.yaml", wrong)
    assert wrong.split("\n")[fault["line"] - 1].strip() == "- wait: soon"
    assert call("POST", "/programs/1/publish", 422)["status"] == 422
    back = call("POST", "/programs/1/draft/undo", json={"revision": 1})
    assert (back["faults"], back["yaml"]) == ([], draft["yaml"])
    call("POST", "/programs/1/draft/redo", json={"revision": 2})
    call("DELETE", "/programs/1/draft?revision=3", 204)
    assert call("GET", "/programs/1/draft")["revision"] == 0


def test_the_words_of_a_mail_are_changed_in_the_draft(call: Any) -> None:
    mail = next(one for one in call("GET", "/mails")["data"] if one["key"] == "welcome")
    address = f"/mails/{mail['id']}"
    changed = call("PATCH", address, json={"subject": "Hello, {{ lead.first_name }}", "body": "Short.\n"})
    assert (changed["mail"]["body"], changed["revision"]) == ("Short.\n", 1)
    assert changed["mail"]["others"][0]["language"] == "ru"
    assert "Short." in call("GET", f"{address}/preview")["text"]
    assert call("GET", f"{address}/check")["faults"] == []
    call("PATCH", address, json={"body": "{% if %}", "revision": 1})
    assert call("GET", f"{address}/check")["faults"][0]["path"] == "mails/welcome.md"
    assert call("GET", address)["mail"]["body"] == "{% if %}"
    call("PATCH", address, 409, json={"body": "Late.", "revision": 1})
    made = call(
        "POST", "/mails", 201, json={"program_id": 1, "key": "extra", "subject": "More", "body": "Yes.\n"}
    )
    assert made["mail"]["key"] == "extra"
    gone = call("PUT", "/programs/1/draft", json={"revision": made["revision"], "remove_mails": ["extra"]})
    assert "extra" not in {one["key"] for one in gone["mails"]}
    refused = {"revision": gone["revision"], "remove_mails": ["welcome"]}
    assert "cold/welcome" in call("PUT", "/programs/1/draft", 409, json=refused)["detail"]


def test_a_program_is_made_and_copied(call: Any) -> None:
    made = call("POST", "/programs", 201, json={"key": "fair", "name": "Fair"})["id"]
    copy = call("POST", "/programs", 201, json={"key": "fair-2", "name": "Fair 2", "like": made})["id"]
    assert call("GET", f"/programs/{copy}/draft")["program"]["name"] == "Fair 2"
    assert call("POST", "/programs", 409, json={"key": "fair", "name": "Fair"})["status"] == 409


def test_a_test_sends_what_is_being_written_or_on_demand_the_newest_version(
    call: Any, runtime: Runtime
) -> None:
    mail = next(one["id"] for one in call("GET", "/mails")["data"] if one["key"] == "welcome")
    call("PATCH", f"/mails/{mail}", json={"subject": "Still being written"})
    call("POST", "/mails", 201, json={"program_id": 1, "key": "brand-new", "subject": "Nowhere yet"})
    to_mia = {"mail": "brand-new", "email": "mia@weber.example"}
    unwritten = call("POST", "/programs/1/draft/test", 422, json=to_mia)
    assert unwritten["errors"] == {"brand-new": ["Line 4: The mail has no words."]}
    draft = call("GET", "/programs/1/draft")
    words = [{"key": "brand-new", "body": "Hello."}]
    call("PUT", "/programs/1/draft", json={"revision": draft["revision"], "mails": words})
    tests = (
        (f"/mails/{mail}/test", {}),
        (f"/mails/{mail}/test", {"version": "newest"}),
        ("/programs/1/draft/test", {"mail": "brand-new"}),
    )
    sent = [call("POST", at, 202, json={"email": "mia@weber.example", **how}) for at, how in tests]
    with runtime.sessions() as session:
        rows = session.execute(SUBJECTS, {"ids": [one["delivery_id"] for one in sent]}).scalars().all()
    assert rows[0] == "Still being written" and rows[1] != rows[0] and rows[2] == "Nowhere yet"
    call("POST", "/programs/1/draft/test", 404, json={"mail": "nobodys", "email": "mia@weber.example"})
    call("POST", "/programs/1/draft/test", 422, json={"mail": "brand-new", "email": "mia"})
