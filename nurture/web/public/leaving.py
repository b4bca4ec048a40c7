"""Unsubscribing: a page that changes nothing when looked at, and the one click of RFC 8058.

The POST needs no session, no cookie and no CSRF token: the signed token in the address is the
permission. Unknown tokens get the same answer as known ones, so that nothing can be learnt by trying.
"""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from nurture.errors import Refusal
from nurture.flows.leave_everything import leave_everything
from nurture.flows.unsubscribe import unsubscribe as leave
from nurture.rules.tokens import mint, read
from nurture.rules.words import _
from nurture.store.views import public
from nurture.store.views.public import Reader
from nurture.web import language
from nurture.web.public.evidence import evidence
from nurture.web.request import close_session, now, page_session, runtime
from nurture.web.security import without_csrf

pages = Blueprint("leaving", __name__)
ONE_CLICK = "One-Click"


@pages.get("/u/<token>")
def page(token: str) -> ResponseReturnValue:
    """Whose mails these are, and a button. Scanners follow this link; nothing happens by it."""
    return _show(token, _reader(token), left="")


@pages.post("/u/<token>")
@without_csrf
def unsubscribe(token: str) -> ResponseReturnValue:
    """At once, for this purpose or for everything; again is harmless."""
    form = request.form
    by_mail_program = form.get("List-Unsubscribe") == ONE_CLICK
    wanted = "this" if by_mail_program else form.get("leave", "")
    if wanted not in ("this", "all"):
        raise Refusal(_("This request does not say what to unsubscribe from."))
    reader = _reader(token)
    close_session()
    if reader:
        _leave(reader, wanted == "this", "one_click" if by_mail_program else "page")
    return _show(token, reader, left=wanted)


def _leave(reader: Reader, this_alone: bool, how: str) -> None:
    mail = reader.delivery_id if reader.purpose else None
    with runtime().sessions.begin() as session:
        if this_alone and reader.purpose:
            leave(
                session,
                reader.lead_id,
                reader.purpose,
                how=how,
                proof=evidence(),
                now=now(),
                delivery_id=mail,
            )
        else:
            leave_everything(
                session,
                reader.lead_id,
                how=how,
                proof=evidence(),
                pepper=runtime().pepper,
                now=now(),
                delivery_id=mail,
            )


def _reader(token: str) -> Reader | None:
    ids = read(runtime().ring, "unsubscribe", token, 2)
    reader = public.reader(page_session(), *ids) if ids else None
    language.serve_lead(reader.language if reader else None)
    return reader


def _show(token: str, reader: Reader | None, *, left: str) -> str:
    choices = mint(runtime().ring, "preferences", reader.lead_id, reader.delivery_id) if reader else ""
    house = public.house(page_session())
    return render_template(
        "public/unsubscribe.html", token=token, reader=reader, house=house, left=left, choices=choices
    )
