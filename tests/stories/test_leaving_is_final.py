"""Whoever leaves gets no more mails, by whatever door, although the next mail waits in the queue already;
a pump runs all the while. Looking at a link changes nothing."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from nurture.app import create_app
from nurture.flows.import_leads import ImportOptions, import_leads
from nurture.flows.inbound import secret_of
from nurture.flows.keys import create_key
from nurture.flows.leads import erase_lead
from nurture.flows.sending import resume_sending, stop_sending
from nurture.jobs.pump import pump
from nurture.jobs.streams import streams
from nurture.runtime import Runtime
from tests.flows.mailroom import Mailroom, mailer
from tests.sinks import AcceptedMail, SmtpSink
from tests.stories.office import wait_until

BOUNCES = "bounce.news.example"


@dataclass
class House:
    """`anna` and `bert` have had a first mail; a second one waits for both, and sending is held."""

    runtime: Runtime
    room: Mailroom
    sink: SmtpSink
    client: FlaskClient
    anna: int
    bert: int

    @property
    def mail(self) -> AcceptedMail:
        return self.sink.to("anna@leads.example")[0]

    @property
    def leaving(self) -> str:
        """The path behind the unsubscribe link."""
        found = re.search(r"<(https?://[^>]+)>", str(self.mail.message["List-Unsubscribe"]))
        assert found is not None
        return urlsplit(found[1]).path

    def by_mail(self, raw: str) -> None:
        answer = self.client.post(f"/in/mail/{secret_of(self.runtime.ring)}", data=raw.encode())
        assert answer.status_code == 200

    def go_on(self) -> None:
        """Let the queue go out and wait for Bert's mail, which stands behind Anna's."""
        with self.runtime.sessions.begin() as session:
            resume_sending(session, by="test", now=self.runtime.now())
        self.runtime.wake("deliver")
        wait_until(lambda: len(self.sink.to("bert@leads.example")) == 2, "Bert's second mail", pause=0.05)

    def anna_got(self) -> int:
        return len(self.sink.to("anna@leads.example"))


@pytest.fixture
def house(runtime: Runtime, smtp_sink: SmtpSink) -> Iterator[House]:
    runtime = replace(runtime, settings=replace(runtime.settings, bounce_domain=BOUNCES))
    room = Mailroom(runtime.sessions, runtime.settings.home, mailer(smtp_sink.url), runtime.now())
    house = House(
        runtime, room, smtp_sink, create_app(runtime).test_client(), room.lead("Anna"), room.lead("Bert")
    )
    stop = threading.Event()
    with streams(runtime) as work:
        turn = threading.Thread(
            target=pump, args=(work, runtime.now, lambda seconds: time.sleep(min(seconds, 0.05)), stop),
            kwargs={"seconds": 300},
        )  # fmt: skip
        turn.start()
        try:
            for lead_id in (house.anna, house.bert):
                room.queue(lead_id)
            wait_until(lambda: len(smtp_sink.mails) == 2, "the first mails", pause=0.05)
            with runtime.sessions.begin() as session:
                stop_sending(session, by="test", now=runtime.now())
            for lead_id in (house.anna, house.bert):
                room.queue(lead_id, step_key="second")
            yield house
        finally:
            stop.set()
            turn.join(30)


def one_click(house: House) -> None:
    answer = house.client.post(house.leaving, data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, answer.headers.get("Location")) == (200, None)


def page(house: House) -> None:
    shown = house.client.get(house.leaving).text
    form = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', shown))
    assert house.client.post(house.leaving, data=form).status_code == 200


def preferences(house: House) -> None:
    path = re.search(r'"https?://[^/"]+(/p/[^"]+)"', house.mail.part("html"))
    assert path is not None
    assert house.client.post(path[1], data={"saved": "1"}).status_code in (200, 302)


def reply(house: House) -> None:
    house.by_mail(
        f"From: anna@leads.example\nTo: anna@news.example\nSubject: Re: A case for Anna\n"
        f"In-Reply-To: {house.mail.message['Message-ID']}\n\nUnsubscribe, please!\n\nSent from my phone\n"
    )


def mailto(house: House) -> None:
    address = re.search(r"<mailto:([^?>]+)", str(house.mail.message["List-Unsubscribe"]))
    assert address is not None
    house.by_mail(f"From: anna@leads.example\nTo: {address[1]}\nSubject: unsubscribe\n\n")


def complaint(house: House) -> None:
    house.by_mail(
        "From: feedback@provider.example\nTo: abuse@news.example\nSubject: complaint\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="a"\n\n--a\n'
        "Content-Type: text/plain\n\nThis is a report.\n--a\nContent-Type: message/feedback-report\n\n"
        "Feedback-Type: abuse\nVersion: 1\nUser-Agent: Some/1\n\n--a\nContent-Type: message/rfc822\n\n"
        f"Message-ID: {house.mail.message['Message-ID']}\nTo: anna@leads.example\n\nHello\n--a--\n"
    )


def api(house: House) -> None:
    with house.runtime.sessions.begin() as session:
        key = create_key(session, "crm", "admin", now=house.runtime.now())
    answer = house.client.patch(
        f"/api/v1/leads/{house.anna}",
        json={"consent": {"marketing": False}},
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("door", [one_click, page, preferences, reply, mailto, complaint, api])
def test_by_every_door_leaving_acts_on_a_mail_that_waits(house: House, door: Callable[[House], None]) -> None:
    door(house)
    house.go_on()
    assert house.anna_got() == 1


def test_looking_at_the_links_changes_nothing(house: House) -> None:
    for verb in (house.client.get, house.client.head):
        assert verb(house.leaving).status_code == 200
        assert verb(f"{house.leaving}?List-Unsubscribe=One-Click").status_code == 200
    house.go_on()
    wait_until(lambda: house.anna_got() == 2, "Anna's second mail", pause=0.05)


@pytest.mark.parametrize("erased", [False, True])
def test_who_left_is_not_brought_back_by_a_file(house: House, tmp_path: Path, erased: bool) -> None:
    one_click(house)
    if erased:
        with house.runtime.sessions.begin() as session:
            erase_lead(
                session,
                house.anna,
                home=house.runtime.settings.home,
                pepper=house.runtime.pepper,
                now=house.runtime.now(),
                by="test",
            )
    file = tmp_path / "again.csv"
    file.write_text("email,first_name\nANNA@leads.example ,Anna\n")
    done = import_leads(
        house.runtime.sessions,
        file,
        ImportOptions(consent="marketing"),
        home=house.runtime.settings.home,
        pepper=house.runtime.pepper,
        base_url=house.runtime.settings.base_url,
        now=house.runtime.now(),
    )
    assert done.not_mailable
    with house.runtime.sessions() as session:
        anna = session.scalar(text("SELECT max(id) FROM lead WHERE email_norm = 'anna@leads.example'"))
    if anna is not None:
        house.room.queue(anna, step_key="third")
    house.go_on()
    assert house.anna_got() == 1
