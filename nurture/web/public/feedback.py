"""What a guest thought of an event: a signed link in a mail. Looking at it changes nothing."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid, NotFound
from nurture.flows.ask_guests import guest_of
from nurture.flows.guests import give_feedback
from nurture.rules.words import _
from nurture.store import guests
from nurture.store.events import Event
from nurture.store.views import public
from nurture.web import language
from nurture.web.limits import limiter, link
from nurture.web.query import number
from nurture.web.request import close_session, now, page_session, runtime
from nurture.web.security import without_csrf

pages = Blueprint("feedback", __name__)


@pages.get("/e/<token>")
def page(token: str) -> ResponseReturnValue:
    """The stars; the one that was clicked in the mail is chosen, and still has to be sent."""
    return _page(token, {}, rating=number("rating"))


@pages.post("/e/<token>")
@without_csrf
@limiter.limit("60 per hour", key_func=link)
def give(token: str) -> ResponseReturnValue:
    event_id, lead_id = _guest(token)
    form = request.form
    stars = form.get("rating", "")
    rating = int(stars) if stars.isascii() and stars.isdigit() and len(stars) < 3 else 0
    close_session()
    try:
        with runtime().sessions.begin() as session:
            give_feedback(session, event_id, lead_id, rating, form.get("words", ""), now=now())
    except Invalid as refusal:
        return _page(token, refusal.errors, rating=rating, words=form.get("words", "")), 422
    runtime().wake("signals")
    return _page(token, {}, rating=rating, done=True)


def _guest(token: str) -> tuple[int, ...]:
    found = guest_of(runtime().ring, token)
    if found is None:
        raise NotFound(_("This link is not complete."))
    return found


def _page(
    token: str, errors: dict[str, list[str]], *, rating: int | None, words: str = "", done: bool = False
) -> str:
    event_id, lead_id = _guest(token)
    session = page_session()
    event, guest = session.get(Event, event_id), guests.one(session, event_id, lead_id)
    if event is None or guest is None or guest.state != "attended":
        raise NotFound(_("This link is not complete, or we no longer keep anything about you."))
    language.serve_lead(guest.language)
    return render_template(
        "public/feedback.html",
        house=public.house(session),
        event=event,
        rating=rating if rating in range(1, 6) else guest.rating,
        words=words or guest.words,
        errors=errors,
        done=done,
    )
