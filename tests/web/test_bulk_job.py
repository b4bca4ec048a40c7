"""More leads than one request changes: a job with progress, through the real doors."""

from flask import Flask
from sqlalchemy import text

from nurture.flows import bulk_jobs
from nurture.flows.keys import create_key
from nurture.runtime import Runtime
from tests.web.conftest import SignIn, token_of

_MANY = """
    INSERT INTO lead (email, email_norm, stage_since, temperature_since, created_at, updated_at, search)
    SELECT 'p' || n || '@x.example', 'p' || n || '@x.example', now(), now(), now(), now(), 'p' || n
    FROM generate_series(1, 10001) AS n
"""


def test_everybody_who_matches_is_changed_by_a_job_and_changed_back(
    app: Flask, runtime: Runtime, sign_in: SignIn
) -> None:
    with runtime.sessions.begin() as session:
        session.execute(text(_MANY))
        key = create_key(session, "crm", "marketer", now=runtime.now())
    client = sign_in("marketer")
    csrf = token_of(client.get("/leads").text)
    form = {"csrf_token": csrf, "all": "1", "what": "tag", "tag": "fair"}
    page = client.post("/leads/change", data=form, follow_redirects=True).text
    assert "It begins in a moment." in page and "10,001" in page
    assert client.get("/leads/jobs/1/progress").status_code == 200
    bulk_jobs.carry_out(runtime.sessions, runtime.now)
    assert client.get("/leads/jobs/1/progress").headers["HX-Redirect"] == "/leads/jobs/1"
    assert "Done: 10,001 leads are changed." in client.get("/leads/jobs/1").text.replace("10001", "10,001")
    api, headers = app.test_client(), {"Authorization": f"Bearer {key}"}
    said = {"what": "owner", "value": "", "filter": {"tag": "fair"}}
    asked = api.post("/api/v1/lead_changes", json=said, headers=headers)
    assert (asked.status_code, asked.json["total"], asked.json["state"]) == (202, 10_001, "waiting")
    place = f"/api/v1/lead_changes/jobs/{asked.json['job_id']}"
    assert api.post(f"{place}/cancel", headers=headers).json["state"] == "cancelled"
    assert api.post(f"{place}/cancel", headers=headers).status_code == 409
    assert api.post("/api/v1/lead_changes/jobs/1/undo", headers=headers).json["state"] == "undoing"
    assert "It is being taken back." in client.get("/leads/jobs/1").text
    bulk_jobs.carry_out(runtime.sessions, runtime.now)
    assert api.get("/api/v1/lead_changes/jobs/1", headers=headers).json["state"] == "undone"
    assert "as before" in client.get("/leads/jobs/1").text
