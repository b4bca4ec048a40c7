"""Duplicates through the real doors: found, compared, merged; whatever names the old lead means the new."""

import pytest
from flask import Flask

from nurture.flows.consent import ask
from nurture.flows.keys import create_key
from nurture.flows.leads import save_lead
from nurture.rules.tokens import mint
from nurture.runtime import Runtime
from nurture.store import consents
from tests.conftest import TUESDAY
from tests.web.conftest import SignIn, token_of


@pytest.fixture
def twins(runtime: Runtime) -> tuple[int, int]:
    people = (
        {"email": "anna.weber@pumps.example", "first_name": "Anna", "last_name": "Weber", "role": "Buyer",
         "consent": {"marketing": True}},
        {"email": "annaweber@pumps.example", "first_name": "A.", "last_name": "Weber", "city": "Kassel",
         "consent": {"marketing": True}},
    )  # fmt: skip
    with runtime.sessions.begin() as session:
        one, two = (
            save_lead(session, said, now=TUESDAY, by="test", pepper=b"pepper", base_url="http://localhost").id
            for said in people
        )
    return one, two


def test_a_pair_is_found_compared_merged_and_undone(
    app: Flask, runtime: Runtime, sign_in: SignIn, twins: tuple[int, int]
) -> None:
    one, two = twins
    client = sign_in("marketer")
    csrf = token_of(client.get("/duplicates").text)
    assert (
        "1 pair may be one person."
        in client.post("/duplicates/look", data={"csrf_token": csrf}, follow_redirects=True).text
    )
    assert "variants of one e-mail address" in client.get("/duplicates").text
    page = client.get(f"/leads/{one}/merge?other={two}").text
    assert 'name="v.first_name"' in page and 'name="v.last_name"' not in page and "comes along" in page
    form = {"csrf_token": csrf, "other": str(two), "v.first_name": "other", "v.email": "mine"}
    card = client.post(f"/leads/{one}/merge", data=form, follow_redirects=True).text
    assert "One lead now" in card and "A. Weber" in card and "Kassel" in card
    assert client.get(f"/leads/{two}?days=30").location.endswith(f"/leads/{one}?days=30")
    assert "1 lead merged into this one" in card
    assert (
        "two leads again"
        in client.post("/merges/1/undo", data={"csrf_token": csrf}, follow_redirects=True).text
    )
    assert "Anna Weber" in client.get(f"/leads/{one}").text and client.get(f"/leads/{two}").status_code == 200
    assert "Nobody like that" in client.get(f"/leads/{one}/merge?q=zz").text
    assert "annaweber@" in client.get(f"/leads/{one}/merge?q=weber").text


def test_links_ids_and_calls_of_the_merged_lead_act_on_the_one_that_stayed(
    app: Flask, runtime: Runtime, twins: tuple[int, int]
) -> None:
    one, two = twins
    with runtime.sessions.begin() as session:
        key = create_key(session, "crm", "admin", now=runtime.now())
        asked = ask(session, two, "newsletter", wording="Yes", channel="form", proof={}, now=TUESDAY)
    client, headers = app.test_client(), {"Authorization": f"Bearer {key}"}
    done = client.post(f"/api/v1/leads/{one}/merge", json={"other": two}, headers=headers)
    assert (done.status_code, done.json["merged_id"]) == (201, two)
    assert client.get(f"/api/v1/leads/{two}", headers=headers).json["merged"] == [two]
    assert client.patch(f"/api/v1/leads/{two}", json={"role": "Head"}, headers=headers).json["id"] == one
    took = client.post("/api/v1/signals", json={"lead_id": two, "kind": "called"}, headers=headers)
    assert took.json["data"][0]["lead_id"] == one if "data" in took.json else took.json["lead_id"] == one
    assert client.post(f"/confirm/{mint(runtime.ring, 'confirm', two, asked)}").status_code == 200
    left = client.post(f"/u/{mint(runtime.ring, 'unsubscribe', two, 1)}", data={"leave": "all"})
    assert left.status_code == 200
    with runtime.sessions() as session:
        assert consents.standing(session, one) == {"marketing": "withdrawn", "newsletter": "withdrawn"}
    ledger = client.get(f"/api/v1/consents?lead_id={one}", headers=headers).json["data"]
    assert {entry["lead_id"] for entry in ledger} == {one, two}
    assert client.get(f"/api/v1/leads/{one}/data", headers=headers).json["lead"]["merged"] == [two]
    assert len(client.get("/api/v1/leads", headers=headers).json["data"]) == 1
