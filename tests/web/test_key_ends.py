"""Keys of the API that end by themselves."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from nurture.flows import keys
from nurture.runtime import Runtime
from nurture.store.users import ApiKey
from tests.web.confirmations import confirmed
from tests.web.conftest import SignIn


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def of_the_fair(runtime: Runtime) -> str:
    """The key of an app that is there for the three days of a fair."""
    with runtime.sessions.begin() as session:
        ends = keys.end_of(3, real_now=runtime.real_now())
        return keys.create_key(session, "Fair", "admin", now=runtime.now(), expires_at=ends)


def test_a_key_lets_in_until_its_day_and_nobody_after(
    visitor: FlaskClient, runtime: Runtime, of_the_fair: str
) -> None:
    assert visitor.get("/api/v1/leads", headers=bearer(of_the_fair)).status_code == 200
    with runtime.sessions.begin() as session:
        session.query(ApiKey).one().expires_at -= timedelta(days=3)
    assert visitor.get("/api/v1/leads", headers=bearer(of_the_fair)).status_code == 401


def test_the_api_makes_keys_that_end_and_says_when(
    visitor: FlaskClient, runtime: Runtime, of_the_fair: str
) -> None:
    asked = {"name": "CRM", "role": "sales", "days": 30}
    made = visitor.post("/api/v1/keys", json=asked, headers=bearer(of_the_fair))
    assert made.status_code == 201
    with runtime.sessions() as session:
        ends = session.query(ApiKey.expires_at).filter_by(name="CRM").scalar()
    assert timedelta(days=29) < ends - runtime.real_now() <= timedelta(days=30)
    assert made.get_json()["expires_at"].startswith(ends.date().isoformat())
    for days in (0, -1, 4_000):
        wrong = visitor.post("/api/v1/keys", json={**asked, "days": days}, headers=bearer(of_the_fair))
        assert wrong.status_code == 422 and "days" in wrong.get_json()["errors"]


def test_the_page_offers_lives_and_marks_a_key_that_has_ended(
    sign_in: SignIn, runtime: Runtime, of_the_fair: str
) -> None:
    admin = sign_in("admin")
    page = admin.get("/settings/keys").text
    assert "when it is revoked" not in page and ">ended<" not in page
    with runtime.sessions.begin() as session:
        session.query(ApiKey).one().expires_at -= timedelta(days=3)
    assert ">ended<" in admin.get("/settings/keys").text


def test_a_length_that_is_no_number_is_refused_with_a_sentence(sign_in: SignIn, runtime: Runtime) -> None:
    admin = sign_in("admin")
    token = admin.get("/settings/keys").text.split('name="csrf_token" value="')[1].split('"')[0]
    said = {"csrf_token": token, "name": "CRM", "role": "sales", "days": "soon"}
    asked = admin.post("/settings/keys", data=said)
    confirmed(admin, asked.text)
    refused = admin.post("/settings/keys", data=said)
    assert refused.status_code == 422
    assert "between one day and ten years" in refused.text
