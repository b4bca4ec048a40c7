"""What a request has at hand: the runtime, one reading of the clock, one read-only session, the user."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from typing import cast

from flask import current_app, g

from nurture.runtime import Runtime
from nurture.store.views import shell
from nurture.store.views.reading import PageSession, reading
from nurture.store.views.shell import Shell, Viewer


def runtime() -> Runtime:
    return cast(Runtime, current_app.extensions["nurture"])


def now() -> datetime:
    """The instant of this request: the door reads the clock once."""
    if "now" not in g:
        g.now = runtime().now()
    return cast(datetime, g.now)


def real_now() -> datetime:
    """The real instant, whatever a virtual clock says: for the ages of links, sessions and codes."""
    return runtime().real_now()


def page_session() -> PageSession:
    """The request's one READ ONLY session, opened when first asked for."""
    if "session" not in g:
        g.session_stack = ExitStack()
        g.session = g.session_stack.enter_context(reading(runtime().sessions))
    return cast(PageSession, g.session)


def close_session(_fault: BaseException | None = None) -> None:
    """End the read-only transaction; called before a flow writes and when the request ends."""
    g.pop("session", None)
    stack: ExitStack | None = g.pop("session_stack", None)
    if stack:
        stack.close()


def viewer() -> Viewer | None:
    return cast("Viewer | None", g.get("viewer"))


def signed_in() -> Viewer:
    """The viewer of a page that only signed-in people reach."""
    person = viewer()
    assert person is not None, "web/access_table.py lets nobody else in"
    return person


def page_shell() -> Shell:
    """What stands around every page, read once a request."""
    if "shell" not in g:
        around = shell.load(page_session())
        # NURTURE_LIVE=1 stands in for the switch (scripted installations).
        settings = runtime().settings
        g.shell = replace(
            around,
            live=around.live or settings.live,
            caught=settings.smtp_url is None,
            # Where time runs faster, so do the queues: what counts is how long a person would wait.
            late_after=shell.LATE_SECONDS * max(settings.clock_speed, 1.0),
        )
    return cast(Shell, g.shell)


def keep_viewer(person: Viewer | None) -> Viewer | None:
    g.viewer = person
    return person
