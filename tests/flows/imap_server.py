"""A small IMAP server on loopback with one folder: as much of RFC 3501 as reading a mailbox takes."""

import socketserver
import threading
from types import TracebackType


class ImapServer:
    """`letters` are served; `seen` holds the numbers that were marked."""

    def __init__(self, letters: list[bytes], *, password: str = "secret") -> None:
        self.letters, self.password = letters, password
        self.seen: set[int] = set()
        outer = self

        class Talk(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"* OK ready\r\n")
                while line := self.rfile.readline():
                    tag, _, rest = line.decode().strip().partition(" ")
                    for answer in outer.answer(tag, rest):
                        self.wfile.write(answer)
                    if rest.upper().startswith("LOGOUT"):
                        return

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def answer(self, tag: str, line: str) -> list[bytes]:
        command = line.upper()
        done = f"{tag} OK done\r\n".encode()
        if command.startswith("CAPABILITY"):
            return [b"* CAPABILITY IMAP4rev1\r\n", done]
        if command.startswith("LOGIN"):
            return [done] if self.password in line else [f"{tag} NO who are you\r\n".encode()]
        if command.startswith("SELECT"):
            return [f"* {len(self.letters)} EXISTS\r\n".encode(), f"{tag} OK [READ-WRITE] done\r\n".encode()]
        if command.startswith("UID SEARCH"):
            unseen = [str(n) for n in range(1, len(self.letters) + 1) if n not in self.seen]
            return [f"* SEARCH {' '.join(unseen)}\r\n".encode(), done]
        if command.startswith("UID FETCH"):
            number = int(line.split()[2])
            raw = self.letters[number - 1]
            head = f"* {number} FETCH (UID {number} BODY[]<0> {{{len(raw)}}}\r\n".encode()
            return [head, raw, b")\r\n", done]
        if command.startswith("UID STORE"):
            self.seen.add(int(line.split()[2]))
        return [done]

    def __enter__(self) -> "ImapServer":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
