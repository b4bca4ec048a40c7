"""What every call goes through: the key, the role, the shape of the body, and answers given again."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar, cast

from flask import Response, abort, g, request
from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from nurture.errors import Conflict, Forbidden, Invalid
from nurture.flows.keys import CheckedKey, check_key, note_use
from nurture.rules.words import _
from nurture.store import idempotency
from nurture.web import aliases
from nurture.web.api.access_table import ACCESS
from nurture.web.api.problems import WHOLE, problem
from nurture.web.api.storable import misfits, storable
from nurture.web.limits import limiter
from nurture.web.request import close_session, now, page_session, real_now, runtime
from nurture.web.security import csrf
from nurture.web.visitor import visitor_address

MOST = 500
_LIMIT = "6000/minute"
_WRITES = ("POST", "PUT", "PATCH", "DELETE")
_BODIES = ("POST", "PUT", "PATCH")
_KEY_LONGEST = 255
_KEPT_HEADERS = ("Content-Type", "Location")

Row = TypeVar("Row")
View = TypeVar("View", bound=Callable[..., Any])


class PageQuery(Schema):
    """How a list is asked for: `limit` entries after the `cursor` of the page before."""

    class Meta:
        unknown = RAISE

    limit = fields.Integer(load_default=50, validate=validate.Range(1, MOST), metadata={"example": 50})
    cursor = fields.String(load_default=None, validate=validate.Length(max=300))


class Part:
    """A part of the API below /api/v1, with the door before it; its decorators keep the types that
    flask-smorest's lose. `json_only` refuses bodies that are not JSON with 415."""

    def __init__(self, name: str, description: str, *, json_only: bool = True) -> None:
        self.blueprint = Blueprint(f"api-{name}", name, url_prefix="/api/v1", description=description)
        self.blueprint.before_request(_let_in)
        self.blueprint.before_request(_check_address)
        self.blueprint.before_request(_check_body if json_only else _check_json)
        self.blueprint.before_request(_answer_again)
        self.blueprint.after_request(_keep_answer)
        csrf.exempt(self.blueprint)
        limiter.limit(_LIMIT, key_func=_caller)(self.blueprint)

    def route(self, rule: str, *, methods: Sequence[str]) -> "Decorator":
        return cast(Decorator, self.blueprint.route(rule, methods=methods))

    def arguments(self, schema: type[Schema], *, location: str = "json") -> "Decorator":
        """Names that the schema does not know are faults, in addresses too."""
        return cast(Decorator, self.blueprint.arguments(schema, location=location, unknown=RAISE))

    def response(self, status: int, schema: type[Schema] | None = None, **described: Any) -> "Decorator":
        return cast(Decorator, self.blueprint.response(status, schema, **described))

    def before(self, check: Callable[[], None]) -> None:
        """Have `check` called before each view of this part."""
        self.blueprint.before_request(check)

    def alt_response(self, status: int, schema: type[Schema] | None = None, **described: Any) -> "Decorator":
        return cast(Decorator, self.blueprint.alt_response(status, schema=schema, **described))

    def doc(self, **described: Any) -> "Decorator":
        return cast(Decorator, self.blueprint.doc(**described))


class Decorator(Protocol):
    """Takes a view and gives back what is called like it."""

    def __call__(self, view: View, /) -> View: ...


def actor() -> str:
    """How the caller stands in records."""
    return key().actor


def key() -> CheckedKey:
    return cast(CheckedKey, g.api_key)


def cut(rows: Sequence[Row], limit: int, place: Callable[[Row], Iterable[object]]) -> dict[str, Any]:
    """`rows`, read one more than `limit`, and the cursor of the next page if there is one."""
    page = list(rows[:limit])
    more = len(rows) > limit
    return {"data": page, "next_cursor": _cursor(place(page[-1])) if more else None}


def place_of(cursor: str | None, kinds: Sequence[Callable[[str], Any]]) -> tuple[Any, ...] | None:
    """Where the page before ended, read from its cursor; raises Invalid for anything else."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(parts, list) or len(parts) != len(kinds):
            raise ValueError("another list's cursor")
        return tuple(kind(part) for kind, part in zip(kinds, parts, strict=True))
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        sentence = _("This is no cursor of this list.")
        raise Invalid(sentence, {"cursor": [sentence]}) from error


def whole(part: Any) -> int:
    """An id in a cursor."""
    if isinstance(part, bool) or not isinstance(part, int) or not 0 <= part < 2**63:
        raise ValueError("not an id")
    return part


def digits(part: Any) -> int:
    """An id in a cursor, written as text."""
    if not isinstance(part, str) or not (part.isascii() and part.isdigit()):
        raise ValueError("not an id")
    return whole(int(part[:20]))


def _cursor(parts: Iterable[object]) -> str:
    text = json.dumps(list(parts), separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _caller() -> str:
    """Whose calls are counted together: the key's, whatever address they come from."""
    given = request.headers.get("Authorization", visitor_address())
    return hashlib.sha256(given.encode()).hexdigest()[:32]


