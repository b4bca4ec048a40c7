"""The link in the mail that asks if it was they: a button, because scanners follow links.

Two kinds of it: of a form that was sent, and of a single consent that was asked for.
"""

from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import preferences
from nurture.flows.confirm_sign_up import TOO_LATE, confirm_sign_up
from nurture.flows.letters import SIGN_UP
from nurture.rules.tokens import read
from nurture.rules.words import _
from nurture.store.views import public
from nurture.store.views.public import Asked, SignedUp
from nurture.web import language
from nurture.web.limits import limiter, link
from nurture.web.public.evidence import evidence
from nurture.web.request import close_session, now, page_session, runtime
from nurture.web.security import without_csrf
from nurture.web.wording import says

pages = Blueprint("confirming", __name__)


@pages.get("/confirm/<token>")
def page(token: str) -> ResponseReturnValue:
    """Who asked for what, and the button. Looking changes nothing."""
    submission = _submission(token)
    if submission is not None:
        waits = _signed_up(submission)
        return _page(waits.email, list(waits.wordings), done=waits.confirmed)
    lead_id, consent_id = _question(token)
    asked = _asked(lead_id, consent_id)
    if asked is None:
        raise NotFound(_("There is nothing to confirm here."))
    return _page(asked.email, [says(asked.purpose, "purpose")], done=False)


@pages.post("/confirm/<token>")
@without_csrf
@limiter.limit("60 per hour", key_func=link)
def confirm(token: str) -> ResponseReturnValue:
    """It was they; pressed again it is as it was."""
    submission = _submission(token)
    close_session()
    late = False
    with runtime().sessions.begin() as session:
        if submission is not None:
            done = confirm_sign_up(
                session,
                submission,
                proof=evidence(),
                pepper=runtime().pepper,
                base_url=runtime().settings.base_url,
                now=now(),
            )
            late = done == TOO_LATE
        else:
            lead_id, consent_id = _question(token)
            preferences.confirm(session, lead_id, consent_id, proof=evidence(), now=now())
    runtime().wake("advance")
    if submission is not None:
        _signed_up(submission)
    else:
        _asked(*_question(token))
    return _page(None, [], done=not late, late=late)


def _page(email: str | None, asked_for: list[str], *, done: bool, late: bool = False) -> str:
    house = public.house(page_session())
    said: dict[str, Any] = {"email": email, "asked_for": asked_for, "done": done, "late": late}
    return render_template("public/confirm.html", house=house, **said)


def _signed_up(submission_id: int) -> SignedUp:
    found = public.signed_up(page_session(), submission_id)
    if found is None:
        raise NotFound(_("There is nothing to confirm here."))
    language.serve_lead(found.spec.get("language"))
    return found


def _asked(lead_id: int, consent_id: int) -> Asked | None:
    asked = public.pending(page_session(), lead_id, consent_id)
    language.serve_lead(asked.language if asked else None)
    return asked


def _submission(token: str) -> int | None:
    ids = read(runtime().ring, SIGN_UP, token, 1)
    return ids[0] if ids else None


def _question(token: str) -> tuple[int, ...]:
    ids = read(runtime().ring, "confirm", token, 2)
    if ids is None:
        raise NotFound(_("This link is not complete."))
    return ids
