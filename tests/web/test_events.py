"""Events on the pages and by the API: the list, the door on a phone, the link in the mail."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from nurture.flows import guests
from nurture.flows.ask_guests import link
from nurture.runtime import Runtime
from tests.conftest import TUESDAY
from tests.web.conftest import Call, SignIn, calls_of, token_of


@pytest.fixture
def call(app: Flask, runtime: Runtime) -> Call:
    return calls_of(app, runtime, "marketer")


@pytest.fixture
def webinar(call: Call) -> int:
    plan = {"name": "Webinar", "starts_at": "2026-03-03T09:00:00Z", "capacity": 2, "place": "Hall 3"}
    answer = call("POST", "/events", json=plan)
    assert (answer.status_code, answer.json["timezone"]) == (201, "Europe/Berlin")
    assert answer.json["ends_at"] == "2026-03-03T11:00:00Z"
    return int(answer.json["id"])


def register(call: Call, webinar: int, email: str, **more: Any) -> int:
    answer = call("POST", f"/events/{webinar}/guests", json={"email": email, **more})
    assert answer.status_code == 201, answer.text
    return int(answer.json["lead_id"])


def kinds(runtime: Runtime) -> list[str]:
    with runtime.sessions() as session:
        return list(session.scalars(text("SELECT kind FROM signal ORDER BY kind")))


def test_the_whole_way_of_a_guest_by_the_api(call: Call, webinar: int, runtime: Runtime) -> None:
    anna = register(call, webinar, "anna@weber.example", first_name="Anna", company="Weber")
    way = f"/events/{webinar}/guests/{anna}"
    assert call("POST", f"{way}/check_in").json["state"] == "attended"
    assert call("DELETE", f"{way}/check_in").json["state"] == "registered"
    call("POST", f"{way}/check_in")
    told = call("PUT", f"{way}/feedback", json={"rating": 4, "comment": "Good"})
    assert (told.json["rating"], told.json["comment"]) == (4, "Good")
    stands = call("GET", f"/events/{webinar}").json["guests"]
    assert (stands["attended"], stands["rated"], stands["rating"]) == (1, 1, 4.0)
    (listed,) = call("GET", f"/events/{webinar}/guests?state=attended&q=ann").json["data"]
    assert (listed["name"], listed["company"]) == ("Anna", "Weber")
    assert kinds(runtime) == ["event_attended", "event_attended", "event_registered", "feedback"]


def test_a_full_event_refuses_by_the_api_unless_told(call: Call, webinar: int) -> None:
    for name in ("anna", "ben"):
        register(call, webinar, f"{name}@weber.example")
    guest = {"email": "cleo@weber.example"}
    assert call("POST", f"/events/{webinar}/guests", json=guest).status_code == 409
    assert (
        call("POST", f"/events/{webinar}/guests", json=guest | {"beyond_capacity": True}).status_code == 201
    )


def test_events_are_listed_by_pages(call: Call, webinar: int) -> None:
    for day in (4, 5):
        call("POST", "/events", json={"name": f"Day {day}", "starts_at": f"2026-03-0{day}T09:00:00Z"})
    first = call("GET", "/events?limit=2").json
    rest = call("GET", f"/events?limit=2&cursor={first['next_cursor']}").json
    assert [one["name"] for one in first["data"] + rest["data"]] == ["Day 5", "Day 4", "Webinar"]
    assert rest["next_cursor"] is None


def test_the_list_goes_out_as_a_file_no_spreadsheet_runs(call: Call, webinar: int) -> None:
    register(call, webinar, "anna@weber.example", first_name="=cmd()")
    answer = call("GET", f"/events/{webinar}/guests.csv")
    (row,) = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert (row["first_name"], row["state"]) == ("'=cmd()", "registered")


def test_the_door_finds_a_guest_by_a_few_letters_and_one_tap_is_enough(
    call: Call, webinar: int, sign_in: SignIn, runtime: Runtime
) -> None:
    anna = register(call, webinar, "anna@weber.example", first_name="Anna", last_name="Müller")
    register(call, webinar, "ben@weber.example", first_name="Ben")
    client = sign_in("sales")
    door = f"/events/{webinar}/check-in"
    page = client.get(f"{door}?q=müll").text
    assert "Anna Müller" in page
    assert "ben@weber" not in page
    form = {"csrf_token": token_of(client.get(door).text), "q": "müll"}
    tapped = client.post(f"{door}/{anna}", data=form, headers={"HX-Request": "true"}).text
    assert "Undo" in tapped
    assert "<html" not in tapped
    assert "Is there" in client.post(f"{door}/{anna}", data=form | {"do": "undo"}, follow_redirects=True).text
    assert kinds(runtime).count("event_attended") == 1


def test_somebody_not_on_the_list_is_found_at_the_door(call: Call, webinar: int, sign_in: SignIn) -> None:
    call("POST", "/leads", json={"email": "dora@weber.example", "first_name": "Dora"})
    page = sign_in("sales").get(f"/events/{webinar}/check-in?q=dora").text
    assert "Not on the list" in page


def test_the_link_in_the_mail_shows_and_only_sending_counts(
    call: Call, webinar: int, visitor: FlaskClient, runtime: Runtime
) -> None:
    anna = register(call, webinar, "anna@weber.example")
    address = link(runtime.ring, "", webinar, anna)
    assert visitor.get(address).status_code == 404  # she has not been there
    with runtime.sessions.begin() as session:
        guests.check_in(session, webinar, anna, by="user:1", now=TUESDAY)
    page = visitor.get(f"{address}?rating=5").text
    assert 'value="5" required checked' in page
    assert "feedback" not in kinds(runtime)
    assert visitor.post(address, data={"rating": "9"}).status_code == 422
    done = visitor.post(address, data={"rating": "5", "words": "Splendid <b>"})
    assert "Thank you" in done.text
    assert kinds(runtime).count("feedback") == 1
    assert visitor.get(address + "x").status_code == 404


def test_an_event_is_made_changed_and_filled_on_its_pages(sign_in: SignIn, runtime: Runtime) -> None:
    client = sign_in("marketer")
    token = token_of(client.get("/events").text)
    plan = {"name": "Dinner", "starts_at": "2026-03-03T09:30", "timezone": "Europe/Berlin", "capacity": "x"}
    refused = client.post("/events", data={"csrf_token": token, **plan})
    assert refused.status_code == 422
    assert 'value="Dinner"' in refused.text
    page = client.post("/events", data={"csrf_token": token, **plan, "capacity": ""}, follow_redirects=True)
    assert "Nobody is registered yet." in page.text
    with runtime.sessions() as session:
        event_id, starts = session.execute(text("SELECT id, starts_at FROM event")).one()
    assert starts.isoformat() == "2026-03-03T08:30:00+00:00"
    here = f"/events/{event_id}"
    assert 'value="2026-03-03T09:30"' in client.get(f"{here}/edit").text
    new = {"csrf_token": token, "email": "anna@weber.example", "first_name": "Anna", "company": "Weber"}
    assert "Anna" in client.post(f"{here}/guests", data=new, follow_redirects=True).text
    wrong = client.post(f"{here}/guests", data=new | {"email": "anna at weber"})
    assert wrong.status_code == 422
    assert "anna at weber" in wrong.text
    file = (io.BytesIO(b"email\nben@weber.example\nnobody\n"), "guests.csv")
    sent = client.post(f"{here}/file", data={"csrf_token": token, "file": file})
    assert sent.status_code == 422
    assert "Line 3" in sent.text
    assert "ben@weber.example" in sent.text
    closed = client.post(f"{here}/turn", data={"csrf_token": token, "do": "close"}, follow_redirects=True)
    assert "did not come" in closed.text
    assert kinds(runtime).count("event_no_show") == 2


def test_a_tap_that_waited_for_the_network_counts_when_it_was_made(
    call: Any, webinar: int, sign_in: SignIn, runtime: Runtime
) -> None:
    client = sign_in("sales")
    door = f"/events/{webinar}/check-in"
    form = {"csrf_token": token_of(client.get(door).text), "do": "check_in"}
    earlier = TUESDAY - timedelta(hours=3)
    taps = {
        "anna@weber.example": (str(int(earlier.timestamp() * 1000)), earlier),
        "ben@weber.example": (str(int((TUESDAY + timedelta(days=9)).timestamp() * 1000)), TUESDAY),
        "cem@weber.example": ("soon", TUESDAY),
    }
    for email, (at, _came) in taps.items():
        lead_id = call("POST", "/leads", json={"email": email}).json["id"]
        assert client.post(f"{door}/{lead_id}", data=form | {"at": at}).status_code == 302
    sql = "SELECT l.email, g.came_at FROM event_guest g JOIN lead l ON l.id = g.lead_id"
    with runtime.sessions() as session:
        came = {row.email: row.came_at for row in session.execute(text(sql))}
        told = set(session.scalars(text("SELECT occurred_at FROM signal WHERE kind = 'event_attended'")))
    assert came == {email: at for email, (_said, at) in taps.items()}
    assert told == {earlier, TUESDAY}
    whole = client.get(f"{door}?all=1").text
    assert "<html" not in whole and whole.count("<li") == 3
