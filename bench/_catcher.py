"""A receiver of webhooks that remembers when each `lead.hot` was here."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from nurture.errors import Unavailable


class Catcher:
    """Takes every POST and remembers when the first `lead.hot` of each lead was here in full."""

    def __init__(self) -> None:
        self.arrived: dict[int, float] = {}
        self.largest = 0
        self._came = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                at = time.monotonic()
                self.send_response(204)
                self.end_headers()
                receiver._note(body, at)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: the figures are what is wanted."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}/hook"

    def wait_for(self, lead_id: int, seconds: float) -> float:
        """When the lead's message came; Unavailable if it does not."""
        with self._came:
            if not self._came.wait_for(lambda: lead_id in self.arrived, seconds):
                raise Unavailable(f"No webhook came for a click within {seconds:.0f} s.")
            return self.arrived[lead_id]

    def _note(self, body: bytes, at: float) -> None:
        message = json.loads(body)
        if message.get("type") != "lead.hot":
            return
        with self._came:
            self.largest = max(self.largest, len(body))
            self.arrived.setdefault(message["data"]["lead"]["id"], at)
            self._came.notify_all()

    def __enter__(self) -> "Catcher":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_reason: object) -> None:
        self._server.shutdown()
        self._server.server_close()
