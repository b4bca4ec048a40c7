"""Bringing in leads by the page: looked at, tried, taken; and nothing taken that was only tried."""

import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from nurture.jobs import long
from nurture.runtime import Runtime
from nurture.store.consents import Consent
from nurture.store.imports import Import
from nurture.store.leads import Lead
from nurture.web.admin import imports as page
from tests.web.conftest import SignIn, token_of

FILE = (
    "E-mail,First name,Company,Fleet\n"
    "ada@werk.example,Ada,Werk,12\n"
    "ada@werk.example,Ada,Werk,12\n"
    "not an address,Bo,,\n"
    "cleo@halle.example,Cleo,Halle,3\n"
)
WORDS = "Yes, send me articles. Signed at the fair, March 2026."


def _upload(client: FlaskClient, content: bytes | str = FILE, name: str = "fair.csv") -> TestResponse:
    data = content.encode() if isinstance(content, str) else content
    form = {"csrf_token": token_of(client.get("/imports").text), "file": (io.BytesIO(data), name)}
    return client.post("/imports", data=form, content_type="multipart/form-data")


def _send(client: FlaskClient, address: str, do: str, **changes: str) -> TestResponse:
    form: dict[str, Any] = {
        "csrf_token": token_of(client.get(address).text),
        "column": ["E-mail", "First name", "Company", "Fleet"],
        "answer-0": "email",
        "answer-1": "first_name",
        "answer-2": "company",
        "answer-3": "fields.fleet",
        "consent": "yes",
        "purpose": "marketing",
        "wording": WORDS,
        "source": "Fair Hannover",
        "enter": "yes",
        "do": do,
    }
    return client.post(address, data=form | changes)


@pytest.fixture
def marketer(sign_in: SignIn) -> FlaskClient:
    return sign_in("marketer")


def test_the_page_suggests_what_columns_mean_and_shows_the_first_rows(marketer: FlaskClient) -> None:
    draft = marketer.get(_upload(marketer).headers["Location"]).text
    assert "Ada · Ada · Bo" in draft
    assert '<option value="email" selected>' in draft
    assert "A field of your own: fleet" in draft


def test_columns_left_out_are_kept_by_one_button(marketer: FlaskClient) -> None:
    address = _upload(marketer).headers["Location"]
    left_out = {"answer-3": "ignore", "consent": ""}
    assert _send(marketer, address, "keep_all", **left_out).headers["Location"] == address
    draft = marketer.get(address).text
    assert '<option value="fields.fleet" selected>' in draft
    assert "Keep what is left out" not in draft and "nothing is taken yet" in draft


def test_trying_gives_the_numbers_and_takes_nothing(marketer: FlaskClient, runtime: Runtime) -> None:
    address = _upload(marketer).headers["Location"]
    assert _send(marketer, address, "check").headers["Location"] == address
    shown = marketer.get(address).text
    assert "Import 2 leads" in shown and "1 row is given back" in shown and "1 repeats another" in shown
    with runtime.sessions() as session:
        assert session.query(Lead).count() == 0
        assert session.query(Consent).count() == 0
        assert session.query(Import).one().state == "draft"
    assert "not an address" in marketer.get(f"{address}/bad-rows.csv").text


def test_the_import_takes_what_was_tried_with_the_words_they_agreed_to(
    marketer: FlaskClient, runtime: Runtime
) -> None:
    address = _upload(marketer).headers["Location"]
    _send(marketer, address, "check")
    _send(marketer, address, "begin")
    done = marketer.get(address).text
    assert "2 new leads from Fair Hannover" in done
    with runtime.sessions() as session:
        ada = session.query(Lead).filter_by(email="ada@werk.example").one()
        assert (ada.first_name, ada.fields, ada.held_at) == ("Ada", {"fleet": "12"}, None)
        assert {row.wording for row in session.query(Consent)} == {WORDS}
    assert list((runtime.settings.home / "uploads").glob("*")) == []
    assert _send_again(marketer, address) == 409


def _send_again(client: FlaskClient, address: str) -> int:
    form = {"csrf_token": token_of(client.get("/imports").text), "column": ["E-mail"], "answer-0": "email"}
    given = {"consent": "no", "source": "x", "do": "begin"}
    return client.post(address, data=form | given).status_code


def test_who_shall_not_start_is_held_out_of_programs(marketer: FlaskClient, runtime: Runtime) -> None:
    address = _upload(marketer).headers["Location"]
    _send(marketer, address, "begin", enter="no")
    with runtime.sessions() as session:
        assert all(lead.held_at for lead in session.query(Lead))
    assert "they start in no program" in marketer.get(address).text


