"""Who may open what: every address for every role."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from nurture.runtime import Runtime
from nurture.store.users import ROLES, User
from nurture.web.access_table import ACCESS, PUBLIC
from tests.web.conftest import PASSWORD, SignIn, token_of

_NUMBERS = dict.fromkeys(
    ("lead_id", "program_id", "handoff_id", "delivery_id", "endpoint_id", "key_id", "import_id", "change_id"),
    1,
) | {
    "newsletter_id": 1,
    "link_id": 1,
    "job_id": "x",
    "mail_id": 1,
    "segment_id": 1,
    "no": 1,
    "model_id": 999,
    "view_id": 1,
    "source_id": 1,
    "form_id": 1,
    "form": "nobody",
    "domain_id": 1,
    "transport_id": 999,
    "domain": "news.example",
    "team_id": 999,
    "absence_id": 999,
    "rule_id": 999,
    "blocked_id": 999,
    "site_id": 999,
    "event_id": 999,
    "simulation_id": 999,
    "company_id": 999,
    "key": "nothing",
    "temperature": "cold",
    "hit_id": "0192f0c1-2b3c-7d4e-8f50-123456789abc",
    "signal_id": "0192f0c1-2b3c-7d4e-8f50-123456789abc",
    "pattern_id": 999,
    "pair_id": 999,
    "bulk_id": 999,
    "merge_id": 999,
    "field": "plan",
    "day": "2026-03-04",
    "step": "welcome",
    "chain_id": 1,
    "user_id": 999,
    "message_id": "msg_1",
    "token": "no.such.token",
    "secret": "no.such.secret",
    "provider": "ses",
    "name": "x",
    "filename": "nurture.css",
}


def _addresses(app: Flask, method: str) -> list[tuple[str, str]]:
    found = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if method in (rule.methods or set()) and not rule.endpoint.startswith("api"):
                values = {name: _NUMBERS[name] for name in rule.arguments}
                found.append((rule.endpoint, app.url_for(rule.endpoint, **values)))
    return found


def test_every_address_has_its_rule_of_access(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules() if not rule.endpoint.startswith("api")}
    assert endpoints == set(ACCESS)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_exactly_what_the_table_says(app: Flask, sign_in: SignIn, role: str) -> None:
    client = sign_in(role)
    csrf = token_of(client.get("/account").text)
    for method in ("GET", "POST"):
        for endpoint, address in _addresses(app, method):
            if ACCESS[endpoint] is PUBLIC or endpoint in ("sessions.sign_out", "account.change_password"):
                continue
            answer = client.open(address, method=method, headers={"X-CSRFToken": csrf})
            allowed = role in ACCESS[endpoint]
            assert (answer.status_code != 403) is allowed, f"{role} {method} {address}: {answer.status_code}"


def test_nobody_sees_a_page_without_signing_in(app: Flask, visitor: FlaskClient) -> None:
    for endpoint, address in _addresses(app, "GET"):
        if ACCESS[endpoint] is not PUBLIC:
            answer = visitor.get(address)
            assert answer.status_code == 302 and "/sign-in" in answer.headers["Location"], address


def test_nobody_changes_anything_without_signing_in(app: Flask, visitor: FlaskClient) -> None:
    csrf = token_of(visitor.get("/sign-in").text)
    for endpoint, address in _addresses(app, "POST"):
        if ACCESS[endpoint] is not PUBLIC:
            answer = visitor.post(address, headers={"X-CSRFToken": csrf})
            assert answer.status_code == 302 and "/sign-in" in answer.headers["Location"], address


def test_a_post_without_the_forms_token_is_refused(sign_in: SignIn) -> None:
    answer = sign_in("admin").post("/sending/stop")
    assert answer.status_code == 400
    assert "form has been open too long" in answer.text


def test_a_user_who_is_kept_out_is_out_at_once(sign_in: SignIn, runtime: Runtime) -> None:
    admin, seller = sign_in("admin"), sign_in("sales")
    with runtime.sessions() as session:
        seller_id = session.query(User.id).filter_by(role="sales").scalar()
    form = {"role": "sales", "disabled": "1", "csrf_token": token_of(admin.get("/settings/users").text)}
    assert admin.post(f"/settings/users/{seller_id}", data=form).status_code == 302
    assert seller.get("/leads").status_code == 302


def test_the_last_administrator_cannot_be_lost(sign_in: SignIn, runtime: Runtime) -> None:
    admin = sign_in("admin")
    with runtime.sessions() as session:
        admin_id = session.query(User.id).filter_by(role="admin").scalar()
    form = {"role": "viewer", "disabled": "0", "csrf_token": token_of(admin.get("/settings/users").text)}
    answer = admin.post(f"/settings/users/{admin_id}", data=form)
    assert answer.status_code == 409
    assert "last administrator" in answer.text


def test_a_new_password_ends_every_other_session(sign_in: SignIn) -> None:
    here, elsewhere = sign_in("viewer"), sign_in("viewer")
    csrf = token_of(here.get("/account").text)
    form = {"old": PASSWORD, "new": "another long password", "csrf_token": csrf}
    assert here.post("/account/password", data=form).status_code == 302
    assert here.get("/leads").status_code == 200
    assert elsewhere.get("/leads").status_code == 302
