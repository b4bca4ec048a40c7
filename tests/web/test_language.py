"""Everybody reads in their own language: by account, by choice before signing in, by browser, by lead."""

from flask import Flask
from flask.testing import FlaskClient

from nurture.flows import keys
from nurture.rules import words
from nurture.runtime import Runtime
from tests.web.conftest import PASSWORD, SignIn, token_of

RU = {"Accept-Language": "ru-RU,ru;q=0.9,en;q=0.8"}
EN = {"Accept-Language": "en-GB"}


def _switch(visitor: FlaskClient, code: str, following: str = "/sign-in") -> int:
    token = token_of(visitor.get("/sign-in", headers=EN).text)
    form = {"csrf_token": token, "language": code, "next": following}
    return visitor.post("/language", data=form, headers=EN).status_code


def test_before_signing_in_the_browser_chooses(visitor: FlaskClient) -> None:
    assert "Войти" in visitor.get("/sign-in", headers=RU).text
    assert 'lang="ru"' in visitor.get("/sign-in", headers=RU).text
    assert "Sign in" in visitor.get("/sign-in", headers={"Accept-Language": "fr"}).text


def test_the_switch_at_the_sign_in_page_is_kept_by_the_account(app: Flask, sign_in: SignIn) -> None:
    sign_in("marketer")
    visitor = app.test_client()
    assert _switch(visitor, "ru") == 303
    page = visitor.get("/sign-in", headers=EN).text
    assert "Войти" in page
    form = {"email": "marketer@kessler-ohm.example", "password": PASSWORD, "csrf_token": token_of(page)}
    assert visitor.post("/sign-in", data=form, headers=EN).status_code == 302
    assert "Обзор" in visitor.get("/", headers=EN).text
    assert "Обзор" in sign_in("marketer").get("/", headers=EN).text


def test_a_switch_leads_back_inside_and_knows_its_languages(visitor: FlaskClient) -> None:
    assert _switch(visitor, "xx") == 422
    token = token_of(visitor.get("/sign-in").text)
    form = {"csrf_token": token, "language": "ru", "next": "https://elsewhere.example/"}
    assert visitor.post("/language", data=form).headers["Location"] == "/"
    assert visitor.get("/language").status_code == 405


def test_the_account_page_sets_the_language(sign_in: SignIn) -> None:
    mira = sign_in("admin")
    token = token_of(mira.get("/account", headers=EN).text)
    answer = mira.post("/account/language", data={"csrf_token": token, "language": "ru"}, headers=EN)
    assert answer.status_code == 303
    assert "Обзор" in mira.get("/", headers=EN).text
    assert mira.post("/account/language", data={"csrf_token": token, "language": "tlh"}).status_code == 422
    mira.post("/account/language", data={"csrf_token": token, "language": ""})
    assert "Overview" in mira.get("/", headers=EN).text
    assert "Обзор" in mira.get("/", headers=RU).text


def test_even_a_stale_form_is_refused_in_the_reader_s_language(sign_in: SignIn) -> None:
    mira = sign_in("admin")
    token = token_of(mira.get("/account").text)
    mira.post("/account/language", data={"csrf_token": token, "language": "ru"})
    mira.get("/")
    refused = mira.post("/account/theme", data={"theme": "dark"}, headers=EN)
    assert refused.status_code == 400
    assert "Форма" in refused.text


def test_one_request_leaves_no_language_behind(visitor: FlaskClient) -> None:
    visitor.get("/sign-in", headers=RU)
    assert words.spoken() == "en"


def test_programs_read_faults_in_the_language_they_accept(visitor: FlaskClient) -> None:
    russian = visitor.get("/api/v1/leads", headers=RU)
    assert russian.status_code == 401
    assert russian.get_json()["detail"].startswith("Укажите действующий ключ")
    assert visitor.get("/api/v1/leads").get_json()["detail"].startswith("Send a valid key")


def test_even_a_wrong_shape_is_told_in_the_language_they_accept(
    visitor: FlaskClient, runtime: Runtime
) -> None:
    with runtime.sessions.begin() as session:
        key = keys.create_key(session, "CRM", "admin", now=runtime.now())
    mine = {"Authorization": f"Bearer {key}"}
    for headers, said in ((RU, "Такого поля здесь нет."), (EN, "Unknown field.")):
        wrong = visitor.post("/api/v1/segments", json={"nme": "x"}, headers={**mine, **headers})
        assert wrong.get_json()["errors"]["nme"] == [said]


def test_counts_take_the_form_that_belongs_to_the_number(runtime: Runtime) -> None:
    with words.speaking("ru-RU"):
        said = [words.ngettext("{n} day", "{n} days", n).format(n=n) for n in (1, 2, 5, 11, 21)]
    assert said == ["1 день", "2 дня", "5 дней", "11 дней", "21 день"]
    assert words.spoken() == "en"


def test_a_language_nobody_translated_is_english(runtime: Runtime) -> None:
    with words.speaking("fr"):
        assert (words.spoken(), words._("Sign in")) == ("en", "Sign in")
