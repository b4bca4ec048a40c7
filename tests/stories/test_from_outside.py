"""The main job again, this time from outside: processes, HTTP and the terminal, nothing else.

Virtual time starts on a Tuesday at ten and runs four hours a second.
"""

import email
import email.policy
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest
from standardwebhooks import Webhook

from nurture.embedded.home import Home
from tests.sinks import WebhookSink, free_port

pytestmark = pytest.mark.xdist_group("embedded")

ROOT = Path(__file__).resolve().parents[2]
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
KATRIN, JONAS, MIRA = (f"{name}@kessler.example" for name in ("katrin", "jonas", "mira"))
LEADS = f"""email,first_name,last_name,company,company_size,role
{KATRIN},Katrin,Vogel,Kessler Antriebe GmbH,340,Head of operations
{JONAS},Jonas,Größe,Kessler Antriebe GmbH,340,Buyer
{MIRA},Mira,Aydın,Werk Süd,25,Owner
nobody,No,Body,,,
"""
PATIENCE = 150.0


class Office:
    """One installation and the person at its terminal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.catcher = free_port(), free_port()
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("NURTURE_")},
            "NURTURE_HOME": str(folder / "var"),
            "NURTURE_BIND": f"127.0.0.1:{self.port}",
            "NURTURE_BASE_URL": f"http://localhost:{self.port}",
            "NURTURE_CATCHER_BIND": f"127.0.0.1:{self.catcher}",
            "NURTURE_WORKERS": "1",
            "NURTURE_ALLOW_PRIVATE_WEBHOOKS": "1",
            "NURTURE_CLOCK_START": "2026-03-03T10:00:00+00:00",
            "NURTURE_CLOCK_SPEED": "14400",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "nurture", "up"],
            env=self.env,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.block = self._block()
        self.web = httpx.Client(base_url=f"http://localhost:{self.port}", headers=BROWSER, timeout=20)

    def _block(self) -> str:
        assert self.process.stdout is not None
        said = ""
        for line in self.process.stdout:
            said += line
            if "Ctrl-C stops everything" in line:
                return said
        raise AssertionError(said)

    def nurture(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "nurture", *words],
            env=self.env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def set_up(self) -> None:
        """Follow the one-time link and fill in the form."""
        link = re.search(r"http://\S+/setup\?token=(\S+)", self.block)
        assert link is not None, self.block
        page = self.web.get(link.group(0))
        csrf = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert csrf is not None
        answers = {
            "csrf_token": csrf.group(1),
            "token": link.group(1),
            "name": "Ada Lindqvist",
            "email": "ada@lindqvist.example",
            "password": "a long enough sentence",
            "company_name": "Lindqvist Consulting",
            "postal_address": "Hafenweg 8, 48155 Münster, Germany",
            "timezone": "Europe/Berlin",
            "sender_name": "Ada Lindqvist",
            "sender_email": "ada@lindqvist.example",
        }
        assert self.web.post("/setup", data=answers).status_code in (302, 303)

    def api(self, key: str) -> httpx.Client:
        base = f"http://localhost:{self.port}/api/v1"
        return httpx.Client(base_url=base, headers={"Authorization": f"Bearer {key}"}, timeout=20)

    def mails(self) -> list[dict[str, str]]:
        answer = httpx.get(f"http://127.0.0.1:{self.catcher}/messages.json", timeout=20).json()
        return list(answer["messages"] if isinstance(answer, dict) else answer)

    def mail(self, number: object) -> email.message.EmailMessage:
        raw = httpx.get(f"http://127.0.0.1:{self.catcher}/messages/{number}.eml", timeout=20).content
        message = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(message, email.message.EmailMessage)
        return message

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
            self.process.wait(30)
        Home(Path(self.env["NURTURE_HOME"])).redis().stop()
        Home(Path(self.env["NURTURE_HOME"])).postgres().stop()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    one = Office(tmp_path)
    yield one
    one.stop()


def links(message: email.message.EmailMessage, door: str) -> list[str]:
    part = message.get_body(("html",))
    assert part is not None
    return [unescape(found) for found in re.findall(rf'="([^"]+/{door}/[^"]+)"', part.get_content())]


def wait_until(true: Callable[[], bool], what: str, beat: Callable[[], None] = lambda: None) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"in vain: {what}"
        beat()
        time.sleep(0.3)


def hot(sink: WebhookSink) -> list[dict[str, object]]:
    bodies = [json.loads(post.body) for post in sink.posts]
    return [body["data"] for body in bodies if body["type"] == "lead.hot"]


def test_two_commands_and_a_browser_do_the_whole_job(
    office: Office, webhook_sink: WebhookSink, tmp_path: Path
) -> None:
    office.set_up()
    key = office.nurture("key", "create", "CRM", "--role", "admin").stdout.strip().splitlines()[-1]
    api = office.api(key)
    endpoint = api.post("/webhook_endpoints", json={"url": webhook_sink.url, "types": []})
    assert endpoint.status_code == 201, endpoint.text

    assert office.nurture("campaigns", "check", "campaigns/consulting").returncode == 0
    loaded = office.nurture("campaigns", "load", "campaigns/consulting", "--publish")
    assert loaded.returncode == 0, loaded.stderr
    (tmp_path / "leads.csv").write_text(LEADS)
    imported = office.nurture(
        "leads", "import", str(tmp_path / "leads.csv"), "--consent", "marketing", "--source", "Fair", "--json"
    )
    assert imported.returncode == 0, imported.stderr

    read: set[object] = set()

    def katrin_reads_and_mira_leaves() -> None:
        for one in office.mails():
            if one["id"] in read:
                continue
            read.add(one["id"])
            message = office.mail(one["id"])
            if message["to"].addresses[0].addr_spec == KATRIN:
                assert office.web.get(links(message, "o")[0]).status_code == 200
                for link in links(message, "c")[:2]:
                    assert office.web.get(link).status_code == 302
            elif message["to"].addresses[0].addr_spec == MIRA:
                unsubscribe = str(message["list-unsubscribe"]).strip("<>")
                gone = office.web.post(unsubscribe, data={"List-Unsubscribe": "One-Click"})
                assert gone.status_code == 200

    wait_until(lambda: bool(hot(webhook_sink)), "a lead.hot webhook", katrin_reads_and_mira_leaves)
    data = hot(webhook_sink)[0]
    assert data["lead"]["email"] == KATRIN  # type: ignore[index]
    post = next(post for post in webhook_sink.posts if json.loads(post.body)["type"] == "lead.hot")
    Webhook(endpoint.json()["secret"]).verify(post.body.decode(), post.headers)

    answer = httpx.post(str(data["answer_url"]), json={"outcome": "accepted"}, timeout=20)
    assert answer.status_code == 200, answer.text
    outcome = api.post(
        f"/handoffs/{data['handoff_id']}/outcome", json={"outcome": "meeting", "at": "2026-12-01T09:00:00Z"}
    )
    assert outcome.status_code == 200, outcome.text
    lead = api.get("/leads", params={"q": KATRIN}).json()["data"][0]
    assert lead["stage"] == "opportunity"

    office.nurture("stop-sending")
    time.sleep(2)
    assert len([one for one in office.mails() if one["to"] == MIRA]) == 1
    assert len(hot(webhook_sink)) == 1
    sent = api.get("/deliveries", params={"state": "sent", "limit": 500}).json()["data"]
    assert len(sent) == len(office.mails())

    began = time.monotonic()
    office.stop()
    assert time.monotonic() - began < 25
