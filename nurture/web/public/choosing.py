"""Preferences and confirmation: the lead says what to be written about."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import preferences
from nurture.rules.tokens import mint, read
from nurture.rules.words import _
from nurture.store import consents, restraint
from nurture.store.views import public
from nurture.store.views.public import Asked, Reader
from nurture.web import language
from nurture.web.limits import limiter, link
from nurture.web.public.evidence import evidence
from nurture.web.request import close_session, now, page_session, runtime
from nurture.web.security import without_csrf
from nurture.web.wording import says

pages = Blueprint("choosing", __name__)
# Each choice is kept with its proof: more of them an hour than anybody means.
_OFTEN = "60 per hour"


@pages.get("/p/<token>")
def page(token: str) -> ResponseReturnValue:
    return _choices(_reader(token), saved=False)


@pages.post("/p/<token>")
@without_csrf
@limiter.limit(_OFTEN, key_func=link)
def save(token: str) -> ResponseReturnValue:
    """Takes effect at once; what is not ticked is withdrawn, and a pause begins or ends if one is chosen."""
    reader, months = _reader(token), request.form.get("months", "")
    wanted = {purpose: says(purpose, "purpose") for purpose in request.form.getlist("purpose")}
    close_session()
    with runtime().sessions.begin() as session:
        preferences.choose(
            session,
            reader.lead_id,
            wanted,
            delivery_id=reader.delivery_id if reader.purpose else None,
            proof=evidence(),
            now=now(),
        )
        if months:
            preferences.pause(session, reader.lead_id, int(months) if months.isdecimal() else -1, now=now())
    runtime().wake("advance")
    return _choices(_reader(token), saved=True)


@pages.get("/confirm/<token>")
def confirm_page(token: str) -> ResponseReturnValue:
    """A button, because scanners follow links."""
    asked = _asked(*_question(token))
    if asked is None:
        raise NotFound(_("There is nothing to confirm here."))
    return render_template(
        "public/confirm.html",
        house=public.house(page_session()),
        email=asked.email,
        purpose=asked.purpose,
        done=False,
    )


@pages.post("/confirm/<token>")
@without_csrf
@limiter.limit(_OFTEN, key_func=link)
def confirm(token: str) -> ResponseReturnValue:
    lead_id, consent_id = _question(token)
    with runtime().sessions.begin() as session:
        preferences.confirm(session, lead_id, consent_id, proof=evidence(), now=now())
    runtime().wake("advance")
    asked = _asked(lead_id, consent_id)
    purpose, email = (asked.purpose, asked.email) if asked else ("", None)
    return render_template(
        "public/confirm.html", house=public.house(page_session()), email=email, purpose=purpose, done=True
    )


def _reader(token: str) -> Reader:
    ids = read(runtime().ring, "preferences", token, 2)
    reader = public.reader(page_session(), *ids) if ids else None
    if reader is None:
        raise NotFound(_("This link is not complete, or we no longer keep anything about you."))
    language.serve_lead(reader.language)
    return reader


def _asked(lead_id: int, consent_id: int) -> Asked | None:
    asked = public.pending(page_session(), lead_id, consent_id)
    language.serve_lead(asked.language if asked else None)
    return asked


def _choices(reader: Reader, *, saved: bool) -> str:
    session = page_session()
    return render_template(
        "public/preferences.html",
        reader=reader,
        house=public.house(session),
        purposes=consents.purposes_for(session, reader.lead_id),
        paused_until=restraint.pauses(session, [reader.lead_id], now=now()).get(reader.lead_id),
        leaving=mint(runtime().ring, "unsubscribe", reader.lead_id, reader.delivery_id),
        saved=saved,
    )


def _question(token: str) -> tuple[int, ...]:
    ids = read(runtime().ring, "confirm", token, 2)
    if ids is None:
        raise NotFound(_("This link is not complete."))
    return ids
