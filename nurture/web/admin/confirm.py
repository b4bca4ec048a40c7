"""Asking once more who is there, before what opens doors: see web/fresh."""

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from nurture.flows import second_factor, users
from nurture.rules.words import _
from nurture.web import fresh
from nurture.web.limits import failed, limiter, signed_in_user
from nurture.web.places import inside
from nurture.web.request import now, real_now, runtime, signed_in

pages = Blueprint("confirm", __name__)
_OWN = ("csrf_token", "fresh_to", "fresh_back", "fresh_method", "fresh_password", "fresh_code")


@pages.get("/account/confirm")
def page() -> ResponseReturnValue:
    to, back = inside(request.args.get("to", "")), inside(request.args.get("back", ""))
    return fresh.form(to=to, back=back, method="GET", held=[])


@pages.post("/account/confirm")
@limiter.limit("10 per 5 minutes", key_func=signed_in_user, deduct_when=failed)
def confirm() -> ResponseReturnValue:
    """With the right password on to where the person was going: 307 sends what was typed along with it."""
    form = request.form
    method, to = form.get("fresh_method", "GET"), inside(form.get("fresh_to", ""))
    errors = _faults(form.get("fresh_password", ""), form.get("fresh_code", ""))
    if errors:
        held = [(name, value) for name, value in form.items(multi=True) if name not in _OWN]
        back = inside(form.get("fresh_back", ""))
        return fresh.form(to=to, back=back, method=method, held=held, errors=errors), 422
    fresh.remember()
    return redirect(to, code=307 if method == "POST" else 303)


def _faults(password: str, code: str) -> dict[str, list[str]]:
    person = signed_in()
    with runtime().sessions.begin() as session:
        if not users.is_password(session, person.id, password, now=now()):
            return {"fresh_password": [_("This is not your password.")]}
        right = second_factor.check(session, runtime().vault, person.id, code, now=now(), real=real_now())
    return {} if right else {"fresh_code": [_("This is not the code that the phone shows now.")]}
