"""One installation from outside: its processes, its pages and the person at its terminal."""

import email
import email.policy
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import psycopg
from redis import Redis

from nurture.embedded.home import Home
from tests.sinks import as_seen, free_port

ROOT = Path(__file__).resolve().parents[2]
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
ADA = "ada@lindqvist.example"
PASSWORD = "a long enough sentence"
_START_SECONDS = 90.0


class Office:
    """`settings` are environment variables of this installation. In a `with` block its `nurture up` runs."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.home = folder / "var"
        self.port, self.catcher = free_port(), free_port()
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("NURTURE_")},
            "NURTURE_HOME": str(self.home),
            "NURTURE_BIND": f"127.0.0.1:{self.port}",
            "NURTURE_BASE_URL": f"http://localhost:{self.port}",
            "NURTURE_CATCHER_BIND": f"127.0.0.1:{self.catcher}",
            "NURTURE_WORKERS": "1",
            "NURTURE_ALLOW_PRIVATE_WEBHOOKS": "1",
            **settings,
        }
        self.said: list[str] = []
        self.web = httpx.Client(base_url=f"http://localhost:{self.port}", headers=BROWSER, timeout=20)
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Office":
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> "Office":
        """`nurture up`, until it has printed its block."""
        self.process = self.popen("up", start_new_session=True)
        ready = threading.Event()
        threading.Thread(target=self._listen, args=(self.process, ready), daemon=True).start()
        assert ready.wait(_START_SECONDS), self.block
        assert self.process.poll() is None, self.block
        return self

    def _listen(self, process: "subprocess.Popen[str]", ready: threading.Event) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.said.append(line)
            if "Ctrl-C stops everything" in line:
                ready.set()
        ready.set()

    @property
    def block(self) -> str:
        """Everything that `up` has printed."""
        return "".join(self.said)

    def popen(self, *words: str, **options: Any) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "nurture", *words],
            env=self.env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options,
        )  # fmt: skip

    def nurture(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """A command in the terminal, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "nurture", *words],
            env=self.env, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def done(self, *words: str) -> str:
        """A command that has to succeed; what it printed."""
        ended = self.nurture(*words)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def set_up(self) -> None:
        """Follow the one-time link and fill in the form."""
        link = re.search(r"http://\S+/setup\?token=(\S+)", self.block)
        assert link is not None, self.block
        answers = {
            "csrf_token": self._csrf(link.group(0)),
            "token": link.group(1),
            "name": "Ada Lindqvist",
            "email": ADA,
            "password": PASSWORD,
            "company_name": "Lindqvist Consulting",
            "postal_address": "Hafenweg 8, 48155 Münster, Germany",
            "timezone": "Europe/Berlin",
            "sender_name": "Ada Lindqvist",
            "sender_email": ADA,
        }
        assert self.web.post("/setup", data=answers).status_code in (302, 303)

    def press(self, page: str, action: str, **answers: str) -> httpx.Response:
        """Post a form of a page, as the one who is signed in."""
        return self.web.post(action, data={"csrf_token": self._csrf(page), **answers})

    def _csrf(self, page: str) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.web.get(page).text)
        assert found is not None, page
        return found.group(1)

    def api(self, key: str | None = None) -> httpx.Client:
        """The API by a key, a new one unless given."""
        key = key or self.done("key", "create", "CRM", "--role", "admin").strip().splitlines()[-1]
        base = f"http://localhost:{self.port}/api/v1"
        return httpx.Client(base_url=base, headers={"Authorization": f"Bearer {key}"}, timeout=20)

    def mails(self) -> list[dict[str, str]]:
        """What the catcher took."""
        answer = httpx.get(f"http://127.0.0.1:{self.catcher}/messages.json", timeout=20).json()
        return list(answer["messages"] if isinstance(answer, dict) else answer)

    def mail(self, number: object) -> email.message.EmailMessage:
        raw = httpx.get(f"http://127.0.0.1:{self.catcher}/messages/{number}.eml", timeout=20).content
        message = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(message, email.message.EmailMessage)
        return message

    @property
    def database_url(self) -> str:
        return self.env.get("NURTURE_DATABASE_URL") or Home(self.home).postgres().url

    @property
    def redis_url(self) -> str:
        return self.env.get("NURTURE_REDIS_URL") or Home(self.home).redis().url

    def rows(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        """What the tables say; psycopg's own placeholders, `%(name)s`."""
        with psycopg.connect(self.database_url, connect_timeout=5) as connection:
            return connection.execute(query, values or None).fetchall()

    def number(self, query: str, **values: object) -> int:
        return int(self.rows(query, **values)[0][0] or 0)

    def redis(self) -> Redis:
        return Redis.from_url(self.redis_url, socket_timeout=5)

    def pids(self, *words: str) -> list[int]:
        """Living processes of this installation that were started as `nurture WORDS`, children too."""
        ending = b"\0".join(word.encode() for word in ("nurture", *words)) + b"\0"
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and self._runs(entry, ending):
                found.append(int(entry.name))
        return sorted(found)

    def _runs(self, entry: Path, ending: bytes) -> bool:
        home = f"NURTURE_HOME={self.home}\0".encode()
        try:
            return (entry / "cmdline").read_bytes().endswith(ending) and home in (
                entry / "environ"
            ).read_bytes()
        except OSError:
            return False

    def stop(self) -> None:
        """Ctrl-C, and nothing of it is left behind whatever happened before."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
            self.process.wait(30)
        self.web.close()
        Home(self.home).redis().stop()
        Home(self.home).postgres().stop()


def links(message: email.message.EmailMessage, door: str) -> list[str]:
    """The addresses in a mail that lead through a door: `c` clicks on what a reader sees, `o` openings."""
    part = message.get_body(("html",))
    assert part is not None
    page = as_seen(part.get_content())
    return [unescape(found) for found in re.findall(rf'="([^"]+/{door}/[^"]+)"', page)]


def wait_until(
    true: Callable[[], object],
    what: str,
    beat: Callable[[], None] = lambda: None,
    *,
    patience: float = 150.0,
    pause: float = 0.3,
) -> float:
    """Wait for it and say how long it took; `beat` is called in between."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < patience, f"in vain: {what}"
        beat()
        time.sleep(pause)
    return time.monotonic() - began
