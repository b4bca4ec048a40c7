"""A mail read in the browser, by the signed link inside it."""

from flask import Blueprint, make_response
from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import letters
from nurture.rules.tokens import read
from nurture.rules.words import _
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
