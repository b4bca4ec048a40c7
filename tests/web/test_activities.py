"""Past activities from a file: on the page and by the API, each row once, each refusal with its reason."""

import io
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from nurture.flows.keys import create_key
from nurture.runtime import Runtime
from tests.conftest import TUESDAY
from tests.web.conftest import SignIn, token_of

FILE = (
    b"email,kind,occurred_at,hall\n"
    b"anna@weber.example,Event Attended,2025-11-30,3\n"
    b"nobody@weber.example,called,2025-12-01,\n"
    b"anna@weber.example,called,some day,\n"
)


@pytest.fixture
def key(runtime: Runtime, app: Flask) -> dict[str, str]:
    with runtime.sessions.begin() as session:
        key = {"Authorization": f"Bearer {create_key(session, 'crm', 'marketer', now=TUESDAY)}"}
    app.test_client().post("/api/v1/leads", json={"email": "anna@weber.example"}, headers=key)
    return key


def kept(runtime: Runtime) -> list[Any]:
    with runtime.sessions() as session:
        return list(session.execute(text("SELECT kind, data FROM signal")))


def test_a_file_is_taken_by_the_api_and_nothing_twice(
    app: Flask, key: dict[str, str], runtime: Runtime
) -> None:
    client = app.test_client()
    first = client.post("/api/v1/activities", data=FILE, headers=key | {"Content-Type": "text/csv"})
    assert (first.status_code, first.json["read"], first.json["new"], first.json["bad"]) == (201, 3, 1, 2)
    assert [one["line"] for one in first.json["errors"]] == [4, 3]
    again = client.post("/api/v1/activities", data={"file": (io.BytesIO(FILE), "a.csv")}, headers=key)
    assert (again.json["new"], again.json["known"]) == (0, 1)
    assert kept(runtime) == [("event_attended", {"hall": "3"})]


def test_what_is_no_such_file_is_refused(app: Flask, key: dict[str, str]) -> None:
    answer = app.test_client().post("/api/v1/activities", data=b"name\nx\n", headers=key)
    assert answer.status_code == 422
    large = app.test_client().post("/api/v1/activities", data=b"x" * (10 * 1024 * 1024 + 5), headers=key)
    assert large.status_code == 422


def test_the_page_takes_a_file_and_shows_what_came_of_it(
    sign_in: SignIn, key: dict[str, str], runtime: Runtime
) -> None:
    client = sign_in("marketer")
    page = client.get("/imports/activities").text
    assert 'href="/imports/activities"' in client.get("/imports").text
    form = {"csrf_token": token_of(page), "file": (io.BytesIO(FILE), "past.csv")}
    done = client.post("/imports/activities", data=form).text
    assert "There is no such lead." in done
    assert len(kept(runtime)) == 1
    assert client.post("/imports/activities", data={"csrf_token": token_of(page)}).status_code == 422
    assert client.post("/imports/activities", data={"file": (io.BytesIO(FILE), "x.csv")}).status_code == 400
