"""Newsletters through their doors: the API, and the pages."""

import pytest

from nurture.flows.newsletters import send_newsletters
from tests.flows.garden import Garden
from tests.web.api_caller import api, caller, problem
from tests.web.conftest import token_of

__all__ = ["api", "caller"]
WORDS = {"name": "March", "subject": "News", "body": "Hello {{ lead.first_name }}."}


@pytest.fixture
def anna(runtime, clock, tmp_path):
    return Garden(runtime.sessions, clock, tmp_path / "garden").lead("anna")


def test_a_newsletter_is_written_scheduled_paused_resumed_and_told_about(app, api, anna, runtime, clock):
    made = api.post("/newsletters", json=WORDS)
    assert made.status_code == 201, made.text
    where = f"/newsletters/{made.json['id']}"
    assert api.patch(where, json={"audience": {"consent": "marketing"}}).json["state"] == "draft"
    assert api.post(f"{where}/schedule", json={"local_at": "2026-03-05T10:00"}).json["state"] == "scheduled"
    problem(api.patch(where, json={"subject": "Late"}), 409)
    assert api.post(f"{where}/pause").json["state"] == "paused"
    assert api.post(f"{where}/resume").json["state"] == "scheduled"
    clock.advance(days=2)
    send_newsletters(runtime.sessions, runtime.pepper, now=clock.now)
    stats = api.get(f"{where}/stats").json
    assert (stats["state"], stats["counts"], stats["left"]) == ("sending", {"readers": 1}, 1)
    assert api.post(f"{where}/cancel").json["state"] == "cancelled"
    assert [one["id"] for one in api.get("/newsletters").json["data"]] == [made.json["id"]]


def test_what_is_wrong_is_said_by_field(app, api, anna):
    faults = problem(api.post("/newsletters", json={**WORDS, "audience": {"color": 1}}), 422)
    assert set(faults["errors"]) == {"audience"}
    number = api.post("/newsletters", json=WORDS).json["id"]
    both = {"at": "2026-03-05T10:00:00Z", "local_at": "2026-03-05T10:00"}
    problem(api.post(f"/newsletters/{number}/schedule", json=both), 422)
    problem(api.get("/newsletters/999"), 404)


def test_viewers_read_and_do_not_write(app, caller, api, anna):
    number = api.post("/newsletters", json=WORDS).json["id"]
    viewer = caller("viewer")
    assert viewer.get(f"/newsletters/{number}").status_code == 200
    problem(viewer.post(f"/newsletters/{number}/schedule", json={}), 403)


def test_a_marketer_writes_looks_tries_and_sends(sign_in, anna, runtime):
    mia = sign_in("marketer")
    token = token_of(mia.get("/newsletters").text)
    made = mia.post("/newsletters", data={"csrf_token": token, "name": "March"})
    assert made.status_code == 302
    where = made.headers["Location"]
    form = {**WORDS, "csrf_token": token, "purpose": "marketing", "over": "skip", "preheader": ""}
    assert mia.post(where, data=form).status_code == 302
    page = mia.get(where)
    assert page.status_code == 200 and "1 lead" in page.text
    shown = mia.get(f"{where}/preview?lead={anna}")
    assert "Hello anna." in shown.text
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert mia.post(f"{where}/test", data={"csrf_token": token}).status_code == 302
    assert mia.post(f"{where}/schedule", data={"csrf_token": token, "when": "now"}).status_code == 302
    assert "Pause" in mia.get(where).text
    assert mia.post(f"{where}/pause", data={"csrf_token": token}).status_code == 302
    assert mia.post(f"{where}/resume", data={"csrf_token": token}).status_code == 302
    assert mia.post(f"{where}/cancel", data={"csrf_token": token}).status_code == 302
    assert "cancelled" in mia.get(where).text


def test_faults_of_the_mail_stand_on_its_page(sign_in, anna):
    mia = sign_in("marketer")
    token = token_of(mia.get("/newsletters").text)
    where = mia.post("/newsletters", data={"csrf_token": token, "name": "March"}).headers["Location"]
    answer = mia.post(f"{where}/schedule", data={"csrf_token": token, "when": "now"}, follow_redirects=True)
    assert "The mail has no subject." in answer.text
    wrong = {**WORDS, "csrf_token": token, "audience": "{color: red}", "purpose": "marketing", "over": "skip"}
    assert mia.post(where, data=wrong).status_code == 422
