"""Who looks at the mails that came, while everything around the tracking door is killed: people, each from
their own address, and machines that fetch whatever they find. What was asked and answered is kept."""

import email
import email.policy
import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from bench.faults._server import Accepted, FaultyServer
from tests.stories.office import BROWSER, Office, links

OPEN, CLICK = "open", "click"
MACHINE = {"User-Agent": "ExampleMailScanner/2.1 (link check; +https://scanner.example/bot)"}
_MESSAGE_ID = re.compile(rb"^Message-ID: <([0-9a-f-]{36})@", re.M)
# Two minutes by the fast clock: nobody has read a mail sooner.
_READ_AFTER = 2.0
_AT_A_TIME = 6


@dataclass(frozen=True)
class Look:
    """One request at the door for a mail. `answered`: the door said that it has it."""

    message_id: str
    kind: str
    machine: bool
    answered: bool


@dataclass
class Readers:
    """`looks` is everything that was asked, in order. Only mails whose answer was sent are looked at: those
    in doubt are left to the end of the round."""

    office: Office
    server: FaultyServer
    dice: random.Random
    looks: list[Look] = field(default_factory=list)
    _seen: int = 0

    def turn(self) -> None:
        """The next of those that have lain there for a while are read, or not."""
        before = time.monotonic() - _READ_AFTER
        for one in self.server.taken[self._seen : self._seen + _AT_A_TIME]:
            if one.at > before:
                return
            self._seen += 1
            if one.told and (match := _MESSAGE_ID.search(one.data)):
                self._look(one, match[1].decode())

    def _look(self, one: Accepted, message_id: str) -> None:
        """A person follows each mail's link once at most: two mails do not yet make anybody warm enough to
        leave their chain before the second has come."""
        habit = self.dice.choices(("reads", "glances", "scans", "ignores"), weights=(5, 2, 2, 2))[0]
        pixel, target = (_path(one, door) for door in "oc")
        if habit in ("reads", "glances"):
            self._ask(message_id, OPEN, pixel)
        if habit == "reads":
            self._ask(message_id, CLICK, target)
        if habit == "scans":
            for _again in range(2):
                self._ask(message_id, OPEN, pixel, machine=True)
                self._ask(message_id, CLICK, target, machine=True)

    def _ask(self, message_id: str, kind: str, path: str, *, machine: bool = False) -> None:
        number = len(self.looks)
        address = f"198.51.{number // 250 % 250}.{number % 250}"
        headers = {**(MACHINE if machine else BROWSER), "X-Forwarded-For": address}
        try:
            status = self.office.web.get(path, headers=headers).status_code
        except httpx.TransportError:
            status = 0
        self.looks.append(Look(message_id, kind, machine, status in (200, 302)))


def _path(one: Accepted, door: str) -> str:
    message = email.message_from_bytes(one.data, policy=email.policy.default)
    return urlsplit(links(message, door)[0]).path


def answered(looks: Sequence[Look]) -> Iterator[Look]:
    """Those that the door said it has."""
    return (one for one in looks if one.answered)
