"""Hands finished mails to a mail server over connections that stay open, several at once.

One thread drives them all: whichever the server has answered goes on, and the next mails are rendered
while it works. Another connection is opened only while all of them wait and mails stand ready, so a
server close by sees one or two and a distant one as many as it is allowed. A refused recipient concerns
nobody else.
"""

import select
import threading
from collections import deque
from collections.abc import Iterator
from time import monotonic

from nurture.mail.envelopes import Envelope, Mails, Marker, Pause, Transport, TransportDown
from nurture.mail.replies import BEFORE_DOT, IN_BODY, Lost, Outcome
from nurture.mail.smtp_sign_in import Patience, sign_in, unreachable
from nurture.mail.smtp_url import SmtpUrl
from nurture.mail.smtp_wire import Settled, Wire

__all__ = ["Envelope", "Mailer", "Marker", "Patience", "Transport", "TransportDown"]

_AHEAD = 2
_LOOK_SECONDS = 0.05
# So long all connections wait, with mails ready, before there is one more of them.
_CROWDED_SECONDS = 0.02
# A server that refuses one more connection is not asked again for so long.
_CONTENT_SECONDS = 60.0
# So many connections in a row that broke off over a mail and carried nothing: it is not about the mails.
_MOST_BARREN = 3


class Mailer:
    """One server, up to `connections` at once, kept open between calls. Not for two threads at once."""

    def __init__(
        self,
        url: SmtpUrl,
        *,
        helo: str = "localhost",
        patience: Patience | None = None,
        most_per_connection: int = 1000,
        connections: int = 1,
    ) -> None:
        self.url = url
        self._helo = helo
        self._patience = patience or Patience()
        self._most = most_per_connection
        self._most_wires = connections
        self._content_until = 0.0
        self._wires: list[Wire] = []

    def send(
        self, envelopes: Mails, on_dot: Marker, *, just_in_time: bool = False
    ) -> Iterator[tuple[Envelope, Outcome]]:
        """As Transport says. After a lost connection a new one is tried once for the mails not begun; raises
        TransportDown when it cannot be had."""
        crossing = _Crossing(self, envelopes, on_dot, just_in_time=just_in_time)
        finished = False
        try:
            yield from crossing.run()
            finished = True
        finally:
            if not finished:
                self._drop()

    def check(self) -> None:
        """Connect and sign in. Raises TransportDown with the sentence."""
        self.usable()

    def close(self) -> None:
        """Say goodbye. The mailer can be used again."""
        for wire in self._wires:
            wire.quit()
        self._wires = []

    def usable(self) -> list[Wire]:
        """The open connections, at least one. Raises TransportDown."""
        self._wires = [wire for wire in self._wires if not wire.closed]
        if not self._wires:
            self._wires.append(self.dial())
        return self._wires

    def dial(self) -> Wire:
        """One more connection. Raises TransportDown."""
        return Wire(sign_in(self.url, self._helo, self._patience), self._patience, self._most)

    @property
    def has_room(self) -> bool:
        """Whether one more connection may be tried now."""
        return len(self._wires) < self._most_wires and monotonic() >= self._content_until

    def add(self, wire: Wire | None) -> None:
        """One more connection; None: the server did not want it."""
        if wire is None:
            self._content_until = monotonic() + _CONTENT_SECONDS
        else:
            self._wires.append(wire)

    def gone(self, reason: str) -> str:
        """The sentence about this server being away."""
        return unreachable(self.url, reason)

    def _drop(self) -> None:
        """Without goodbye: the conversations may be in the middle of something."""
        for wire in self._wires:
            wire.hang_up()
        self._wires = []


