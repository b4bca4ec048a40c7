"""A mail read in the browser, by the signed link inside it, and what its link for scanners says of itself."""

from flask import Blueprint, make_response, render_template
from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import letters
from nurture.rules.tokens import read
from nurture.rules.words import _
from nurture.store.views import public
from nurture.web.request import page_session, runtime
from nurture.web.security import READING_POLICY

pages = Blueprint("letters", __name__)


@pages.get("/v/<token>")
def view(token: str) -> ResponseReturnValue:
    """The mail as sent, its links tracked as in the mail, no pixel."""
    ids = read(runtime().ring, "view", token, 1)
    base = runtime().settings.base_url
    html = letters.view(page_session(), runtime().ring, base, ids[0]) if ids else None
    if html is None:
        raise NotFound(_("This mail is no longer kept, or the link is not complete."))
    answer = make_response(html)
    answer.headers["Content-Security-Policy"] = READING_POLICY
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@pages.get("/unseen/<token>")
def unseen(token: str) -> ResponseReturnValue:
    """Where the link of a mail leads that nobody sees: what it is for, and the way to the mail."""
    if read(runtime().ring, "view", token, 1) is None:
        raise NotFound(_("This mail is no longer kept, or the link is not complete."))
    house = public.house(page_session())
    answer = make_response(render_template("public/unseen.html", token=token, house=house))
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer
