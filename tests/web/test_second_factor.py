"""The second factor: codes of a phone, each once; recovery codes for when it is lost."""

import re

import pytest
from flask.testing import FlaskClient
from pyotp import TOTP

from nurture.runtime import Runtime
from nurture.store.users import User
from tests.clock import StandingClock
from tests.web.conftest import PASSWORD, SignIn, token_of
from tests.web.people import done, post, user_id
from tests.web.phone import Phone, set_up

EMAIL = "marketer@kessler-ohm.example"


@pytest.fixture
def phone(sign_in: SignIn, watch: StandingClock) -> Phone:
    """The marketer's, set up through the pages a minute ago."""
    phone, _codes = set_up(sign_in("marketer"), watch)
    watch.advance(minutes=1)
    return phone


def enter(client: FlaskClient, code: str, password: str = PASSWORD) -> int:
    """Sign in with password and code; the status of the last answer."""
    first = post(client, "/sign-in", email=EMAIL, password=password)
    if first.status_code != 302:
        return first.status_code
    assert "/sign-in/code" in first.headers["Location"]
    token = token_of(client.get("/sign-in/code").text)
    return client.post("/sign-in/code", data={"code": code, "csrf_token": token}).status_code


def test_the_password_alone_opens_nothing(phone: Phone, visitor: FlaskClient) -> None:
    post(visitor, "/sign-in", email=EMAIL, password=PASSWORD)
    assert visitor.get("/leads").status_code == 302
    assert enter(visitor, phone.code()) == 302
    assert visitor.get("/leads").status_code == 200


def test_a_code_is_good_once(phone: Phone, visitor: FlaskClient, app) -> None:
    code = phone.code()
    assert enter(visitor, code) == 302
    assert enter(app.test_client(), code) == 422


def test_an_older_code_is_refused_once_a_newer_one_was_used(phone: Phone, visitor: FlaskClient, app) -> None:
    before = phone.code(later=-30)
    assert enter(visitor, phone.code()) == 302
    assert enter(app.test_client(), before) == 422


def test_a_phone_may_be_half_a_minute_off_and_no_more(phone: Phone, app) -> None:
    assert enter(app.test_client(), phone.code(later=-60)) == 422
    assert enter(app.test_client(), phone.code(later=60)) == 422
    assert enter(app.test_client(), phone.code(later=-30)) == 302
    assert enter(app.test_client(), phone.code(later=30)) == 302


def test_the_code_has_five_minutes_to_come(phone: Phone, visitor: FlaskClient, watch: StandingClock) -> None:
    post(visitor, "/sign-in", email=EMAIL, password=PASSWORD)
    token = token_of(visitor.get("/sign-in/code").text)
    watch.advance(minutes=6)
    visitor.post("/sign-in/code", data={"code": phone.code(), "csrf_token": token})
    assert visitor.get("/leads").status_code == 302


def test_codes_cannot_be_tried_without_end(phone: Phone, visitor: FlaskClient) -> None:
    assert [enter(visitor, "000000") for _ in range(11)] == [422] * 10 + [429]


def test_each_recovery_code_lets_in_once(
    sign_in: SignIn, watch: StandingClock, app, runtime: Runtime
) -> None:
    _phone, codes = set_up(sign_in("marketer"), watch)
    assert len(codes) == len(set(codes)) == 10
    assert enter(app.test_client(), codes[3].upper()) == 302
    assert enter(app.test_client(), codes[3]) == 422
    assert enter(app.test_client(), codes[4]) == 302
    with runtime.sessions() as session:
        kept = session.connection().exec_driver_sql("SELECT code_hash FROM recovery_code").scalars().all()
    assert not set(codes) & set(kept) and all(len(one) == 64 for one in kept)


def test_the_secret_is_sealed_in_the_database(phone: Phone, runtime: Runtime) -> None:
    with runtime.sessions() as session:
        [user] = session.query(User).filter_by(email=EMAIL)
    assert user.totp_sealed is not None
    assert TOTP(runtime.vault.open(user.totp_sealed)).at(runtime.real_now()) == phone.code()
    assert runtime.vault.open(user.totp_sealed) not in user.totp_sealed