def test_without_an_answer_about_consent_nothing_begins(marketer: FlaskClient, runtime: Runtime) -> None:
    address = _upload(marketer).headers["Location"]
    answer = _send(marketer, address, "begin", consent="", source=" ")
    assert answer.status_code == 422
    assert "Say whether these people agreed" in answer.text and "Say where they come from" in answer.text
    assert "Write down the words" in _send(marketer, address, "begin", wording="").text
    with runtime.sessions() as session:
        assert session.query(Lead).count() == 0


def test_a_file_without_a_column_to_know_people_by_is_explained(marketer: FlaskClient) -> None:
    address = _upload(marketer).headers["Location"]
    answer = _send(marketer, address, "check", **{"answer-0": "ignore"})
    assert answer.status_code == 422
    assert "No column holds the e-mail address or the phone" in answer.text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK\x03\x04 and so on", "save it as CSV"),
        (b"", "The file is empty"),
        (b"ada@werk.example,Ada\n", "add a header line"),
    ],
)
def test_what_is_no_csv_file_is_refused_in_a_sentence(
    marketer: FlaskClient, runtime: Runtime, content: bytes, sentence: str
) -> None:
    answer = _upload(marketer, content, "leads.xlsx")
    assert answer.status_code == 422 and sentence in answer.text
    assert list((runtime.settings.home / "uploads").glob("*")) == []


def test_a_large_file_is_left_to_the_worker_and_shows_how_far_it_is(
    marketer: FlaskClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "AT_ONCE", 10)
    address = _upload(marketer).headers["Location"]
    _send(marketer, address, "begin")
    assert "You may leave this page" in marketer.get(address).text
    assert "0 of" in marketer.get(f"{address}/progress").text
    assert long._one_import(runtime) == 1
    assert marketer.get(f"{address}/progress").headers["HX-Refresh"] == "true"
    assert "2 new leads" in marketer.get(address).text


def test_a_file_can_be_tried_by_the_worker_too_and_stays_a_draft(
    marketer: FlaskClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "AT_ONCE", 10)
    address = _upload(marketer).headers["Location"]
    _send(marketer, address, "check")
    assert long._one_import(runtime) == 1
    assert "Import 2 leads" in marketer.get(address).text


def test_a_forgotten_file_leaves_nothing(marketer: FlaskClient, runtime: Runtime) -> None:
    address = _upload(marketer).headers["Location"]
    form = {"csrf_token": token_of(marketer.get(address).text)}
    assert marketer.post(f"{address}/discard", data=form).status_code == 302
    assert marketer.get(address).status_code == 404
    assert list((runtime.settings.home / "uploads").glob("*")) == []


def test_a_file_needs_the_forms_token(marketer: FlaskClient, runtime: Runtime) -> None:
    answer = marketer.post("/imports", data={"file": (io.BytesIO(b"x"), "a.csv")})
    assert answer.status_code == 400
    with runtime.sessions() as session:
        assert session.query(Import).count() == 0


def test_names_of_files_and_columns_cannot_carry_markup(marketer: FlaskClient) -> None:
    evil = '"<script>alert(1)</script>",E-mail\n<img src=x onerror=alert(1)>,ada@werk.example\n'
    draft = marketer.get(_upload(marketer, evil, "<script>alert(2)</script>.csv").headers["Location"]).text
    assert "<script>alert" not in draft and "<img src=x" not in draft


def test_dates_that_mean_two_days_are_asked_about_and_shown_as_they_were_understood(
    marketer: FlaskClient, runtime: Runtime
) -> None:
    address = _upload(marketer, "E-Mail,Birthday\nada@werk.example,04/03/1975\n").headers["Location"]
    columns: dict[str, Any] = {"column": ["E-Mail", "Birthday"], "answer-1": "dates.birthday"}
    asked = _send(marketer, address, "begin", **columns)
    assert asked.status_code == 422
    assert "Line 2 says 04/03/1975: is that 1975-03-04 or 1975-04-03?" in asked.text
    assert 'id="f-dates"' in asked.text and "Day first: 3 April" in asked.text
    _send(marketer, address, "check", dates="day_first", **columns)
    tried = marketer.get(address).text
    assert "Understood as" in tried and "4 Mar 1975" in tried
    _send(marketer, address, "begin", dates="day_first", **columns)
    with runtime.sessions() as session:
        assert session.query(Lead).one().dates == {"birthday": "1975-03-04"}
