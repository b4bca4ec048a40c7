"""Preferences: the lead says what to be written about."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import preferences
from nurture.rules.tokens import mint, read
from nurture.rules.whole import whole
from nurture.rules.words import _
from nurture.store import consents, restraint
from nurture.store.views import public
from nurture.store.views.public import Reader
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
            span = whole(months)
            preferences.pause(session, reader.lead_id, -1 if span is None else span, now=now())
    runtime().wake("advance")
    return _choices(_reader(token), saved=True)


def _reader(token: str) -> Reader:
    ids = read(runtime().ring, "preferences", token, 2)
    reader = public.reader(page_session(), *ids) if ids else None
    if reader is None:
        raise NotFound(_("This link is not complete, or we no longer keep anything about you."))
    language.serve_lead(reader.language)
    return reader


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
