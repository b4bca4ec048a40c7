"""Every refusal becomes one clear sentence where the person looks."""

import traceback
import uuid
from typing import Any

import structlog
from flask import Flask, Response, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from nurture.errors import Conflict, FileFault, Forbidden, Invalid, NotFound, Refusal, Unavailable
from nurture.rules.words import _
from nurture.store.views.reading import AWAY, REFUSED_BY_TABLE, is_clash

log = structlog.get_logger()

_STATUS: tuple[tuple[type[Refusal], int], ...] = (
    (NotFound, 404),
    (Forbidden, 403),
    (Conflict, 409),
    (Invalid, 422),
    (FileFault, 422),
    (Unavailable, 503),
)


def install(app: Flask) -> None:
    """Answer every fault with a page, or with JSON where JSON was asked for."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _broken)
    for away in AWAY:
        app.register_error_handler(away, _database_away)
    app.register_error_handler(REFUSED_BY_TABLE, _refused_by_table)


def status_of(refusal: Refusal) -> int:
    return next((status for kind, status in _STATUS if isinstance(refusal, kind)), 400)


def _refused(refusal: Refusal) -> ResponseReturnValue:
    return page(status_of(refusal), str(refusal))


def _stale_form(_fault: CSRFError) -> ResponseReturnValue:
    return page(
        400, _("This form has been open too long, or in another sign-in. Go back, reload, send again.")
    )


def _http(fault: HTTPException) -> ResponseReturnValue:
    if isinstance(fault.response, Response):  # a page of its own, which loses nothing that was typed
        return fault.response
    sentences = {
        404: _("There is nothing at this address."),
        405: _("This address does not take that."),
        413: _("That is larger than this page takes."),
        429: _("Too many tries. Wait a few minutes, then try again."),
    }
    status = fault.code or 500
    answer = page(status, sentences.get(status, fault.description or _("This did not work.")))
    answer.headers.extend(
        [(name, value) for name, value in fault.get_headers() if name in ("Allow", "Retry-After")]
    )
    return answer


def _database_away(fault: Exception) -> ResponseReturnValue:
    log.error(
        "page.database_away",
        path=request.url_rule.rule if request.url_rule else "",
        kind=type(fault).__name__,
    )
    return page(503, _("The database does not answer. Nothing is lost; try again in a minute."))


def clash() -> str:
    """What is said to the later of two who made the same."""
    return _("Somebody made the same at this very moment. Look at what is there now, then try again.")


def _refused_by_table(fault: Any) -> ResponseReturnValue:
    return page(409, clash()) if is_clash(fault) else _broken(fault)


def _broken(fault: Exception) -> ResponseReturnValue:
    number = uuid.uuid4().hex[:8]
    rule = request.url_rule.rule if request.url_rule else ""
    # Where it broke, not what it said: messages and values may hold addresses or secrets.
    trace = "".join(traceback.format_tb(fault.__traceback__))
    log.error("page.broken", number=number, rule=rule, kind=type(fault).__name__, trace=trace)
    return page(500, _("Something broke on our side. It is in the log under %s.") % number)


def page(status: int, sentence: str) -> Response:
    """The sentence as a page, as a fragment for htmx, or as problem+json for programs. Needs no database."""
    if _wants_json():
        answer = jsonify(type="about:blank", title=sentence, status=status, detail=sentence)
        answer.content_type = "application/problem+json"
    elif request.headers.get("HX-Request"):
        answer = make_response(render_template("parts/fault.html", sentence=sentence))
    else:
        answer = make_response(render_template("public/fault.html", sentence=sentence, status=status))
    answer.status_code = status
    return answer


def _wants_json() -> bool:
    kinds = ["text/html", "application/json", "application/problem+json"]
    best = request.accept_mimetypes.best_match(kinds, "text/html")
    return request.is_json or best != "text/html"
