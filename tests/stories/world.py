"""A small world around a runtime: time passes, the pumps turn, people read their mail and act on it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import unescape
from types import TracebackType
from urllib.parse import urlsplit

from werkzeug.test import Client, TestResponse

from nurture.buffers.stream import HitStream, StreamFeed, quick_client
from nurture.files.link_cache import LinkCache
from nurture.files.spool import Spool
from nurture.flows.links import link_source
from nurture.jobs.streams import Stream
from nurture.runtime import Runtime
from nurture.web.tracking import TrackingDoor
from tests.applications import application
from tests.clock import StandingClock
from tests.sinks import AcceptedMail, SmtpSink, as_seen

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass(frozen=True)
class Letter:
    """A mail as a person sees it: its links are where a click goes."""

    mail: AcceptedMail
    at: datetime

    @property
    def recipient(self) -> str:
        return self.mail.recipient

    @property
    def subject(self) -> str:
        return str(self.mail.message["subject"])

    @property
    def pixel(self) -> str:
        return self._addresses(r'src="([^"]+/o/[^"]+)"')[0]

    @property
    def links(self) -> list[str]:
        return self._addresses(r'href="([^"]+/c/[^"]+)"')

    @property
    def every_link(self) -> list[str]:
        """What a program follows that reads no styles: the link that nobody sees among them."""
        return [unescape(one) for one in re.findall(r'href="([^"]+/c/[^"]+)"', self.mail.part("html"))]

    @property
    def unsubscribe(self) -> str:
        return str(self.mail.message["List-Unsubscribe"]).strip("<>")

    def _addresses(self, pattern: str) -> list[str]:
        return [unescape(found) for found in re.findall(pattern, as_seen(self.mail.part("html")))]


Reader = Callable[["World", Letter], None]


@dataclass
class World:
    """`readers` say what each address does with a letter, some time after it came."""

    runtime: Runtime
    clock: StandingClock
    smtp: SmtpSink
    streams: list[Stream]
    readers: dict[str, Reader] = field(default_factory=dict)
    read_after: timedelta = timedelta(minutes=45)
    _seen: int = 0
    _letters: list[Letter] = field(default_factory=list)
    _unread: list[Letter] = field(default_factory=list)

    def __post_init__(self) -> None:
        home = self.runtime.settings.home
        self.links = LinkCache(home / "links.jsonl", link_source(self.runtime.sessions))
        door = TrackingDoor(
            application(self.runtime),
            ring=self.runtime.ring,
            spool=Spool(home / "spool"),
            stream=StreamFeed(HitStream(quick_client(self.runtime.addresses.redis_url))),
            links=self.links,
            now=self.runtime.now,
        )
        self.door = Client(door)

    def __enter__(self) -> "World":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nobody looks for links any more."""
        self.links.close()

    @property
    def letters(self) -> list[Letter]:
        return self._letters

    def letters_to(self, recipient: str) -> list[Letter]:
        return [letter for letter in self._letters if letter.recipient == recipient]

    def live(
        self,
        until: Callable[[], bool] = lambda: False,
        *,
        step: timedelta = timedelta(minutes=30),
        **span: float,
    ) -> None:
        """Let this much time pass, or less when `until` says so."""
        end = self.clock.moment + timedelta(**span)
        self.work()
        while self.clock.moment < end and not until():
            self.clock.moment += step
            self.work()

    def work(self) -> None:
        """Turn the pumps until nothing is due; people then read what is old enough, and so on."""
        while True:
            self._pump()
            self._collect()
            due = [one for one in self._unread if one.at + self.read_after <= self.clock.moment]
            if not due:
                return
            self._unread = [one for one in self._unread if one not in due]
            for letter in due:
                self.readers[letter.recipient](self, letter)

    def open(self, letter: Letter) -> None:
        assert self._get(letter.pixel).status_code == 200

    def click(self, letter: Letter, number: int = 0) -> TestResponse:
        answer = self._get(letter.links[number])
        assert answer.status_code == 302
        return answer

    def _get(self, address: str) -> TestResponse:
        return self.door.get(urlsplit(address).path, headers={"User-Agent": BROWSER})

    def _pump(self) -> None:
        while sum(stream.serve(self.clock.moment) for stream in self.streams):
            pass

    def _collect(self) -> None:
        fresh = self.smtp.mails[self._seen :]
        self._seen += len(fresh)
        letters = [Letter(mail, self.clock.moment) for mail in fresh]
        self._letters += letters
        self._unread += [one for one in letters if one.recipient in self.readers]


def reads_all(world: World, letter: Letter) -> None:
    """Opens each mail and follows its first two links, a while apart."""
    world.open(letter)
    for number in range(min(2, len(letter.links))):
        world.clock.advance(seconds=40)
        world.click(letter, number)


def never_reads(world: World, letter: Letter) -> None:
    """Lets it lie."""


def leaves(world: World, letter: Letter) -> None:
    """Presses the one-click unsubscribe of the mail program."""
    answer = world.door.post(urlsplit(letter.unsubscribe).path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
