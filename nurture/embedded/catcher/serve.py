"""The catcher's process: SMTP in one thread, the page in others."""

import logging
import threading
from collections.abc import Callable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from nurture.embedded.catcher.box import Box
from nurture.embedded.catcher.pages import Pages
from nurture.embedded.catcher.receive import choose_port, controller
from nurture.embedded.home import Home
from nurture.errors import Unavailable
from nurture.files.catalogues import catalogues
from nurture.rules.words import learn

log = logging.getLogger(__name__)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)


def serve(
    home: Home, page: tuple[str, int], *, started: Callable[[int], None], stop: threading.Event
) -> None:
    """Receive and show mails until `stop` is set; `started` is told the SMTP port.

    Raises Unavailable when the page's port is taken.
    """
    learn(catalogues())
    box = Box(home.catcher)
    with _page_server(box, page) as pages:
        smtp = controller(box, choose_port(home.run))
        smtp.start()
        try:
            threading.Thread(target=pages.serve_forever, daemon=True).start()
            started(smtp.port)
            stop.wait()
        finally:
            pages.shutdown()
            smtp.stop()


def _page_server(box: Box, page: tuple[str, int]) -> WSGIServer:
    host, port = page
    # Whoever binds it to more than loopback has decided who may read the mails.
    pages = Pages(box) if host in ("127.0.0.1", "localhost", "::1") else Pages(box, names=None)
    try:
        return make_server(host, port, pages, server_class=_Server, handler_class=_Quiet)
    except OSError as error:
        raise Unavailable(
            f"The mail catcher's page cannot listen on {host}:{port} ({error.strerror}): "
            "set NURTURE_CATCHER_BIND to another address."
        ) from error
