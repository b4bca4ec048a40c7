"""Rooms of the walk: users, one's own account, coming in."""

import re

from pyotp import TOTP

from nurture.flows.setup import offer_setup
from nurture.rules.tokens import mint
from tests.clock import StandingClock
from tests.conftest import TUESDAY
from tests.web.audit_walk import Walk
from tests.web.conftest import PASSWORD, SignIn, token_of
from tests.web.people import NINA, path_of


def users(walk: Walk) -> None:
    walk.page("invitation.made", "/settings/users", email=NINA, name="", role="viewer")
    again = walk.page("invitation.made", "/settings/users/invitations/1/again")
    nina = walk.app.test_client()
    path = path_of(again.text, "invitation")
    walk.page("user.created", path, nina, name="Nina", password=PASSWORD)
    number = walk.sql("SELECT max(id) FROM user_account")
    walk.page("user.changed", f"/settings/users/{number}", role="sales")
    walk.page("user.reset_link_made", f"/settings/users/{number}/reset")
    walk.page("invitation.made", "/settings/users", email="otto@kessler-ohm.example", name="", role="viewer")
    waiting = walk.sql("SELECT max(id) FROM user_link WHERE kind = 'invite'")
    walk.page("invitation.withdrawn", f"/settings/users/invitations/{waiting}/withdraw")
    _with_factor(walk, number)
    walk.page("second_factor.off", f"/settings/users/{number}/second-factor")
    _with_factor(walk, 1)
    walk.page("installation.changed", "/settings/users/second-factor", required="1")
    walk.sql("UPDATE installation SET admins_need_totp = false")
    walk.sql("UPDATE user_account SET totp_sealed = NULL")


def users_by_the_api(walk: Walk) -> None:
    made = walk.call(
        "invitation.made", "POST", "/invitations", json={"email": "ida@x.example", "role": "viewer"}
    )
    again = walk.call("invitation.made", "POST", f"/invitations/{made.json['id']}/again")
    walk.call("invitation.withdrawn", "DELETE", f"/invitations/{again.json['id']}")
    ida = {"email": "ida@x.example", "role": "viewer", "password": PASSWORD}
    place = f"/users/{walk.call('user.created', 'POST', '/users', json=ida).json['id']}"
    walk.call("user.changed", "PATCH", place, json={"role": "sales"})
    walk.call("user.changed", "PUT", f"{place}/sales_mails", json={"digest": False})
    walk.call("user.reset_link_made", "POST", f"{place}/reset_link")
    _with_factor(walk, int(place.rpartition("/")[2]))
    walk.call("second_factor.off", "DELETE", f"{place}/second_factor")
    walk.call("user.changed", "DELETE", place)


def _with_factor(walk: Walk, user_id: int) -> None:
    sealed = walk.runtime.vault.seal("JBSWY3DPEHPK3PXP")
    walk.sql(
        f"UPDATE user_account SET totp_sealed = '{sealed}', totp_since = '{TUESDAY}' WHERE id = {user_id}"
    )


def own_account(walk: Walk, sign_in: SignIn, watch: StandingClock) -> None:
    client = sign_in("marketer")
    new = "another long password"
    walk.page("user.password_changed", "/account/password", client, old=PASSWORD, new=new)
    client.post("/account/second-factor/begin", data={"csrf_token": token_of(client.get("/account").text)})
    found = re.search(r'<code class="key">([A-Z2-7]{32})</code>', client.get("/account/second-factor").text)
    assert found
    totp = TOTP(found[1])
    walk.page("second_factor.on", "/account/second-factor/confirm", client, code=totp.at(watch.moment))
    watch.advance(minutes=1)
    walk.page(
        "second_factor.codes_renewed", "/account/second-factor/codes", client, code=totp.at(watch.moment)
    )
    watch.advance(minutes=1)
    visitor = walk.app.test_client()
    form = {"email": "marketer@kessler-ohm.example", "password": new}
    visitor.post("/sign-in", data={**form, "csrf_token": token_of(visitor.get("/sign-in").text)})
    walk.page("sign_in.done", "/sign-in/code", visitor, code=totp.at(watch.moment))
    watch.advance(minutes=1)
    code = totp.at(watch.moment)
    walk.page("second_factor.off", "/account/second-factor/off", client, password=new, code=code)
    walk.page("sign_in.done", "/sign-in", walk.app.test_client(), **form)


def coming_in(walk: Walk) -> None:
    visitor = walk.app.test_client()
    walk.page("user.reset_link_asked", "/password", visitor, email="marketer@kessler-ohm.example")
    link = walk.sql("SELECT max(id) FROM user_link WHERE kind = 'reset' AND ended_at IS NULL")
    path = f"/password/{mint(walk.runtime.ring, 'reset', link)}"
    walk.page("user.password_changed", path, visitor, password="once more a password")
    for table in ("recovery_code", "user_link", "idempotency_key", "api_key", "sales_member"):
        walk.sql(f"DELETE FROM {table}")
    walk.sql("UPDATE lead SET owner_id = NULL")
    walk.sql("UPDATE handoff SET owner_id = NULL")
    walk.sql("DELETE FROM user_account")
    with walk.runtime.sessions.begin() as session:
        token = offer_setup(session)
    assert token
    company = {"company_name": "K", "postal_address": "S 1", "timezone": "Europe/Berlin", "sender_name": "M"}
    admin = {
        "name": "Mira",
        "email": "mira@k.example",
        "sender_email": "mira@k.example",
        "password": PASSWORD,
    }
    walk.page("installation.set_up", "/setup", visitor, token=token, language="en", **company, **admin)
