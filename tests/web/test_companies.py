"""Companies on their pages and by the API: who is there, in which role, and how warm they are together."""

import pytest
from flask import Flask
from sqlalchemy import text

from nurture.flows.rate import rate
from nurture.flows.warm_companies import warm_companies
from nurture.runtime import Runtime
from tests.conftest import TUESDAY
from tests.flows.rated_leads import publish, send
from tests.web.conftest import Call, SignIn, calls_of, token_of


@pytest.fixture
def call(app: Flask, runtime: Runtime) -> Call:
    return calls_of(app, runtime, "marketer")


@pytest.fixture
def weber(call: Call, runtime: Runtime) -> int:
    """Two contacts: one decides and has clicked, the other uses it and has clicked less."""
    publish(runtime.sessions)
    for name, role, times in (("Anna", "decision_maker", 2), ("Ben", "user", 1)):
        said = {"email": f"{name}@weber.example", "first_name": name, "company": "Weber", "buying_role": role}
        lead_id = call("POST", "/leads", json=said).json["id"]
        for _time in range(times):
            send(runtime.sessions, lead_id, "clicked", TUESDAY)
    rate(runtime.sessions, now=TUESDAY)
    warm_companies(runtime.sessions, now=TUESDAY)
    with runtime.sessions() as session:
        return int(session.execute(text("SELECT id FROM company")).scalar_one())


def test_a_company_tells_its_contacts_and_their_heat_adds_up(call: Call, weber: int) -> None:
    found = call("GET", f"/companies/{weber}").json
    assert [(one["name"], one["buying_role"]) for one in found["contacts"]] == [
        ("Anna", "decision_maker"),
        ("Ben", "user"),
    ]
    assert found["heat"] == pytest.approx(sum(one["heat"] for one in found["contacts"]), abs=0.11)
    assert found["temperature"] == "warm"
    (listed,) = call("GET", "/companies?q=web").json["data"]
    assert (listed["heat"], listed["leads"]) == (found["heat"], 2)


def test_companies_are_made_and_corrected_by_the_api(call: Call) -> None:
    made = call("POST", "/companies", json={"name": "Ohm", "country": "de", "size": 12})
    assert (made.status_code, made.json["country"], made.json["contacts"]) == (201, "DE", [])
    assert call("POST", "/companies", json={"name": " ohm "}).status_code == 409
    way = f"/companies/{made.json['id']}"
    assert call("PATCH", way, json={"size": None, "city": "Bern"}).json["size"] is None
    assert call("PATCH", way, json={"country": "Germany"}).status_code == 422
    call("POST", "/companies", json={"name": "Volt"})
    assert call("PATCH", way, json={"name": "VOLT"}).status_code == 409
    assert call("GET", "/companies/99").status_code == 404


def test_the_pages_show_the_warmest_first_and_open_into_what_adds_up(
    call: Call, weber: int, sign_in: SignIn
) -> None:
    call("POST", "/companies", json={"name": "Aachen Coldstore"})
    client = sign_in("marketer")
    page = client.get("/companies").text
    assert page.index("Weber") < page.index("Aachen Coldstore")
    assert "Aachen" not in client.get("/companies?temperature=warm").text
    assert "No company like that." in client.get("/companies?q=nobody").text
    card = client.get(f"/companies/{weber}").text
    assert "Decision maker" in card or "decision maker" in card.lower()
    assert card.index("Anna") < card.index("Ben")
    form = {"csrf_token": token_of(card), "name": "Weber & Sons", "size": "x"}
    refused = client.post(f"/companies/{weber}", data=form)
    assert refused.status_code == 422
    assert "Weber &amp; Sons" in refused.text
    assert (
        "Saved." in client.post(f"/companies/{weber}", data=form | {"size": "80"}, follow_redirects=True).text
    )
    assert client.get(f"/companies?after={weber}&log=what").status_code == 200
    assert client.get("/companies/99").status_code == 404


def test_lists_of_companies_go_on_where_the_page_before_ended(
    call: Call, weber: int, sign_in: SignIn
) -> None:
    for number in range(55):
        call("POST", "/companies", json={"name": f"Firm {number:02}"})
    client = sign_in("viewer")
    first = client.get("/companies").text
    following = first.split('rel="next"')[0].rpartition('href="')[2].split('"')[0].replace("&amp;", "&")
    second = client.get(following).text
    seen = [
        name for name in (f"Firm {number:02}" for number in range(55)) if (name in first) == (name in second)
    ]
    assert seen == []


def test_two_companies_are_compared_made_one_and_taken_apart(
    call: Call, sign_in: SignIn, weber: int, runtime: Runtime
) -> None:
    said = {"email": "cem@weber.example", "first_name": "Cem"}
    call("POST", "/leads", json=said | {"company": {"name": "Weber GmbH", "city": "Kassel", "size": 40}})
    other = call("GET", "/companies?q=weber gmbh").json["data"][0]["id"]
    client = sign_in("marketer")
    page = client.get(f"/companies/{weber}/merge").text
    assert "May be the same company" in page and "Weber GmbH" in page
    assert "No company like that" in client.get(f"/companies/{weber}/merge?q=zz").text
    page = client.get(f"/companies/{weber}/merge?other={other}").text
    assert 'name="v.name"' in page and "comes along" in page and "What comes together" in page
    form = {"csrf_token": token_of(page), "other": str(other), "v.name": "other"}
    card = client.post(f"/companies/{weber}/merge", data=form, follow_redirects=True).text
    assert "One company now" in card and "3 contacts" in card and "1 company merged into this one" in card
    assert client.get(f"/companies/{other}").location.endswith(f"/companies/{weber}")
    found = call("GET", f"/companies/{other}").json
    assert (found["id"], found["name"], found["city"]) == (weber, "Weber GmbH", "Kassel")
    assert [one["name"] for one in found["also_known_as"]] == ["Weber GmbH"]
    merge_id = found["also_known_as"][0]["merge_id"]
    apart = client.post(
        f"/company-merges/{merge_id}/undo", data={"csrf_token": form["csrf_token"]}, follow_redirects=True
    )
    assert "two companies again" in apart.text
    shown = call("GET", f"/companies/{weber}/merge?other={other}").json
    assert [shown[side]["contacts"] for side in ("company", "other")] == [2, 1]
    made = call("POST", f"/companies/{weber}/merge", json={"other": other, "take": ["city"]})
    assert (made.status_code, made.json["contacts"]) == (201, 1)
    assert call("POST", f"/company_merges/{made.json['id']}/undo").json["undone_at"] is not None
    assert call("POST", f"/company_merges/{made.json['id']}/undo").status_code == 409
    assert call("POST", f"/companies/{weber}/merge", json={"other": weber}).status_code == 409
    assert client.post(f"/companies/{weber}/merge", data=form | {"other": ""}).status_code == 422
