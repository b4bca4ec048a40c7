"""What no page ever takes: a NUL in an address or a form, which PostgreSQL cannot keep."""

from flask import Flask, abort, request

from nurture.errors import Invalid
from nurture.rules.words import _

_TYPED = "application/x-www-form-urlencoded"


def install(app: Flask) -> None:
    """Refuse it before anything else looks at the request. The API has a check of its own, which names the
    field; files are read as streams by those who take them."""
    app.before_request(_check)


def _check() -> None:
    if request.path.startswith("/api/"):
        return
    if "\0" in request.path:
        abort(404)
    if any("\0" in name or "\0" in value for name, value in request.args.items(multi=True)):
        raise Invalid(_("This address holds a character that no text has."))
    if request.mimetype == _TYPED and any("\0" in value for value in request.form.values()):
        raise Invalid(_("What you typed holds a character that no text has: a NUL."))
