"""Whoever asks is known by their session, and every request is checked against the table of addresses."""

from flask import Flask, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Forbidden
from nurture.rules.words import _
from nurture.store.views import shell
from nurture.store.views.shell import Viewer
from nurture.web import fresh, language
from nurture.web.access_table import ACCESS, ADMINS, PUBLIC
from nurture.web.request import close_session, keep_viewer, page_session, viewer

# Where an administrator may go who has to set up the second factor first.
_BEFORE_THE_FACTOR = ("second_factor.", "confirm.", "account.")


def install(app: Flask) -> None:
    """Check every request against the table."""
    app.before_request(_check)


def check_table(app: Flask) -> None:
    """Raise when an address of the pages has no entry, or an entry no address."""
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if not rule.endpoint.startswith("api")}
    if pages != set(ACCESS):
        raise LookupError(f"web/access_table.py and the addresses differ: {sorted(pages ^ set(ACCESS))}")
    fresh.check_table(app, {endpoint for endpoint, roles in ACCESS.items() if roles is ADMINS})


def may(endpoint: str) -> bool:
    """Whether the person of this request may open `endpoint`: pages show only what one may do."""
    person = viewer()
    return ACCESS[endpoint] is PUBLIC or (person is not None and person.role in ACCESS[endpoint])


def remember(user_id: int, epoch: int) -> None:
    """Begin a new session for this user; nothing of the one before is kept."""
    session.clear()
    session["user"], session["epoch"] = user_id, epoch
    session.permanent = True
    fresh.remember()


def _check() -> ResponseReturnValue | None:
    endpoint = request.endpoint
    allowed = ACCESS.get(endpoint or "")
    if endpoint is None or endpoint.startswith("api") or allowed is PUBLIC:
        return None
    person = _load_viewer()
    if person is None:
        return _to_sign_in()
    if allowed is None or person.role not in allowed:
        raise Forbidden(_("Your role does not include this. Ask an administrator if you need it."))
    if person.must_add_totp and not endpoint.startswith(_BEFORE_THE_FACTOR):
        return _to("second_factor.index")
    if asked := fresh.ask(endpoint):
        return asked
    if request.method not in ("GET", "HEAD"):
        close_session()
    return None


def _load_viewer() -> Viewer | None:
    user_id, epoch = session.get("user"), session.get("epoch")
    if not isinstance(user_id, int) or not isinstance(epoch, int):
        return None
    person = keep_viewer(shell.person(page_session(), user_id, epoch))
    if person:
        language.serve_user(person.language)
    return person


def _to(endpoint: str) -> ResponseReturnValue:
    if request.headers.get("HX-Request"):
        return "", 204, {"HX-Redirect": url_for(endpoint)}
    return redirect(url_for(endpoint))


def _to_sign_in() -> ResponseReturnValue:
    if request.headers.get("HX-Request"):
        return _to("sessions.sign_in")
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("sessions.sign_in", next=None if wanted in (None, "/") else wanted))
