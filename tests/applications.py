"""The application for a test. Describing all calls of the API and compiling the pages takes most of a second,
so a worker builds one application and moves it from runtime to runtime, as a test has never two at once. Who
changes an application itself, or needs two, calls `create_app`."""

from flask import Flask

from nurture.app import create_app, move_in
from nurture.runtime import Runtime

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