def _key_given() -> str:
    """The key of a call: as Bearer, or as the user name of Basic, which clients of the Segment specification
    send (RFC 7617)."""
    scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return text.strip()
    given = request.authorization if scheme.lower() == "basic" else None
    return str(given.username or "") if given else ""


def _let_in() -> ResponseReturnValue | None:
    text = _key_given()
    found = check_key(page_session(), text, real_now=real_now()) if text else None
    if found is None:
        close_session()
        return problem(
            401,
            _("Send a valid key: Authorization: Bearer nk_…"),
            headers={"WWW-Authenticate": 'Bearer realm="nurture"'},
        )
    g.api_key = found
    if found.role not in ACCESS[request.endpoint or ""]:
        raise Forbidden(_("The role of this key does not include this."))
    if found.last_used_at is None or request.method in _WRITES:
        close_session()
    with runtime().sessions.begin() as session:
        note_use(session, found, now=now())
    return None


def _check_address() -> None:
    numbers = [value for value in (request.view_args or {}).values() if isinstance(value, int)]
    if "\0" in request.path or any(number >= 2**63 for number in numbers):
        abort(404)
    check_texts(request.args)
    _follow_merge()


def _follow_merge() -> None:
    """A lead that was merged is whom it was merged into, for whatever is asked of it."""
    found = aliases.survivor()
    if found is not None and request.view_args is not None:
        request.view_args["lead_id"] = found
    if request.method in _WRITES:
        close_session()


def check_texts(given: MultiDict[str, str]) -> None:
    """Raises Invalid for texts that PostgreSQL cannot keep."""
    wrong = [name for name, values in given.lists() if not all(map(storable, (name, *values)))]
    if wrong:
        sentence = _("This holds a NUL, or half a surrogate pair.")
        raise Invalid(sentence, {name.replace("\0", ""): [sentence] for name in wrong})


def _check_body() -> None:
    if request.method not in _BODIES or not (
        request.content_length or request.headers.get("Transfer-Encoding")
    ):
        return
    if not request.is_json:
        abort(415)
    _check_json()


def _check_json() -> None:
    """Where files are taken as well, JSON is looked at all the same."""
    if request.method not in _BODIES or not request.is_json:
        return
    try:
        body = request.get_json()
        sound = storable(body)
    except RecursionError as error:
        raise BadRequest(_("The JSON is nested too deeply.")) from error
    except BadRequest as fault:
        raise _unreadable(fault) from fault
    if not sound:
        sentence = _("The JSON holds a NUL, half a surrogate pair, or a number that is none.")
        raise Invalid(sentence, {place or WHOLE: [sentence] for place in misfits(body)})


def _unreadable(fault: BadRequest) -> BadRequest | Invalid:
    """Where the body stops being JSON: the framework knows, and does not say."""
    try:
        json.loads(request.get_data())
    except json.JSONDecodeError as error:
        sentence = _("This is not valid JSON: line {line}, column {column} cannot be read.")
        return BadRequest(sentence.format(line=error.lineno, column=error.colno))
    except UnicodeDecodeError as error:
        sentence = _("The JSON is not written in UTF-8: byte {number} is no part of a letter.")
        return BadRequest(sentence.format(number=error.start + 1))
    except ValueError:  # of a whole number with more digits than Python reads
        return Invalid(_("The JSON holds a number of thousands of digits."))
    return fault


def _answer_again() -> ResponseReturnValue | None:
    """The answer kept under the Idempotency-Key of this request; None when the request is the first."""
    given = request.headers.get("Idempotency-Key")
    if given is None or request.method != "POST":
        return None
    if not given or len(given) > _KEY_LONGEST or "\0" in given:
        raise Invalid(_("An Idempotency-Key has 1 to 255 characters."), {"Idempotency-Key": [_("Too long.")]})
    request_hash = _request_hash()
    with runtime().sessions.begin() as session:
        kept = idempotency.claim(session, key().id, given, request_hash, now=now())
    if kept is None:
        g.idempotency_key = given
        return None
    if kept.request_hash != request_hash:
        sentence = _("This Idempotency-Key was used for another request.")
        raise Invalid(sentence, {"Idempotency-Key": [sentence]})
    if kept.status is None or kept.body is None:
        raise Conflict(_("The first request with this Idempotency-Key is still under way."))
    body = runtime().vault.open(kept.body.decode())
    headers = {**kept.headers, "Idempotency-Replayed": "true"}
    return Response(body, status=kept.status, headers=headers)


def _request_hash() -> str:
    """What makes two requests the same; of uploads only how large they are, since they are streamed."""
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    digest.update(request.get_data() if request.is_json else str(request.content_length).encode())
    return digest.hexdigest()


def _keep_answer(response: Response) -> Response:
    """Keep the answer under its key, sealed: some answers carry a secret that is shown once."""
    mine = g.pop("idempotency_key", None)
    if mine is None:
        return response
    with runtime().sessions.begin() as session:
        if response.status_code >= 500 or response.status_code == 429:
            idempotency.release(session, key().id, mine)
        else:
            headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
            body = runtime().vault.seal(response.get_data(as_text=True)).encode()
            idempotency.keep(session, key().id, mine, response.status_code, json.dumps(headers), body)
    return response