def test_turning_it_on_ends_every_other_session(sign_in: SignIn, watch: StandingClock) -> None:
    here, elsewhere = sign_in("marketer"), sign_in("marketer")
    set_up(here, watch)
    assert here.get("/leads").status_code == 200
    assert elsewhere.get("/leads").status_code == 302


def test_a_wrong_first_code_turns_nothing_on(sign_in: SignIn, runtime: Runtime) -> None:
    client = sign_in("marketer")
    post(client, "/account/second-factor/begin")
    assert post(client, "/account/second-factor/confirm", code="123456").status_code == 422
    with runtime.sessions() as session:
        assert session.query(User.totp_sealed).filter_by(email=EMAIL).scalar() is None


def test_turning_it_off_takes_password_and_code(
    sign_in: SignIn, watch: StandingClock, visitor: FlaskClient
) -> None:
    client = sign_in("marketer")
    phone, _codes = set_up(client, watch)
    watch.advance(minutes=1)
    off = "/account/second-factor/off"
    assert post(client, off, password="not the password", code=phone.code()).status_code == 422
    watch.advance(minutes=1)
    assert post(client, off, password=PASSWORD, code="000000").status_code == 422
    assert post(client, off, password=PASSWORD, code=phone.code()).status_code == 302
    assert post(visitor, "/sign-in", email=EMAIL, password=PASSWORD).headers["Location"] == "/"


def test_new_recovery_codes_void_the_old_ones(sign_in: SignIn, watch: StandingClock, app) -> None:
    client = sign_in("marketer")
    phone, old = set_up(client, watch)
    watch.advance(minutes=1)
    page = post(client, "/account/second-factor/codes", code=phone.code()).text
    new = re.findall(r"(?:[a-z2-7]{4}-){3}[a-z2-7]{4}", page)
    assert len(new) == 10 and not set(new) & set(old)
    assert enter(app.test_client(), old[0]) == 422
    assert enter(app.test_client(), new[0]) == 302


def test_an_administrator_lets_in_who_lost_the_phone(
    phone: Phone, sign_in: SignIn, visitor: FlaskClient, runtime: Runtime
) -> None:
    marketer = user_id(runtime, "marketer")
    assert post(sign_in("admin"), f"/settings/users/{marketer}/second-factor").status_code == 302
    assert post(visitor, "/sign-in", email=EMAIL, password=PASSWORD).headers["Location"] == "/"
    assert done(runtime, "second_factor")[-1] == (
        f"user:{user_id(runtime, 'admin')}",
        "second_factor.off",
        f"user:{marketer}",
    )


def test_a_new_password_by_link_goes_past_no_second_factor(
    phone: Phone, sign_in: SignIn, visitor: FlaskClient, runtime: Runtime
) -> None:
    answer = post(sign_in("admin"), f"/settings/users/{user_id(runtime, 'marketer')}/reset")
    found = re.search(r"http://localhost:8000(/password/[^\s<]+)", answer.text)
    assert found
    token = token_of(visitor.get(found[1]).text)
    visitor.post(found[1], data={"password": "a wholly new password", "csrf_token": token})
    assert enter(visitor, "000000", password="a wholly new password") == 422
    assert visitor.get("/leads").status_code == 302
    assert enter(visitor, phone.code(), password="a wholly new password") == 302


def test_administrators_can_be_made_to_use_it(sign_in: SignIn, watch: StandingClock) -> None:
    admin, other = sign_in("admin"), sign_in("viewer")
    assert post(admin, "/settings/users/second-factor", required="1").status_code == 409
    phone, _codes = set_up(admin, watch)
    assert post(admin, "/settings/users/second-factor", required="1").status_code == 302
    watch.advance(minutes=1)
    post(admin, "/account/second-factor/off", password=PASSWORD, code=phone.code())
    assert admin.get("/leads").headers["Location"] == "/account/second-factor"
    assert (
        "Administrators of this installation need a second factor" in admin.get("/account/second-factor").text
    )
    assert other.get("/leads").status_code == 200
    set_up(admin, watch)
    assert admin.get("/leads").status_code == 200
