"""Signing in: one answer for every failure, no way around, no endless tries."""

import pytest
from argon2 import PasswordHasher, extract_parameters, profiles
from flask import Flask
from flask.testing import FlaskClient

from nurture.flows import passwords
from nurture.runtime import Runtime
from nurture.store.users import User
from tests.web.conftest import PASSWORD, SignIn, take_redis_away, token_of


def _try(client: FlaskClient, email: str, password: str, **more: str) -> tuple[int, str, str]:
    form = {"email": email, "password": password, "csrf_token": token_of(client.get("/sign-in").text), **more}
    answer = client.post("/sign-in", data=form)
    return answer.status_code, answer.text, answer.headers.get("Location", "")


def test_an_unknown_address_and_a_wrong_password_get_the_same_answer(
    sign_in: SignIn, visitor: FlaskClient
) -> None:
    sign_in("viewer")
    wrong = _try(visitor, "viewer@kessler-ohm.example", "not the password")
    unknown = _try(visitor, "nobody@kessler-ohm.example", "not the password")
    assert wrong[0] == unknown[0] == 422
    assert "do not belong together" in wrong[1] and "do not belong together" in unknown[1]


def test_an_unknown_address_costs_the_same_check_as_a_wrong_password(password_hash: str) -> None:
    """The time of a check is in the parameters of the hash: nobody's is made with the same ones."""
    assert extract_parameters(passwords.nobodys()) == extract_parameters(password_hash)


def test_the_product_hashes_as_the_rfc_recommends(products_hasher: PasswordHasher) -> None:
    assert extract_parameters(products_hasher.hash(PASSWORD)) == profiles.RFC_9106_LOW_MEMORY


def test_a_form_is_taken_under_https_although_our_pages_send_no_referrer(
    sign_in: SignIn, visitor: FlaskClient
) -> None:
    sign_in("viewer")
    page = visitor.get("/sign-in", base_url="https://localhost")
    form = {
        "email": "viewer@kessler-ohm.example",
        "password": PASSWORD,
        "csrf_token": token_of(page.text),
    }
    assert visitor.post("/sign-in", data=form, base_url="https://localhost").status_code in (302, 303)


def test_the_eleventh_wrong_try_has_to_wait(sign_in: SignIn, visitor: FlaskClient) -> None:
    sign_in("viewer")
    tries = [_try(visitor, "viewer@kessler-ohm.example", "not the password")[0] for _ in range(11)]
    assert tries == [422] * 10 + [429]
    assert _try(visitor, "viewer@kessler-ohm.example", PASSWORD)[0] == 429


def test_a_dead_redis_still_counts_tries(sign_in: SignIn, app: Flask, runtime: Runtime) -> None:
    sign_in("viewer")
    take_redis_away(runtime)
    client = app.test_client()
    tries = [_try(client, "viewer@kessler-ohm.example", "not the password")[0] for _ in range(11)]
    assert tries[-1] == 429


OUTSIDE = ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:1"]


@pytest.mark.parametrize("outside", OUTSIDE)
def test_signing_in_leads_only_to_pages_of_ours(sign_in: SignIn, visitor: FlaskClient, outside: str) -> None:
    sign_in("viewer")
    status, _, location = _try(visitor, "viewer@kessler-ohm.example", PASSWORD, next=outside)
    assert (status, location) == (302, "/")


def test_signing_in_goes_on_where_the_person_wanted(sign_in: SignIn, visitor: FlaskClient) -> None:
    sign_in("viewer")
    sent_to = visitor.get("/leads?temperature=hot").headers["Location"]
    assert sent_to == "/sign-in?next=/leads?temperature%3Dhot"
    location = _try(visitor, "viewer@kessler-ohm.example", PASSWORD, next="/leads?temperature=hot")[2]
    assert location == "/leads?temperature=hot"


def test_nothing_of_the_session_before_signing_in_is_kept(sign_in: SignIn, visitor: FlaskClient) -> None:
    sign_in("viewer")
    before = visitor.get("/sign-in").headers["Set-Cookie"]
    with visitor.session_transaction() as session:
        session["planted"] = "by somebody else"
    _try(visitor, "viewer@kessler-ohm.example", PASSWORD)
    with visitor.session_transaction() as session:
        assert "planted" not in session
    assert visitor.get_cookie("nurture").value not in before


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(visitor: FlaskClient) -> None:
    cookie = visitor.get("/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" not in cookie


def test_the_chosen_theme_belongs_to_the_person_and_not_to_the_browser(sign_in: SignIn) -> None:
    client = sign_in("viewer")
    page = client.get("/account").text
    assert 'data-theme=""' in page
    form = {"theme": "dark", "csrf_token": token_of(page)}
    assert client.post("/account/theme", data=form).status_code == 303
    assert 'data-theme="dark"' in sign_in("viewer").get("/leads").text
    assert 'data-theme=""' in sign_in("sales").get("/leads").text
    assert client.post("/account/theme", data=form | {"theme": '"><script>'}).status_code == 422


def test_a_hash_of_weaker_times_is_made_anew_at_the_next_sign_in(
    sign_in: SignIn, visitor: FlaskClient, runtime: Runtime
) -> None:
    sign_in("viewer")
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with runtime.sessions.begin() as session:
        session.query(User).filter_by(email="viewer@kessler-ohm.example").one().password_hash = weak
    assert _try(visitor, "viewer@kessler-ohm.example", PASSWORD)[0] == 302
    with runtime.sessions() as session:
        kept = session.query(User.password_hash).filter_by(email="viewer@kessler-ohm.example").scalar()
    assert extract_parameters(kept) == extract_parameters(passwords.nobodys())


def test_behind_a_proxy_tries_are_counted_by_visitor(sign_in: SignIn, app: Flask) -> None:
    sign_in("viewer")

    def status(visitor_at: str) -> int:
        client = app.test_client()
        csrf = token_of(client.get("/sign-in").text)
        form = {"email": "viewer@kessler-ohm.example", "password": "a guess", "csrf_token": csrf}
        proxy = {"REMOTE_ADDR": "10.0.0.1"}
        headers = {"X-Forwarded-For": visitor_at}
        return client.post("/sign-in", data=form, headers=headers, environ_overrides=proxy).status_code

    assert [status("198.51.100.7") for _ in range(11)] == [422] * 10 + [429]
    assert status("203.0.113.9") == 422
