"""Who comes in: invited by a link that works once, let in, kept out, given a role by an administrator."""

import re
from datetime import timedelta

from flask.testing import FlaskClient

from nurture.jobs.streams import streams
from nurture.runtime import Runtime
from nurture.store import audit
from nurture.store.audit import Wanted
from nurture.store.installation import get as installation
from nurture.store.users import User
from tests.clock import StandingClock
from tests.sinks import SmtpSink
from tests.web.conftest import SignIn, token_of
from tests.web.people import NINA, accepted, done, invited, path_of, post, user_id


def test_an_invited_person_chooses_a_name_and_a_password_and_is_in(
    sign_in: SignIn, visitor: FlaskClient, runtime: Runtime
) -> None:
    path = invited(sign_in("admin"))
    assert NINA in visitor.get(path).text
    assert accepted(visitor, path).headers["Location"] == "/"
    assert visitor.get("/leads").status_code == 200
    assert visitor.get("/settings/users").status_code == 403
    assert [action for _who, action, _what in done(runtime, "user")] == ["user.created"]


def test_an_invitation_works_once(sign_in: SignIn, visitor: FlaskClient) -> None:
    path = invited(sign_in("admin"))
    accepted(visitor, path)
    visitor.get("/sign-out")
    assert visitor.get(path).status_code == 403
    assert accepted(visitor, path).status_code == 403


def test_an_invitation_runs_out_after_seven_days_of_real_time(
    sign_in: SignIn, visitor: FlaskClient, watch: StandingClock
) -> None:
    path = invited(sign_in("admin"))
    watch.advance(days=6, hours=23)
    assert visitor.get(path).status_code == 200
    watch.advance(hours=2)
    assert visitor.get(path).status_code == 403
    assert accepted(visitor, path).status_code == 403


def test_a_new_invitation_voids_the_one_before_and_a_withdrawn_one_opens_nothing(
    sign_in: SignIn, visitor: FlaskClient, runtime: Runtime
) -> None:
    admin = sign_in("admin")
    first = invited(admin)
    again = post(admin, "/settings/users/invitations/1/again")
    second = path_of(again.text, "invitation")
    assert visitor.get(first).status_code == 403
    assert visitor.get(second).status_code == 200
    assert post(admin, "/settings/users/invitations/2/withdraw").status_code == 302
    assert visitor.get(second).status_code == 403
    assert post(admin, "/settings/users/invitations/2/again").status_code == 404


def test_a_guessed_or_a_changed_token_opens_nothing(sign_in: SignIn, visitor: FlaskClient) -> None:
    path = invited(sign_in("admin"))
    for wrong in (
        "/invitation/x",
        path[:-1] + ("a" if path[-1] != "a" else "b"),
        path.replace("invitation", "password"),
    ):
        assert visitor.get(wrong).status_code == 403
        assert "used up or too old" in visitor.get(wrong).text


def test_the_invitation_comes_by_mail_and_no_page_shows_its_link(
    sign_in: SignIn, visitor: FlaskClient, runtime: Runtime, smtp_sink: SmtpSink
) -> None:
    admin = sign_in("admin")
    answer = post(admin, "/settings/users", email=NINA, name="Nina", role="viewer")
    assert "on its way to" in answer.text
    with streams(runtime) as work:
        for stream in work:
            stream.serve(runtime.now())
    [mail] = smtp_sink.to(NINA)
    assert path_of(mail.part("plain"), "invitation") == path_of(answer.text, "invitation")
    assert "/invitation/" not in admin.get("/deliveries/1/mail").text
    with runtime.sessions() as session:
        stored = session.connection().exec_driver_sql("SELECT params::text FROM delivery").scalar_one()
    assert path_of(answer.text, "invitation").rpartition("/")[2] not in stored


def test_without_a_way_of_sending_the_link_is_handed_over_by_hand(sign_in: SignIn, runtime: Runtime) -> None:
    with runtime.sessions.begin() as session:
        installation(session).sending_stopped = True
    answer = post(sign_in("admin"), "/settings/users", email=NINA, name="", role="viewer")
    assert "No mail goes out at present" in answer.text
    with runtime.sessions() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM delivery").scalar_one() == 0


def test_what_was_typed_stays_when_an_invitation_cannot_be_made(sign_in: SignIn) -> None:
    admin = sign_in("admin")
    wrong = post(admin, "/settings/users", email="nobody at all", name="Nina", role="viewer")
    assert wrong.status_code == 422
    assert 'value="nobody at all"' in wrong.text and "This is not an e-mail address." in wrong.text
    taken = post(admin, "/settings/users", email="admin@kessler-ohm.example", name="", role="viewer")
    assert taken.status_code == 409


