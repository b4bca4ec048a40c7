"""Settings: who signs in. People come by a link, which is shown once, and sent where mail goes out."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid
from nurture.flows import second_factor, user_links, users
from nurture.rules.words import _
from nurture.store import installation
from nurture.store.user_links import invitations
from nurture.store.views import settings as views
from nurture.web.links import FreshLink, handed_out
from nurture.web.request import close_session, now, page_session, real_now, runtime, signed_in

pages = Blueprint("users", __name__, url_prefix="/settings/users")


@pages.get("")
def index() -> ResponseReturnValue:
    return _page({}, {})


@pages.post("")
def invite() -> ResponseReturnValue:
    """The link stands in this one answer and is never shown again."""
    form = request.form
    said = (form.get("email", ""), form.get("name", ""), form.get("role", ""))
    try:
        with runtime().sessions.begin() as session:
            link = user_links.invite(session, *said, by=signed_in().actor, now=now(), real=real_now())
            fresh = handed_out(session, link)
    except Invalid as refusal:
        return _page(dict(form), refusal.errors), 422
    except Conflict as refusal:
        return _page(dict(form), {"email": [str(refusal)]}), 409
    runtime().wake("deliver")
    return _page({}, {}, fresh), 201


@pages.post("/invitations/<int:link_id>/again")
def link_again(link_id: int) -> ResponseReturnValue:
    """Another link for the same invitation; the one before opens nothing any more."""
    with runtime().sessions.begin() as session:
        link = user_links.invite_again(session, link_id, by=signed_in().actor, now=now(), real=real_now())
        fresh = handed_out(session, link)
    runtime().wake("deliver")
    return _page({}, {}, fresh), 201


@pages.post("/invitations/<int:link_id>/withdraw")
def withdraw(link_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        user_links.withdraw(session, link_id, by=signed_in().actor, now=now(), real=real_now())
    flash(_("The invitation is withdrawn: its link opens nothing any more."))
    return redirect(url_for("users.index"))


@pages.get("/<int:user_id>")
def one(user_id: int) -> ResponseReturnValue:
    return _one(user_id)


@pages.post("/<int:user_id>")
def change(user_id: int) -> ResponseReturnValue:
    form = request.form
    disabled = form.get("disabled")
    try:
        with runtime().sessions.begin() as session:
            users.change_user(
                session,
                user_id,
                role=form.get("role"),
                name=form.get("name"),
                disabled=None if disabled is None else disabled == "1",
                by=signed_in().actor,
                now=now(),
            )
    except Invalid as refusal:
        return _one(user_id, answers=dict(form), errors=refusal.errors), 422
    flash(_("Saved."))
    return redirect(url_for("users.one", user_id=user_id))


@pages.post("/<int:user_id>/reset")
def reset_link(user_id: int) -> ResponseReturnValue:
    """A link to a new password; it stands in this one answer."""
    with runtime().sessions.begin() as session:
        link = user_links.make_reset(session, user_id, by=signed_in().actor, now=now(), real=real_now())
        fresh = handed_out(session, link)
    runtime().wake("deliver")
    return _one(user_id, fresh), 201


@pages.post("/<int:user_id>/second-factor")
def remove_factor(user_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        second_factor.remove(session, user_id, by=signed_in().actor, now=now())
    flash(_("The second factor is off: the password alone lets this user in until it is set up again."))
    return redirect(url_for("users.one", user_id=user_id))


@pages.post("/second-factor")
def require_factor() -> ResponseReturnValue:
    required = request.form.get("required") == "1"
    if required and not signed_in().has_totp:
        raise Conflict(_("Set up your own second factor first: you would lock yourself out."))
    with runtime().sessions.begin() as session:
        users.require_second_factor(session, required=required, by=signed_in().actor, now=now())
    flash(_("Saved."))
    return redirect(url_for("users.index"))


def _page(answers: dict[str, str], errors: dict[str, list[str]], fresh: FreshLink | None = None) -> str:
    close_session()
    session = page_session()
    return render_template(
        "admin/settings/users.html",
        users=views.users(session),
        invitations=[(link, link.expires_at - real_now()) for link in invitations(session)],
        required=installation.get(session).admins_need_totp,
        answers=answers,
        errors=errors,
        fresh=fresh,
    )


def _one(
    user_id: int,
    fresh: FreshLink | None = None,
    answers: dict[str, str] | None = None,
    errors: dict[str, list[str]] | None = None,
) -> str:
    close_session()
    user = users.one(page_session(), user_id)
    return render_template(
        "admin/settings/user.html",
        user=user,
        codes_left=views.recovery_codes_left(page_session(), user_id),
        fresh=fresh,
        answers=answers or {"name": user.name, "role": user.role},
        errors=errors or {},
    )
