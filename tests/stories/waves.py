"""Some hundred leads that all get one letter, and a slow mail server that writes down what it accepts."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.sinks import AcceptedMail, SmtpSink
from tests.stories.office import Office, links, wait_until

PROGRAM = """\
program: letter
name: One letter
timezone: Europe/Berlin
chains:
  cold:
    enter: {when: {consent: marketing}}
    steps:
      - send: letter
"""
LETTER = """\
---
name: The letter
subject: Three numbers for {{ lead.first_name }}
---
Hello {{ lead.first_name }}, [here are the three numbers](https://www.example.com/numbers).
"""
READ_AFTER = 2.0  # seconds, two minutes of virtual time: by then a chunk is recorded as sent
ENDED = ("sent", "failed", "skipped", "cancelled", "uncertain")


class SlowSink(SmtpSink):
    """Accepts a mail, writes it down, and only then takes its time to say so, on each connection by itself.
    It can hang up on everybody, close, and open again at the same place."""

    pause = 0.1

    def __init__(self, login: tuple[str, str] | None = None) -> None:
        super().__init__(login)
        self.accepted_at: dict[str, float] = {}
        self._guests: set[asyncio.Transport] = set()

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self._guests.add(server.transport)
        return responses

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        for recipient in envelope.rcpt_tos:
            self.accepted_at[recipient] = time.monotonic()
        await asyncio.sleep(self.pause)
        return answer

    def hang_up(self) -> None:
        """End every conversation, in the middle of whatever it is at."""
        for guest in self._guests:
            self._controller.loop.call_soon_threadsafe(guest.abort)
        self._guests.clear()

    def close(self) -> None:
        self.hang_up()
        self._controller.stop()

    def open(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **self._door())
        self._controller.start()

    def _door(self) -> dict[str, Any]:
        if self.login is None:
            return {}
        return {"auth_required": True, "auth_require_tls": False, "authenticator": self._authenticate}


@dataclass
class Wave:
    """Some hundred leads that get the letter, and what became of it. Every reader follows its link once."""

    office: Office
    sink: SlowSink
    name: str
    size: int
    clicks: int = 0
    _seen: int = field(default=0)

    def address(self, number: int) -> str:
        """Each at a company of their own: many of one company at once would look like its scanner."""
        return f"{self.name}-{number}@firm-{number}.example"

    def bring_in(self, folder: Path) -> None:
        rows = (f"{self.address(number)},Katrin" for number in range(self.size))
        file = folder / f"{self.name}.csv"
        file.write_text("\n".join(["email,first_name", *rows]))
        self._seen = len(self.sink.mails)
        self.office.done("leads", "import", str(file), "--consent", "marketing")

    @property
    def taken(self) -> list[AcceptedMail]:
        return [mail for mail in list(self.sink.mails) if mail.recipient.startswith(f"{self.name}-")]

    def states(self) -> Counter[str]:
        found = self.office.rows(
            "SELECT d.state, count(*) FROM delivery d JOIN lead l ON l.id = d.lead_id"
            " WHERE l.email_norm LIKE %(like)s GROUP BY 1",
            like=f"{self.name}-%",
        )
        return Counter(dict(found))

    def settled(self) -> bool:
        states = self.states()
        return sum(states[state] for state in ENDED) == self.size

    def read(self) -> None:
        """Follow the link of every mail that has lain there for a while, as readers do."""
        before = time.monotonic() - READ_AFTER
        waiting = self.sink.mails[self._seen : self._seen + 20]
        fresh = [mail for mail in waiting if self.sink.accepted_at[mail.recipient] < before]
        for mail in fresh:
            target = self.office.web.get(urlsplit(links(mail.message, "c")[0]).path)
            assert target.status_code == 302
            assert target.headers["location"] == "https://www.example.com/numbers"
        self._seen += len(fresh)
        self.clicks += len(fresh)

    def all_read(self) -> bool:
        return self._seen == len(self.sink.mails)

    def recorded_clicks(self) -> int:
        return self._number("hit h ON h.lead_id = l.id", "h.kind = 'click'")

    def human_clicks(self) -> int:
        return self._number("hit h ON h.lead_id = l.id", "h.kind = 'click' AND h.verdict = 'human'")

    def rated_clicks(self) -> int:
        return self._number("signal s ON s.lead_id = l.id", "s.kind = 'clicked'")

    def _number(self, joined: str, condition: str) -> int:
        return self.office.number(
            f"SELECT count(*) FROM lead l JOIN {joined} WHERE {condition} AND l.email_norm LIKE %(like)s",
            like=f"{self.name}-%",
        )

    def grown_by(self, number: int) -> float:
        """Seconds until so many more mails were accepted."""
        before = len(self.sink.mails)
        return wait_until(
            lambda: len(self.sink.mails) >= before + number or self.settled(),
            f"{number} more mails", self.read, patience=60, pause=0.05,
        )  # fmt: skip

    def nothing_lost_or_doubled(self) -> None:
        """Every delivery came to its end, with one mail in the sink; every click stands and is rated."""
        wait_until(self.settled, f"the end of {self.name}", self.read, patience=90, pause=0.05)
        wait_until(self.all_read, "all mails read", self.read, patience=60, pause=0)
        wait_until(lambda: self.recorded_clicks() >= self.clicks, "all clicks recorded", patience=60)
        wait_until(
            lambda: not self.office.number("SELECT count(*) FROM unrated_signal"), "rated", patience=60
        )
        # A click becomes a signal when it has stood for a while and nothing speaks against it.
        wait_until(
            lambda: self.rated_clicks() == self.human_clicks(),
            f"human clicks rated, {self.rated_clicks()} of {self.human_clicks()} at first",
            patience=60,
        )
        self.each_once(self.states()["uncertain"])
        assert self.clicks == len(self.taken)
        assert self.recorded_clicks() == self.clicks
        # In fast time, a mail whose sender was killed is recorded as sent after its reader's minute is over:
        # such clicks look too early for a person, how many depends on the load of the machine.
        assert self.human_clicks() > 0

    def each_once(self, uncertain: int = 0) -> None:
        counts = Counter(mail.recipient for mail in self.taken)
        assert max(counts.values()) == 1, "a mail came twice"
        assert self.states()["sent"] + uncertain == self.size
        assert self.size - uncertain <= len(counts) <= self.size


def publish_letter(office: Office, folder: Path) -> None:
    """A program of one mail that everybody with consent enters at once, live."""
    mails = folder / "letter/mails"
    mails.mkdir(parents=True)
    (folder / "letter/program.yaml").write_text(PROGRAM)
    (mails / "letter.md").write_text(LETTER)
    office.done("campaigns", "load", str(folder / "letter"), "--publish")
