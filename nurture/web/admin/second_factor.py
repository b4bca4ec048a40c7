"""The second factor of one's own account: set up, recovery codes, off."""

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from nurture.errors import Invalid
from nurture.flows import second_factor
from nurture.rules.words import _
from nurture.store.views import settings as views
from nurture.web import access
from nurture.web.limits import failed, limiter, signed_in_user
from nurture.web.request import close_session, now, page_session, page_shell, real_now, runtime, signed_in

pages = Blueprint("second_factor", __name__, url_prefix="/account/second-factor")
_FEW_TRIES = limiter.shared_limit(
    "10 per 5 minutes", scope="second-factor", key_func=signed_in_user, deduct_when=failed
)


@pages.get("")
def index() -> ResponseReturnValue:
    return _page({})


@pages.post("/begin")
def begin() -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        second_factor.begin(session, runtime().vault, signed_in().id)
    return redirect(url_for("second_factor.index"))


@pages.post("/confirm")
@_FEW_TRIES
def confirm() -> ResponseReturnValue:
    """On, by the first code of the phone; the recovery codes stand in this one answer."""
    code = request.form.get("code", "")
    try:
        with runtime().sessions.begin() as session:
            fresh = second_factor.confirm(
                session, runtime().vault, signed_in().id, code, now=now(), real=real_now()
            )
    except Invalid as refusal:
        return _page(refusal.errors), 422
    access.remember(fresh.person.user_id, fresh.person.epoch)
    return render_template("admin/account/recovery_codes.html", codes=fresh.codes, first=True)


@pages.post("/codes")
@_FEW_TRIES
def new_codes() -> ResponseReturnValue:
    """Ten new recovery codes; the old ones are void."""
    code = request.form.get("code", "")
    with runtime().sessions.begin() as session:
        fresh = second_factor.new_codes(
            session, runtime().vault, signed_in().id, code, now=now(), real=real_now()
        )
    if fresh is None:
        return _page(
            {"codes": [_("This is not the code that the phone shows now. Each code works once.")]}
        ), 422
    access.remember(fresh.person.user_id, fresh.person.epoch)
    return render_template("admin/account/recovery_codes.html", codes=fresh.codes, first=False)


@pages.post("/off")
@_FEW_TRIES
def turn_off() -> ResponseReturnValue:
    password, code = request.form.get("password", ""), request.form.get("code", "")
    with runtime().sessions.begin() as session:
        person = second_factor.turn_off(
            session, runtime().vault, signed_in().id, password, code, now=now(), real=real_now()
        )
    if person is None:
        return _page({"off": [_("Password and code do not both fit. Each code works once.")]}), 422
    access.remember(person.user_id, person.epoch)
    flash(_("The second factor is off. You are signed out everywhere else."))
    return redirect(url_for("second_factor.index"))


def _page(errors: dict[str, list[str]]) -> str:
    close_session()
    session, person = page_session(), signed_in()
    begun = second_factor.beginning(session, runtime().vault, person.id, page_shell().company_name)
    return render_template(
        "admin/account/second_factor.html",
        begun=begun,
        qr=_qr(begun.uri) if begun else "",
        codes_left=views.recovery_codes_left(session, person.id),
        errors=errors,
    )


def _qr(uri: str) -> Markup:
    """Dark on light in either theme: cameras want it so."""
    drawn = segno.make(uri, error="m").svg_inline(omitsize=True, border=3, dark="#15201c", light="#fff")
    return Markup(drawn)
