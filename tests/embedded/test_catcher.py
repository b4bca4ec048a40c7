"""The mail catcher through its two doors: SMTP in, HTTP out."""

import json
import smtplib
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from nurture.embedded.catcher.box import Box
from nurture.embedded.catcher.receive import choose_port, recorded_port
from nurture.embedded.catcher.serve import serve
from nurture.embedded.home import Home
from nurture.embedded.ports import any_free, is_free
from nurture.errors import Unavailable


class Catcher:
    """A running catcher, as a person and a script see it."""

    def __init__(self, home: Home, page: int, smtp: int) -> None:
        self.home = home
        self.page = page
        self.smtp = smtp

    def send(self, message: EmailMessage) -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=10) as server:
            server.send_message(message)

    def get(self, path: str, host: str | None = None) -> tuple[int, str, dict[str, str]]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.page}{path}")
        if host:
            request.add_header("Host", host)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), dict(error.headers)


@pytest.fixture
def catcher(tmp_path: Path) -> Iterator[Catcher]:
    home = Home(tmp_path / "home")
    home.make()
    page, stop, heard, ports = any_free("127.0.0.1"), threading.Event(), threading.Event(), []

    def started(port: int) -> None:
        ports.append(port)
        heard.set()

    thread = threading.Thread(
        target=serve, args=(home, ("127.0.0.1", page)), kwargs={"started": started, "stop": stop}
    )
    thread.start()
    assert heard.wait(10)
    yield Catcher(home, page, ports[0])
    stop.set()
    thread.join(10)


def mail(subject: str = "Grüße aus Köln", html: str = "<p>Hello</p>") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Anna <anna@sender.example>"
    message["To"] = "ben@lead.example"
    message["Subject"] = subject
    message["Date"] = "Tue, 03 Mar 2026 10:00:00 +0000"
    message.set_content("Hello in plain words")
    message.add_alternative(html, subtype="html")
    return message


def test_a_sent_mail_is_listed_for_scripts_and_for_people(catcher: Catcher) -> None:
    catcher.send(mail("The first"))
    catcher.send(mail())

    newest, oldest = json.loads(catcher.get("/messages.json")[1])

    assert oldest["subject"] == "The first"
    assert newest["subject"] == "Grüße aus Köln"
    assert newest["from"] == "Anna <anna@sender.example>"
    assert newest["to"] == "ben@lead.example"
    assert newest["date"] == "Tue, 03 Mar 2026 10:00:00 +0000"
    assert newest["size"] == len(catcher.get(f"/messages/{newest['id']}.eml")[1].encode())
    assert "Grüße aus Köln" in catcher.get("/")[1]
    assert "The first" not in catcher.get("/?q=k%C3%B6ln")[1]


def test_one_mail_is_shown_as_html_as_text_with_headers_and_source(catcher: Catcher) -> None:
    catcher.send(mail())

    page = catcher.get("/messages/1")[1]

    assert 'sandbox="allow-popups' in page
    assert "Hello in plain words" in page
    assert "MIME-Version" in page
    assert catcher.get("/messages/1/html")[1].strip() == '<base target="_blank"><p>Hello</p>'


def test_a_hostile_mail_runs_nothing(catcher: Catcher) -> None:
    message = mail("<script>alert(1)</script>", "<script>alert(2)</script>")
    message.add_header("X-Odd", "<img src=x onerror=alert(3)>")
    catcher.send(message)

    assert "<script>" not in catcher.get("/")[1]
    page = catcher.get("/messages/1")[1]
    assert "<script>" not in page
    assert "<img" not in page
    _, _, headers = catcher.get("/messages/1/html")
    assert headers["Content-Security-Policy"].startswith("sandbox allow-popups")
    assert "script-src" not in headers["Content-Security-Policy"]
    assert catcher.get("/messages/1.eml")[2]["Content-Type"] == "text/plain; charset=utf-8"


def test_a_mail_with_broken_headers_is_still_shown(catcher: Catcher) -> None:
    head = b"From: =?x-none?q?=ff?=\r\nTo: <<>>,,;:\r\nSubject: =?utf-8?b?@@@?=\r\n"
    raw = head + b"Content-Type: text/plain; charset=nope\r\n\r\nhi \xff\r\n"
    with smtplib.SMTP("127.0.0.1", catcher.smtp, timeout=10) as server:
        server.sendmail("a@b.example", ["c@d.example"], raw)

    assert catcher.get("/")[0] == 200
    status, page, _ = catcher.get("/messages/1")
    assert status == 200
    assert "hi" in page


def test_a_stranger_site_cannot_read_the_mails_under_another_name(catcher: Catcher) -> None:
    assert catcher.get("/messages.json", host="evil.example:8025")[0] == 421
    assert catcher.get("/messages.json", host="localhost:8025")[0] == 200


def test_an_unknown_mail_is_a_kind_404(catcher: Catcher) -> None:
    status, page, _ = catcher.get("/messages/99")
    assert status == 404
    assert "no such mail" in page
    assert catcher.get("/messages/../../etc/passwd")[0] == 404


def test_the_port_is_kept_for_the_next_start(catcher: Catcher) -> None:
    assert recorded_port(catcher.home.run) == catcher.smtp


def test_a_port_that_was_taken_meanwhile_is_replaced(catcher: Catcher) -> None:
    assert choose_port(catcher.home.run) != catcher.smtp  # it is in use


def test_a_taken_page_port_is_one_sentence(catcher: Catcher, tmp_path: Path) -> None:
    assert not is_free(("127.0.0.1", catcher.page))
    other = Home(tmp_path / "other")
    other.make()
    with pytest.raises(Unavailable, match="NURTURE_CATCHER_BIND"):
        serve(other, ("127.0.0.1", catcher.page), started=lambda port: None, stop=threading.Event())


def test_only_the_newest_mails_are_kept(tmp_path: Path) -> None:
    box = Box(tmp_path / "box", kept=3)
    for number in range(1, 6):
        box.add(b"Subject: mail %d\r\n\r\nhello\r\n" % number, sender="a@b.example", to="c@d.example")

    assert [summary.subject for summary in box.newest_first()] == ["mail 5", "mail 4", "mail 3"]
    assert len(list((tmp_path / "box").iterdir())) == 6
    assert box.raw(1) is None


def test_the_box_goes_on_where_it_was_left(tmp_path: Path) -> None:
    Box(tmp_path / "box").add(b"Subject: one\r\n\r\n", sender="a@b.example", to="c@d.example")
    (tmp_path / "box" / "00000009.json").write_text("{cut")

    box = Box(tmp_path / "box")

    assert [summary.subject for summary in box.newest_first()] == ["one"]
    assert box.add(b"Subject: two\r\n\r\n", sender="a@b.example", to="c@d.example").id == 2
