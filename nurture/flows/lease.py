"""Keeps the leases of a chunk alive while its process lives, and heeds a stop of all sending, by a thread
with its own connection."""

import threading
from collections.abc import Callable, Collection, Sequence
from time import monotonic
from types import TracebackType

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from nurture.store import deliveries
from nurture.store.deliveries import LEASE_SECONDS

log = structlog.get_logger()

_EVERY = LEASE_SECONDS / 4
# A stop holds within two seconds, however slowly the server takes the mails of a chunk.
_LOOK_SECONDS = 0.5
# Whoever leaves while their mail is in hand is noticed this soon.
_UNWANTED_SECONDS = 1.0
_MARGIN = LEASE_SECONDS / 2


class Lease:
    """`with Lease(...) as lease:` renews (delivery_id, token) pairs; `lease.holds` tells whether a mail may
    still begin. A process that was stopped for a minute must not go on as if nothing had happened: neither by
    its own monotonic clock, nor when it finds on waking that others have taken what it held. `stopped` when
    somebody has stopped all sending; `unwanted` are mails that must not go out any more, as `called_off`
    finds them."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        leases: Sequence[tuple[int, int]],
        began: float,
        called_off: Callable[[Session], Collection[int]] = lambda session: (),
    ) -> None:
        self._sessions = sessions
        self._called_off = called_off
        self._leases = leases
        self._renewed = began
        self.stopped = False
        self.unwanted: Collection[int] = ()
        self._lost = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._renew_often, name="lease", daemon=True)

    @property
    def holds(self) -> bool:
        return not (self.stopped or self._lost) and monotonic() < self._renewed + LEASE_SECONDS - _MARGIN

    def __enter__(self) -> "Lease":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def look(self, *, renew: bool, ask: bool = True) -> None:
        """Whether sending was stopped meanwhile; with `ask`, which mails nobody wants any more; with `renew`,
        prolong what is still held. What others have taken stays lost, whatever is renewed later."""
        asked = monotonic()
        with self._sessions.begin() as session:
            self.stopped = deliveries.stopped(session)
            if ask:
                self.unwanted = self._called_off(session)
            if renew:
                self._lost = not deliveries.renew(session, self._leases) or self._lost
        if renew:
            self._renewed = asked

    def _renew_often(self) -> None:
        due, ask_at = monotonic() + _EVERY, monotonic() + _UNWANTED_SECONDS
        while not self._over.wait(_LOOK_SECONDS):
            asked = monotonic()
            try:
                self.look(renew=asked >= due, ask=asked >= ask_at)
            except SQLAlchemyError as fault:
                log.warning("deliver.lease_not_renewed", error=type(fault).__name__)
                continue
            if asked >= due:
                due = asked + _EVERY
            if asked >= ask_at:
                ask_at = asked + _UNWANTED_SECONDS