def test_a_new_role_ends_the_sessions_of_the_user_and_is_written_down(
    sign_in: SignIn, runtime: Runtime
) -> None:
    admin, seller = sign_in("admin"), sign_in("sales")
    assert post(admin, f"/settings/users/{user_id(runtime, 'sales')}", role="marketer").status_code == 302
    assert seller.get("/leads").status_code == 302
    with runtime.sessions() as session:
        [line] = audit.page(session, Wanted(kind="user"), before=None, limit=5)
    assert line.detail == {"role": ["sales", "marketer"]}


def test_keeping_somebody_out_says_nothing_of_their_role(sign_in: SignIn, runtime: Runtime) -> None:
    admin, seller = sign_in("admin"), sign_in("sales")
    seller_id = user_id(runtime, "sales")
    assert post(admin, f"/settings/users/{seller_id}", disabled="1").status_code == 302
    assert seller.get("/leads").status_code == 302
    assert "kept out" in admin.get("/settings/users").text
    assert post(admin, f"/settings/users/{seller_id}/reset").status_code == 409


def test_a_link_to_a_new_password_ends_every_session_and_works_once(
    sign_in: SignIn, visitor: FlaskClient, runtime: Runtime
) -> None:
    admin, seller = sign_in("admin"), sign_in("sales")
    answer = post(admin, f"/settings/users/{user_id(runtime, 'sales')}/reset")
    path = path_of(answer.text, "password")
    form = {"password": "short", "csrf_token": token_of(visitor.get(path).text)}
    assert visitor.post(path, data=form).status_code == 422
    changed = visitor.post(path, data={**form, "password": "a wholly new password"})
    assert "signed out everywhere" in changed.text
    assert seller.get("/leads").status_code == 302
    assert visitor.get("/leads").status_code == 302, "the link alone signs nobody in"
    assert visitor.post(path, data={**form, "password": "and once more again"}).status_code == 403
    tried = {"email": "sales@kessler-ohm.example", "password": "a wholly new password"}
    token = token_of(visitor.get("/sign-in").text)
    assert visitor.post("/sign-in", data={**tried, "csrf_token": token}).status_code == 302


def test_who_forgot_the_password_gets_a_link_for_an_hour(
    sign_in: SignIn, visitor: FlaskClient, runtime: Runtime, smtp_sink: SmtpSink, watch: StandingClock
) -> None:
    sign_in("viewer")
    post(visitor, "/password", email="Viewer@Kessler-Ohm.example ")
    with streams(runtime) as work:
        for stream in work:
            stream.serve(runtime.now())
    [mail] = smtp_sink.mails
    path = path_of(mail.part("plain"), "password")
    assert visitor.get(path).status_code == 200
    watch.advance(minutes=61)
    assert visitor.get(path).status_code == 403


def test_asking_for_a_new_password_tells_nothing_about_who_is_here(
    sign_in: SignIn, visitor: FlaskClient, runtime: Runtime
) -> None:
    admin = sign_in("admin")
    sign_in("sales")
    post(admin, f"/settings/users/{user_id(runtime, 'sales')}", disabled="1")
    answers = [
        post(visitor, "/password", email=email)
        for email in ("admin@kessler-ohm.example", "sales@kessler-ohm.example", "stranger@else.example")
    ]
    pages = {re.sub(r'nonce="[^"]+"|csrf_token" value="[^"]+"', "", answer.text) for answer in answers}
    assert len(pages) == 1 and {answer.status_code for answer in answers} == {200}
    with runtime.sessions() as session:
        rows = session.connection().exec_driver_sql("SELECT email FROM user_link").scalars().all()
        mails = session.connection().exec_driver_sql("SELECT address FROM delivery").scalars().all()
    assert rows == mails == ["admin@kessler-ohm.example"]


def test_asking_again_and_again_has_to_wait(sign_in: SignIn, visitor: FlaskClient) -> None:
    sign_in("viewer")
    for email in ("viewer@kessler-ohm.example", "stranger@else.example"):
        tries = [post(visitor, "/password", email=email).status_code for _ in range(6)]
        assert tries == [200] * 5 + [429]


def test_a_sign_in_and_a_failed_one_are_written_down_by_number(
    sign_in: SignIn, visitor: FlaskClient, runtime: Runtime
) -> None:
    sign_in("viewer")
    for email in ("viewer@kessler-ohm.example", "stranger@else.example"):
        post(visitor, "/sign-in", email=email, password="not the password")
    assert done(runtime, "sign_in") == [
        ("user:1", "sign_in.done", "user:1"),
        ("visitor", "sign_in.failed", "user:1"),
        ("visitor", "sign_in.failed", "user"),
    ]


def test_the_list_says_when_somebody_was_here_last(
    sign_in: SignIn, runtime: Runtime, clock: StandingClock
) -> None:
    admin = sign_in("admin")
    with runtime.sessions.begin() as session:
        session.add(
            User(email=NINA, name="Nina Berg", role="viewer", password_hash="x", created_at=clock.moment)
        )
    page = admin.get("/settings/users").text
    assert "never" in page and "just now" in page
    assert timedelta() == clock.moment - runtime.now()
