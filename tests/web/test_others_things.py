"""What belongs to one person is not another's, whatever number the other types."""

from nurture.runtime import Runtime
from nurture.store.users import User
from tests.web.conftest import PASSWORD, SignIn
from tests.web.people import post, user_id


def test_a_view_that_is_not_shared_is_neither_opened_nor_changed_nor_deleted_by_another(
    sign_in: SignIn,
) -> None:
    mine, other = sign_in("sales"), sign_in("viewer")
    post(mine, "/leads/views?tag=secret-plan", name="Only mine")
    answer = other.get("/leads?view=1")
    assert "secret-plan" not in answer.headers.get("Location", "") + answer.text
    for form in ({"name": "Yours"}, {"do": "remove"}, {"do": "default"}):
        assert post(other, "/leads/views/1", **form).status_code in (403, 404)
    assert mine.get("/leads?view=1").headers["Location"] == "/leads?tag=secret-plan&view=1"


def test_ones_own_account_is_the_only_one_that_can_be_changed_there(
    sign_in: SignIn, runtime: Runtime
) -> None:
    sign_in("admin")
    viewer = sign_in("viewer")
    admin_id = str(user_id(runtime, "admin"))
    theirs = {"user_id": admin_id, "id": admin_id, "email": "admin@kessler-ohm.example"}
    assert (
        post(viewer, "/account/password", old=PASSWORD, new="a wholly new password", **theirs).status_code
        == 302
    )
    assert post(viewer, "/account/second-factor/begin", **theirs).status_code == 302
    assert post(viewer, "/account/theme", theme="dark", **theirs).status_code == 303
    with runtime.sessions() as session:
        admin = session.get_one(User, int(admin_id))
    assert (admin.session_epoch, admin.totp_pending, admin.preferences) == (0, None, {})


def test_nobody_but_an_administrator_makes_links_keys_or_users(sign_in: SignIn, runtime: Runtime) -> None:
    sign_in("admin")
    for role in ("marketer", "sales", "viewer"):
        client, admin_id = sign_in(role), user_id(runtime, "admin")
        for address in (f"/settings/users/{admin_id}/reset", "/settings/users", "/settings/keys"):
            assert post(client, address, role="admin", email="x@y.example", name="x").status_code == 403
    with runtime.sessions() as session:
        made = session.connection().exec_driver_sql("SELECT count(*) FROM user_link").scalar_one()
    assert made == 0