class _Crossing:
    """One call of `send`: mails waiting on this side, wires to carry them. Usually the next mails are made
    ready, and announced behind the ones before, while the server works; not so just in time."""

    def __init__(self, mailer: Mailer, envelopes: Mails, on_dot: Marker, *, just_in_time: bool) -> None:
        self._mailer = mailer
        self._rest = iter(envelopes)
        self._just_in_time = just_in_time
        self._ahead = 0 if just_in_time else _AHEAD
        self._ready: deque[Envelope] = deque()
        self._all_taken = False
        self._paused_until = 0.0
        self._on_dot = on_dot
        self._poll = select.epoll()
        self._watched: dict[int, Wire] = {}
        self._extra = _Extra(mailer)
        self._halted = ""
        self._barren = 0

    def run(self) -> Iterator[Settled]:
        try:
            while self._go_on():
                for wire in self._mailer.usable():
                    self._watch(wire)
                    if wire.idle and (envelope := self._take()) is not None:
                        wire.begin(envelope)
                        self._watch(wire)
                yield from self._events()
            if self._halted:
                yield from self._never_begun()
        finally:
            self._extra.give_up()
            self._poll.close()

    def _go_on(self) -> bool:
        """Whether there is anything to begin or to wait for."""
        if any(not wire.idle for wire in self._watched.values()):
            return True
        return not self._halted and (self._filled(1) or not self._all_taken)

    def _events(self) -> Iterator[Settled]:
        """What has come in by now. While nothing has, one more mail is made ready, or the wires are waited
        for."""
        events = self._poll.poll(0)
        if not events:
            if self._may_fill and len(self._ready) < self._ahead * len(self._watched):
                self._filled(len(self._ready) + 1)
                events = self._poll.poll(0)
            else:
                self._extra.consider(crowded=bool(self._ready) or (self._just_in_time and self._may_fill))
                events = self._poll.poll(self._patience())
        for fd, event in events:
            wire = self._watched.get(fd)
            if wire is None:
                continue
            if event & select.EPOLLOUT:
                wire.write()
            if event & ~select.EPOLLOUT:
                wire.read()
            yield from self._settled(wire)
        if not events:
            yield from self._look_at_the_clock()

    def _settled(self, wire: Wire) -> Iterator[Settled]:
        broke_in_body = False
        while (settled := wire.settle(self._on_dot, self._take_behind)) is not None:
            self._halted = self._halted or wire.halted
            broke_in_body = isinstance(settled[1], Lost) and settled[1].phase == IN_BODY
            yield settled
        self._halted = self._halted or wire.halted
        if wire.worn and wire.idle:
            wire.quit()
        if wire.closed:
            yield from self._part_with(wire, broke_in_body=broke_in_body)
        else:
            self._watch(wire)

    def _look_at_the_clock(self) -> Iterator[Settled]:
        now = monotonic()
        for wire in list(self._watched.values()):
            wire.late(now)
            if wire.closed:
                yield from self._settled(wire)

    def _part_with(self, wire: Wire, *, broke_in_body: bool) -> Iterator[Settled]:
        """Take back what it had not begun. One that never carried anything says that the server is away,
        unless it broke off over a recipient or in a body: that may be about them, until it has happened
        several times."""
        self._watched.pop(wire.fd, None)
        parted_over = wire.parted_over()
        self._ready.extendleft(reversed(wire.left()))
        self._barren = self._barren + 1 if wire.answered == 0 else 0
        if parted_over is not None:
            yield parted_over
        patient = (parted_over is not None or broke_in_body) and self._barren < _MOST_BARREN
        if wire.answered == 0 and not patient and not self._watched and not self._halted:
            raise TransportDown(self._mailer.gone(wire.last_words))

    def _watch(self, wire: Wire) -> None:
        wanted = select.EPOLLIN | (select.EPOLLOUT if wire.writing else 0)
        if wire.fd not in self._watched or self._watched[wire.fd] is not wire:
            self._poll.register(wire.fd, wanted)
            self._watched[wire.fd] = wire
            wire.watched_for = wanted
        elif wire.watched_for != wanted:
            self._poll.modify(wire.fd, wanted)
            wire.watched_for = wanted

    def _take(self) -> Envelope | None:
        return self._ready.popleft() if not self._halted and self._filled(1) else None

    def _take_behind(self) -> Envelope | None:
        return None if self._just_in_time else self._take()

    def _filled(self, many: int) -> bool:
        """Have this many mails rendered; whether any is ready."""
        while len(self._ready) < many and self._may_fill:
            envelope = next(self._rest, None)
            if envelope is None:
                self._all_taken = True
            elif isinstance(envelope, Pause):
                self._paused_until = monotonic() + envelope.seconds
            else:
                self._ready.append(envelope)
        return bool(self._ready)

    @property
    def _may_fill(self) -> bool:
        return not self._all_taken and monotonic() >= self._paused_until

    def _patience(self) -> float:
        """How long to wait for the wires at most, in seconds."""
        if self._extra.asking:
            return _LOOK_SECONDS
        soonest = min([wire.until for wire in self._watched.values()], default=float("inf"))
        now = monotonic()
        if not self._all_taken and self._paused_until > now:
            soonest = min(soonest, self._paused_until)
        return min(max(0.0, soonest - now), 1.0)

    def _never_begun(self) -> Iterator[Settled]:
        yield from ((one, Lost(BEFORE_DOT, self._halted)) for one in self._ready)
        yield from ((one, Lost(BEFORE_DOT, self._halted)) for one in self._rest if isinstance(one, Envelope))


class _Extra:
    """Opens one more connection in a thread, so that a slow greeting holds nobody up."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._came: Wire | None = None
        self._given_up = False
        self._crowded_since: float | None = None

    @property
    def asking(self) -> bool:
        return self._thread is not None

    def consider(self, *, crowded: bool) -> None:
        """Called while all wires wait; `crowded`: and mails stand ready."""
        if self._thread is not None:
            if not self._thread.is_alive():
                self._thread.join()
                self._thread = None
                self._mailer.add(self._came)
                self._came = None
            return
        now = monotonic()
        if not crowded or not self._mailer.has_room:
            self._crowded_since = None
        elif self._crowded_since is None:
            self._crowded_since = now
        elif now - self._crowded_since >= _CROWDED_SECONDS:
            self._crowded_since = None
            self._thread = threading.Thread(target=self._dial, name="smtp-dial", daemon=True)
            self._thread.start()

    def give_up(self) -> None:
        """Nobody waits for a connection that has not come by now; one that has stays for the next call."""
        with self._lock:
            self._given_up = True
            if self._came is not None:
                self._mailer.add(self._came)

    def _dial(self) -> None:
        try:
            wire = self._mailer.dial()
        except TransportDown:
            return
        with self._lock:
            self._came = wire
            late = self._given_up
        if late:
            wire.quit()
