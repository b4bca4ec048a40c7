"""One transport at work: a thread that sends chunk after chunk over it, so that one that hangs holds up only
its own mails."""

import threading
from collections import deque
from collections.abc import Callable
from time import monotonic

import structlog

from nurture.flows.flight import Flight
from nurture.flows.turnstile import Turnstile
from nurture.mail.envelopes import Transport, TransportDown

log = structlog.get_logger()

# One is under way while the next stands ready.
_MOST_FLIGHTS = 2
# So long without an answer to anything, a flight counts as stuck.
STUCK_SECONDS = 10.0


class Lane:
    """`launch` gives it a chunk, `landed` takes back what is finished. `tell` is called when something has
    come to its end. Made anew in every process."""

    def __init__(self, transport: Transport, turnstile: Turnstile | None, tell: Callable[[], None]) -> None:
        self._transport = transport
        self._turnstile = turnstile
        self._tell = tell
        self._there = threading.Condition()
        self._waiting: deque[Flight] = deque()
        self._flying: Flight | None = None
        self._done: deque[Flight] = deque()
        self._check_wanted = False
        self._closed = False
        self._thread: threading.Thread | None = None
        self.ready = False
        self.trouble: str | None = None

    @property
    def has_room(self) -> bool:
        return len(self._waiting) + (self._flying is not None) < _MOST_FLIGHTS

    @property
    def busy(self) -> bool:
        """Whether something is under way or not yet taken back."""
        return bool(self._waiting or self._flying or self._done)

    @property
    def stuck(self) -> bool:
        """Whether it has been at the same chunk for longer than any should take."""
        flying = self._flying
        return flying is not None and monotonic() - flying.began > STUCK_SECONDS

    def check(self) -> None:
        """Have it connect and sign in; `ready` or `trouble` tell how that went."""
        with self._there:
            self._check_wanted = True
            self._there.notify()
        self._start()

    @property
    def checking(self) -> bool:
        return self._check_wanted

    def launch(self, flight: Flight) -> None:
        with self._there:
            self._waiting.append(flight)
            self._there.notify()
        self._start()

    def landed(self) -> list[Flight]:
        """What has come to its end since the last time."""
        found = []
        while self._done:
            found.append(self._done.popleft())
        return found

    def close(self) -> list[Flight]:
        """Take nothing more; the flights that were never begun, and the one that is not over."""
        with self._there:
            self._closed = True
            left = [*self._waiting, *([self._flying] if self._flying else [])]
            self._waiting.clear()
            self._there.notify()
        if self._thread is not None:
            self._thread.join(0.2 if left else 5.0)
        return left

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="lane", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while (task := self._next()) is not None:
            task()
            self._tell()
        self._transport.close()

    def _next(self) -> Callable[[], None] | None:
        with self._there:
            while not (self._closed or self._waiting or self._check_wanted):
                self._there.wait()
            if self._closed:
                return None
            if self._waiting:
                flight = self._flying = self._waiting.popleft()
                return lambda: self._fly(flight)
            return self._look

    def _fly(self, flight: Flight) -> None:
        try:
            flight.fly(self._transport, self._turnstile)
        except Exception as fault:
            # The thread must live on; what this chunk came to stands in its journal.
            log.error("deliver.flight_failed", exc_info=fault)
            flight.sentence = flight.sentence or type(fault).__name__
        if flight.sentence:
            self.ready = False
        with self._there:
            self._done.append(flight)
            self._flying = None

    def _look(self) -> None:
        try:
            self._transport.check()
        except TransportDown as fault:
            self.ready, self.trouble = False, str(fault)
        else:
            self.ready, self.trouble = True, None
        self._check_wanted = False
