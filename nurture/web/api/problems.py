"""Every fault of the API as application/problem+json (RFC 9457)."""

import json
import traceback
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from nurture.errors import Conflict, FileFault, Forbidden, Invalid, NotFound, Refusal, Unavailable
from nurture.files.uploads import TooLarge
from nurture.rules.words import _
from nurture.store.views.reading import AWAY, REFUSED_BY_TABLE, is_clash
from nurture.web.api.shape_words import told
from nurture.web.errors import clash

log = structlog.get_logger()

PREFIX = "/api/"
_STATUS: tuple[tuple[type[Refusal], int], ...] = (
    (NotFound, 404),
    (Forbidden, 403),
    (Conflict, 409),
    (TooLarge, 413),
    (Invalid, 422),
    (FileFault, 422),
    (Unavailable, 503),
)
WHOLE = "body"  # where a fault is of no field, but of the whole
_MOST_NAMED = 5
_KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")

Handler = Callable[[Any], ResponseReturnValue]


def install(app: Flask) -> None:
    """Answer faults below /api/ so, whatever the pages do elsewhere; called after theirs are installed."""
    _answer(app, Refusal, _refused)
    _answer(app, HTTPException, _http)
    _answer(app, Exception, _broken)
    for away in AWAY:
        _answer(app, away, _database_away)
    _answer(app, REFUSED_BY_TABLE, _refused_by_table)


def problem(
    status: int,
    detail: str,
    *,
    errors: dict[str, list[str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """The answer itself. `errors` names fields of the request with their sentences."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return Response(
        json.dumps(body, ensure_ascii=False) + "\n",
        status=status,
        content_type="application/problem+json",
        headers=headers,
    )


def _answer(app: Flask, kind: type[Exception], mine: Handler) -> None:
    theirs = app.error_handler_spec[None][None].get(kind)

    def handle(fault: Any) -> ResponseReturnValue:
        if request.path.startswith(PREFIX) or theirs is None:
            return mine(fault)
        answer: ResponseReturnValue = app.ensure_sync(theirs)(fault)
        return answer

    app.register_error_handler(kind, handle)


def _refused(refusal: Refusal) -> Response:
    status = next((status for kind, status in _STATUS if isinstance(refusal, kind)), 400)
    errors = refusal.errors if isinstance(refusal, Invalid) else None
    return problem(status, str(refusal), errors=errors)


def _http(fault: HTTPException) -> ResponseReturnValue:
    if fault.response is not None:
        return fault.get_response()
    status = fault.code or 500
    sentences = {
        404: _("There is nothing at this address."),
        405: _("This address does not take this method."),
        413: _("The request is larger than is taken here."),
        415: _("Send JSON, with Content-Type: application/json."),
        422: _("Some values cannot be taken."),
        429: _("Too many requests. Wait a minute, then go on more slowly."),
    }
    headers = {name: value for name, value in fault.get_headers() if name in _KEPT_HEADERS}
    if status == 429:
        headers.setdefault("Retry-After", "60")
    detail = sentences.get(status, fault.description or HTTPStatus(status).phrase)
    errors = _field_errors(fault)
    if errors and status == 422:
        named = ", ".join([name[:60] for name in errors][:_MOST_NAMED])
        detail = _("Some values cannot be taken: {names}.").format(names=named)
    return problem(status, detail, errors=errors, headers=headers)


def _field_errors(fault: HTTPException) -> dict[str, list[str]] | None:
    messages = (getattr(fault, "data", None) or {}).get("messages")
    if not isinstance(messages, dict):
        return None
    found: dict[str, list[str]] = {}
    for place in messages.values():  # json, query, path …: where it stood says nothing to the caller
        found |= flat(place)
    return found


def flat(messages: Any) -> dict[str, list[str]]:
    """The nested messages of a schema by dotted names: {"0.kind": […]}."""
    found: dict[str, list[str]] = {}
    _gather("", messages, found)
    return found


def _gather(name: str, messages: Any, found: dict[str, list[str]]) -> None:
    if isinstance(messages, dict):
        for key, inner in messages.items():
            part = "" if key == "_schema" else str(key)
            _gather(f"{name}.{part}".strip("."), inner, found)
    elif isinstance(messages, list):
        found.setdefault(name or WHOLE, []).extend(told(message) for message in messages)


def _database_away(fault: Exception) -> Response:
    log.error("api.database_away", rule=_rule(), kind=type(fault).__name__)
    return problem(503, _("The database does not answer. Nothing is lost; try again in a minute."))


def _refused_by_table(fault: Any) -> Response:
    return problem(409, clash()) if is_clash(fault) else _broken(fault)


def _broken(fault: Exception) -> Response:
    number = uuid.uuid4().hex[:8]
    # Where it broke, not what it said: messages and values may hold addresses or secrets.
    trace = "".join(traceback.format_tb(fault.__traceback__))
    log.error("api.broken", number=number, rule=_rule(), kind=type(fault).__name__, trace=trace)
    return problem(
        500, _("Something broke on our side. It is in the log under {number}.").format(number=number)
    )


def _rule() -> str:
    return request.url_rule.rule if request.url_rule else ""
