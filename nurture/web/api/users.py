"""/users and /invitations: who signs in."""

from typing import Any

from flask.typing import ResponseReturnValue

from nurture.flows import second_factor, user_links, users
from nurture.store import user_links as links
from nurture.store.user_links import UserLink
from nurture.store.users import User
from nurture.store.views import settings as views
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.users import (
    InvitationIn,
    InvitationMade,
    InvitationOut,
    LinkOut,
    SalesMails,
    UserChange,
    UserIn,
    UserOut,
)
from nurture.web.links import handed_out
from nurture.web.request import close_session, now, page_session, real_now, runtime

part = door.Part("users", "People who sign in, and invitations.")


@part.route("/users", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(UserOut))
def list_users(asked: dict[str, Any]) -> dict[str, Any]:
    """Everybody, those who are kept out too, in the order they came."""
    place = door.place_of(asked["cursor"], (door.whole,))
    rows = views.users_after(page_session(), place[0] if place else 0, asked["limit"] + 1)
    page = door.cut(rows, asked["limit"], lambda row: (row.id,))
    return {**page, "data": [_user(row) for row in page["data"]]}


@part.route("/users", methods=["POST"])
@part.arguments(UserIn)
@part.response(201, UserOut)
def create(said: dict[str, Any]) -> ResponseReturnValue:
    """Make a user with a password."""
    with runtime().sessions.begin() as session:
        user_id = users.create_user(
            session,
            said["email"],
            said["role"],
            said["password"],
            name=said["name"],
            now=now(),
            by=door.actor(),
        )
    return _one(user_id), 201


@part.route("/users/<int:user_id>", methods=["GET"])
@part.response(200, UserOut)
def one(user_id: int) -> dict[str, Any]:
    """One user."""
    return _one(user_id)


@part.route("/users/<int:user_id>", methods=["PATCH"])
@part.arguments(UserChange)
@part.response(200, UserOut)
def change(said: dict[str, Any], user_id: int) -> dict[str, Any]:
    """Change name or role, keep out or let in. The last administrator cannot be lost (409)."""
    with runtime().sessions.begin() as session:
        users.change_user(session, user_id, **said, by=door.actor(), now=now())
    return _one(user_id)


@part.route("/users/<int:user_id>", methods=["DELETE"])
@part.response(204)
def remove(user_id: int) -> None:
    """Keep a user out. The row stays, since the audit log tells of it."""
    with runtime().sessions.begin() as session:
        users.change_user(session, user_id, disabled=True, by=door.actor(), now=now())


@part.route("/users/<int:user_id>/sales_mails", methods=["PUT"])
@part.arguments(SalesMails)
@part.response(200, UserOut)
def sales_mails(said: dict[str, Any], user_id: int) -> dict[str, Any]:
    """Which mails about leads a user takes: as they come and run late, and the overview of each morning."""
    with runtime().sessions.begin() as session:
        users.change_sales_mails(
            session,
            user_id,
            notices=said.get("notices"),
            digest=said.get("digest"),
            by=door.actor(),
            now=now(),
        )
    return _one(user_id)


@part.route("/users/<int:user_id>/reset_link", methods=["POST"])
@part.response(201, LinkOut)
def reset_link(user_id: int) -> ResponseReturnValue:
    """A link to a new password, good once within 24 hours."""
    with runtime().sessions.begin() as session:
        link = user_links.make_reset(session, user_id, by=door.actor(), now=now(), real=real_now())
        fresh = handed_out(session, link)
        shown = {**vars(fresh), "expires_at": moment(link.expires_at)}
    runtime().wake("deliver")
    return shown, 201


@part.route("/users/<int:user_id>/second_factor", methods=["DELETE"])
@part.response(204)
def remove_factor(user_id: int) -> None:
    """Turn the second factor of a user off, whose phone is lost."""
    with runtime().sessions.begin() as session:
        second_factor.remove(session, user_id, by=door.actor(), now=now())


@part.route("/invitations", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(InvitationOut))
def list_invitations(asked: dict[str, Any]) -> dict[str, Any]:
    """Invitations that wait, newest first; those that are too old, too."""
    place = door.place_of(asked["cursor"], (door.whole,))
    waiting = [row for row in links.invitations(page_session()) if place is None or row.id < place[0]]
    page = door.cut(waiting, asked["limit"], lambda row: (row.id,))
    return {**page, "data": [_invitation(row) for row in page["data"]]}


@part.route("/invitations", methods=["POST"])
@part.arguments(InvitationIn)
@part.response(201, InvitationMade)
def invite(said: dict[str, Any]) -> ResponseReturnValue:
    """Invite somebody. The link is in this answer, and in a mail where mails go out."""
    with runtime().sessions.begin() as session:
        link = user_links.invite(
            session, said["email"], said["name"], said["role"], by=door.actor(), now=now(), real=real_now()
        )
        fresh = handed_out(session, link)
        shown = {**_invitation(link), "url": fresh.url, "sent": fresh.sent}
    runtime().wake("deliver")
    return shown, 201


@part.route("/invitations/<int:invitation_id>/again", methods=["POST"])
@part.response(201, InvitationMade)
def invite_again(invitation_id: int) -> ResponseReturnValue:
    """Another link for the same invitation; the one before opens nothing any more."""
    with runtime().sessions.begin() as session:
        link = user_links.invite_again(session, invitation_id, by=door.actor(), now=now(), real=real_now())
        fresh = handed_out(session, link)
        shown = {**_invitation(link), "url": fresh.url, "sent": fresh.sent}
    runtime().wake("deliver")
    return shown, 201


@part.route("/invitations/<int:invitation_id>", methods=["DELETE"])
@part.response(204)
def withdraw(invitation_id: int) -> None:
    """Take an invitation back: its link opens nothing any more."""
    with runtime().sessions.begin() as session:
        user_links.withdraw(session, invitation_id, by=door.actor(), now=now(), real=real_now())


def _one(user_id: int) -> dict[str, Any]:
    close_session()
    return _user(users.one(page_session(), user_id))


def _user(row: User) -> dict[str, Any]:
    return {
        "id": row.id,
        "email": row.email,
        "name": row.name,
        "role": row.role,
        "second_factor": row.totp_sealed is not None,
        "sales_mails": users.sales_mails_of(row),
        "created_at": moment(row.created_at),
        "last_sign_in_at": moment(row.last_seen_at),
        "disabled_at": moment(row.disabled_at),
    }


def _invitation(row: UserLink) -> dict[str, Any]:
    return {
        "id": row.id,
        "email": row.email,
        "name": row.name,
        "role": row.role,
        "made_at": moment(row.made_at),
        "expires_at": moment(row.expires_at),
    }
