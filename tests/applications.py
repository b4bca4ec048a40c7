"""The application for a test. Describing all calls of the API and compiling the pages takes most of a second,
so a worker builds one application and moves it from runtime to runtime, as a test has never two at once. Who
changes an application itself, or needs two, calls `create_app`."""

from flask import Flask, session
from flask.testing import FlaskClient

from nurture.app import create_app, move_in
from nurture.runtime import Runtime
from nurture.store.users import User
from nurture.web import access

_BUILT: list[tuple[Flask, dict[str, object], dict[str, object]]] = []


def application(runtime: Runtime) -> Flask:
    """As `create_app(runtime)` gives it, whatever the test before did with settings and extensions."""
    if not _BUILT:
        app = create_app(runtime)
        _BUILT.append((app, dict(app.config), dict(app.extensions)))
    app, config, extensions = _BUILT[0]
    for kept, first in ((app.config, config), (app.extensions, extensions)):
        kept.clear()
        kept.update(first)
    move_in(app, runtime)
    return app


def signed_in(app: Flask, user: User) -> FlaskClient:
    """A client with a session as signing in begins it. The page itself, which test_sign_in walks, checks a
    password first, and that takes a tenth of a second on purpose."""
    with app.test_request_context():
        access.remember(user.id, user.session_epoch)
        begun = dict(session)
    client = app.test_client()
    with client.session_transaction() as kept:
        kept.update(begun)
    return client
