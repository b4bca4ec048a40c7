"""What opens doors asks again who is there, and loses nothing that was typed."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from nurture.runtime import Runtime
from nurture.store.users import ApiKey
from nurture.web import fresh
from nurture.web.access_table import ACCESS, ADMINS
from tests.clock import StandingClock
from tests.web.confirmations import confirmed, hidden
from tests.web.conftest import SignIn, token_of
from tests.web.people import NINA, post
from tests.web.phone import set_up


@pytest.fixture
def admin(sign_in: SignIn, watch: StandingClock) -> FlaskClient:
    """An administrator who signed in a quarter of an hour ago."""
    client = sign_in("admin")
    watch.advance(minutes=15)
    return client


def test_a_key_is_made_only_after_the_password_was_given_again(admin: FlaskClient, runtime: Runtime) -> None:
    asked = post(admin, "/settings/keys", name="CRM", role="sales")
    assert asked.status_code == 401 and "Is it you?" in asked.text
    with runtime.sessions() as session:
        assert session.query(ApiKey).count() == 0
    sent_on = confirmed(admin, asked.text)
    assert (sent_on.status_code, sent_on.headers["Location"]) == (307, "/settings/keys")
    made = admin.post("/settings/keys", data=hidden(asked.text))
    assert made.status_code == 201 and "nk_" in made.text
    with runtime.sessions() as session:
        assert session.query(ApiKey.name, ApiKey.role).one() == ("CRM", "sales")


def test_a_wrong_password_asks_again_and_keeps_what_was_typed(admin: FlaskClient) -> None:
    asked = post(admin, "/settings/users", email=NINA, name='Nina "N" <Berg>', role="sales")
    wrong = confirmed(admin, asked.text, "not the password")
    assert wrong.status_code == 422 and "This is not your password." in wrong.text
    assert f'name="email" value="{NINA}"' in wrong.text
    assert 'name="name" value="Nina &#34;N&#34; &lt;Berg&gt;"' in wrong.text
    assert post(admin, "/settings/keys", name="CRM", role="sales").status_code == 401


def test_it_holds_for_ten_minutes(admin: FlaskClient, watch: StandingClock) -> None:
    confirmed(admin, post(admin, "/settings/keys", name="CRM", role="sales").text)
    watch.advance(minutes=9)
    assert post(admin, "/settings/keys", name="CRM", role="sales").status_code == 201
    watch.advance(minutes=2)
    assert post(admin, "/settings/keys", name="CRM", role="sales").status_code == 401


def test_with_a_second_factor_it_takes_the_code_too(sign_in: SignIn, watch: StandingClock) -> None:
    admin = sign_in("admin")
    phone, _codes = set_up(admin, watch)
    watch.advance(minutes=15)
    asked = post(admin, "/settings/keys", name="CRM", role="sales")
    assert confirmed(admin, asked.text).status_code == 422
    assert confirmed(admin, asked.text, fresh_code=phone.code()).status_code == 307


def test_passwords_cannot_be_tried_without_end(admin: FlaskClient) -> None:
    asked = post(admin, "/settings/keys", name="CRM", role="sales")
    tries = [confirmed(admin, asked.text, "not the password").status_code for _ in range(11)]
    assert tries == [422] * 10 + [429]


def test_it_leads_only_to_pages_of_ours(admin: FlaskClient) -> None:
    asked = post(admin, "/settings/keys", name="CRM", role="sales")
    for outside in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        answer = confirmed(admin, asked.text.replace("/settings/keys", outside))
        assert answer.headers["Location"] == "/"


def test_a_page_that_asks_in_the_background_leads_to_the_question(admin: FlaskClient) -> None:
    token = token_of(admin.get("/account").text)
    headers = {"HX-Request": "true", "X-CSRFToken": token}
    answer = admin.post("/settings/keys", data={"name": "CRM"}, headers=headers)
    assert answer.headers["HX-Redirect"].startswith("/account/confirm?to=/settings/keys")


def test_every_change_by_administrators_alone_is_asked_again_or_left_out_on_purpose(app: Flask) -> None:
    changing = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or set()) and ACCESS.get(rule.endpoint) is ADMINS
    }
    assert changing <= set(fresh.FRESH) | fresh.LEFT_OUT
    assert {"users.change", "users.invite", "keys.create", "keys.revoke"} <= set(fresh.FRESH)


def test_a_change_that_nobody_thought_of_stops_the_start(app: Flask) -> None:
    with pytest.raises(LookupError, match=r"overview\.stop_sending"):
        fresh.check_table(app, {"overview.stop_sending"})


def test_no_export_leaves_without_the_password(app: Flask, admin: FlaskClient) -> None:
    exports = [rule for rule in app.url_map.iter_rules() if rule.endpoint.endswith(".export")]
    pages = [rule for rule in exports if not rule.endpoint.startswith("api") and not rule.arguments]
    assert {rule.endpoint for rule in pages} >= {"leads.export", "handoffs.export", "audit.export"}
    token = token_of(admin.get("/account").text)
    for rule in pages:
        method = "POST" if "POST" in (rule.methods or set()) else "GET"
        answer = admin.open(rule.rule, method=method, data={"csrf_token": token})
        asked = answer.status_code == 401 or answer.headers["Location"].startswith("/account/confirm?to=")
        assert asked, rule.rule
