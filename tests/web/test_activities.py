"""Past activities from a file: on the page and by the API, each row once, each refusal with its reason."""

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from nurture.files import uploads
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
    assert [one["line"] for one in first.json["errors"]] == [3, 4]
    again = client.post("/api/v1/activities", data={"file": (io.BytesIO(FILE), "a.csv")}, headers=key)
    assert (again.json["new"], again.json["known"]) == (0, 1)
    assert kept(runtime) == [("event_attended", {"hall": "3"})]


def test_what_is_no_such_file_is_refused(app: Flask, key: dict[str, str]) -> None:
    answer = app.test_client().post("/api/v1/activities", data=b"name\nx\n", headers=key)
    assert answer.status_code == 422
    large = app.test_client().post("/api/v1/activities", data=b"x" * (10 * 1024 * 1024 + 5), headers=key)
    assert large.status_code == 422


def test_a_check_tells_how_dates_were_understood_and_takes_nothing(
    app: Flask, key: dict[str, str], runtime: Runtime
) -> None:
    def send(file: bytes, **asked: str) -> Any:
        given = key | {"Content-Type": "text/csv"}
        return app.test_client().post("/api/v1/activities", data=file, headers=given, query_string=asked)

    file = b"email;kind;Datum\nanna@weber.example;called;01/02/2026 10:00\n"
    asked = send(file)
    assert (asked.status_code, list(asked.json["errors"])) == (422, ["dates"])
    checked = send(file, dates="day_first", zone="Europe/Berlin", check="true")
    assert (checked.status_code, checked.json["new"]) == (200, 1)
    assert checked.json["dates"] == {
        "order": "day_first", "zone": "Europe/Berlin", "first": "2026-02-01T09:00:00Z",
        "last": "2026-02-01T09:00:00Z",
        "shown": [{"line": 2, "written": "01/02/2026 10:00", "at": "2026-02-01T09:00:00Z"}],
    }  # fmt: skip
    assert kept(runtime) == []
    assert send(file, dates="month_first").status_code == 201
    assert send(file, dates="sideways").status_code == 422
    assert not list((runtime.settings.home / "uploads").iterdir())


def test_the_page_shows_how_it_understands_a_file_before_it_takes_it(
    sign_in: SignIn, key: dict[str, str], runtime: Runtime
) -> None:
    client = sign_in("marketer")
    page = client.get("/imports/activities").text
    assert 'href="/imports/activities"' in client.get("/imports").text
    token = {"csrf_token": token_of(page)}

    def send(file: bytes | None = None, **said: str) -> TestResponse:
        sent = {"file": (io.BytesIO(file), "past.csv")} if file else {}
        return client.post("/imports/activities", data=token | said | sent)

    looked = send(FILE).text
    assert "There is no such lead." in looked
    assert "past.csv" in looked
    assert kept(runtime) == []
    name = re.search(r'name="kept" value="([0-9a-f]{32})"', looked)[1]  # type: ignore[index]
    done = send(kept=name, do="take").text
    assert "There is no such lead." in done
    assert len(kept(runtime)) == 1
    assert "not kept any more" in send(kept=name, do="take").text
    for wrong in (send(), send(kept="../secrets"), send(b"name\nx\n")):
        assert wrong.status_code == 422
    assert client.post("/imports/activities", data={"file": (io.BytesIO(FILE), "x.csv")}).status_code == 400


def test_the_page_asks_what_comes_first_where_a_date_means_two_days(
    sign_in: SignIn, key: dict[str, str], runtime: Runtime
) -> None:
    client = sign_in("marketer")
    token = {"csrf_token": token_of(client.get("/imports/activities").text)}
    file = b"email,kind,date\nanna@weber.example,called,01/02/2026\n"
    asked = client.post("/imports/activities", data=token | {"file": (io.BytesIO(file), "past.csv")})
    assert asked.status_code == 422
    assert "is that 2026-02-01 or 2026-01-02" in asked.text
    name = re.search(r'name="kept" value="([0-9a-f]{32})"', asked.text)[1]  # type: ignore[index]
    told = client.post("/imports/activities", data=token | {"kept": name, "dates": "month_first"})
    assert told.status_code == 200
    assert "2 Jan" in told.text


def test_files_that_were_left_alone_for_a_day_are_removed(runtime: Runtime) -> None:
    path = uploads.receive(io.BytesIO(FILE), runtime.settings.home)
    draft = path.with_name("7.csv")
    draft.write_bytes(FILE)
    kept_since = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    assert uploads.forget_old(runtime.settings.home, before=kept_since - timedelta(seconds=1)) == 0
    assert uploads.waiting(runtime.settings.home, path.name) == path
    assert uploads.forget_old(runtime.settings.home, before=kept_since + timedelta(seconds=1)) == 1
    assert uploads.waiting(runtime.settings.home, path.name) is None
    assert draft.exists()
