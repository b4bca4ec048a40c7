"""`nurture up` as a person meets it: one block, Ctrl-C, nothing left behind."""

import json
import os
import re
import signal
import smtplib
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from nurture.embedded.home import Home
from nurture.embedded.ports import any_free

pytestmark = pytest.mark.xdist_group("embedded")

ROOT = Path(__file__).resolve().parents[2]


class Installation:
    """A home folder with ports of its own, and what is started in it."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.web, self.page = any_free("127.0.0.1"), any_free("127.0.0.1")
        self.started: list[subprocess.Popen[str]] = []

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "nurture", *words],
            env=self._env(), cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def up(self) -> tuple[subprocess.Popen[str], str]:
        """Start everything; the process and the block it printed."""
        process = subprocess.Popen(
            [sys.executable, "-m", "nurture", "up"],
            env=self._env(), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip
        self.started.append(process)
        assert process.stdout is not None
        block = ""
        for line in process.stdout:
            block += line
            if "Ctrl-C stops everything" in line:
                return process, block
        raise AssertionError(block)

    def processes(self) -> list[str]:
        """Every process that has to do with this home."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                found += [str(entry)] if self._concerns(entry) else []
        return found

    def get(self, path: str, port: int | None = None) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{port or self.web}{path}", timeout=10) as answer:
            return bytes(answer.read())

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(30)
        Home(self.home).redis().stop()
        Home(self.home).postgres().stop()

    def _concerns(self, entry: Path) -> bool:
        try:
            words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            zombie = (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return False
        return str(self.home).encode() in words and not zombie

    def _env(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("NURTURE_")},
            "NURTURE_HOME": str(self.home),
            "NURTURE_BIND": f"127.0.0.1:{self.web}",
            "NURTURE_BASE_URL": f"http://localhost:{self.web}",
            "NURTURE_CATCHER_BIND": f"127.0.0.1:{self.page}",
            "NURTURE_WORKERS": "1",
        }


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    one = Installation(tmp_path)
    yield one
    one.end()


def interrupt(process: subprocess.Popen[str]) -> None:
    """Ctrl-C as a terminal sends it: to the whole process group."""
    os.killpg(process.pid, signal.SIGINT)
    process.wait(30)


def test_everything_starts_and_ctrl_c_leaves_nothing_behind(installation: Installation) -> None:
    process, block = installation.up()

    link = re.search(rf"http://localhost:{installation.web}(/setup\?token=\S+)", block)
    assert link
    assert str(installation.home) in block
    assert installation.get(link[1])
    assert json.loads(installation.get("/healthz"))["status"] == "ok"
    assert json.loads(installation.get("/messages.json", installation.page)) == []

    interrupt(process)

    assert process.returncode == 0
    assert installation.processes() == []


def test_a_killed_up_is_followed_by_a_new_one_over_the_same_data(installation: Installation) -> None:
    first, _ = installation.up()
    postgres = Home(installation.home).postgres().running()
    made = installation.run("user", "create", "anna@firm.example", "--role", "admin", "--password-stdin")
    assert made.returncode == 1  # no password came in
    first.kill()
    first.wait(10)

    second, block = installation.up()

    assert "/setup?token=" in block
    assert Home(installation.home).postgres().running() == postgres
    interrupt(second)
    assert installation.processes() == []


def test_a_second_up_of_the_same_home_is_refused_in_one_sentence(installation: Installation) -> None:
    installation.up()

    refused = installation.run("up")

    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: Nurture is already running for")
    assert refused.stderr.count("\n") == 1


def test_a_taken_port_is_named_before_anything_is_started(installation: Installation) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", installation.web))
        taken.listen(1)
        refused = installation.run("up")

    assert refused.returncode == 1
    assert f"127.0.0.1:{installation.web} is taken" in refused.stderr
    assert "NURTURE_BIND" in refused.stderr
    assert Home(installation.home).postgres().running() is None


def test_wrong_settings_are_all_named_at_once(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nurture", "up"],
        env={**os.environ, "NURTURE_HOME": str(tmp_path), "NURTURE_WORKERS": "none", "NURTURE_BIND": "8000"},
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert "NURTURE_WORKERS" in done.stderr
    assert "NURTURE_BIND" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_pages_come_back_when_their_process_is_killed(installation: Installation) -> None:
    process, _ = installation.up()
    web = next(
        entry
        for entry in installation.processes()
        if Path(entry, "cmdline").read_bytes().endswith(b"\0web\0")
    )
    os.kill(int(Path(web).name), signal.SIGKILL)

    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            assert installation.get("/healthz")
            break
        except OSError:
            time.sleep(0.2)
    else:
        raise AssertionError("the pages did not come back")
    interrupt(process)
    assert installation.processes() == []


def test_the_catcher_of_up_takes_mail_on_its_recorded_port(installation: Installation) -> None:
    installation.up()
    port = int((installation.home / "run/catcher.port").read_text())

    until = time.monotonic() + 15
    while True:
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=5) as server:
                server.sendmail("a@b.example", ["c@d.example"], "Subject: hello\r\n\r\nhello\r\n")
            break
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.2)

    [mail] = json.loads(installation.get("/messages.json", installation.page))
    assert mail["subject"] == "hello"
