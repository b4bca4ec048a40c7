"""One turn of the pump: it serves every stream of work in fair slices, for most of a minute.

The streams take their work from rows by claims, so any number of turns may run at once, be killed at
any point, or not run for a while: nothing is lost and nothing is done twice.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from types import FrameType

import structlog
from redis import RedisError
from rq.timeouts import BaseTimeoutException

from nurture.buffers import wake
from nurture.jobs.queues import patient_client
from nurture.jobs.streams import Stream, streams
from nurture.runtime import Runtime, opened
from nurture.store.gate import Gate

log = structlog.get_logger()

TURN_SECONDS = 50.0
_SLICE_SECONDS = 0.2
# While idle, a wake-up is heard at once; what merely falls due is seen after at most this long.
_IDLE_SECONDS = 0.5
# While mails are on their way: a chunk that has landed wants to be recorded, and the next one claimed.
_MOVING_SECONDS = 0.02
# A server may take ten minutes over the answer to a mail (RFC 5321, section 4.5.3.2.6).
_LONGEST_DRAIN_SECONDS = 660.0
_FIRST_REST, _LONGEST_REST = 1.0, 30.0


class Served:
    """A stream in a turn. After a failure it rests, longer each time, and the others go on."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._rest = 0.0
        self._rests_until = 0.0

    def slice(self, now: Callable[[], datetime], stop: threading.Event) -> int:
        """Serve it for at most a slice of time; how much was done."""
        began, done = time.monotonic(), 0
        if began < self._rests_until:
            return 0
        while not stop.is_set() and time.monotonic() - began < _SLICE_SECONDS:
            portion = self._portion(now)
            done += portion
            if not portion:
                break
        return done

    def _portion(self, now: Callable[[], datetime]) -> int:
        try:
            portion = self._stream.serve(now())
        except BaseTimeoutException:  # RQ's word that the turn's time is over: an Exception, but not ours
            raise
        except Exception as fault:
            self._rest = min(max(_FIRST_REST, self._rest * 2), _LONGEST_REST)
            self._rests_until = time.monotonic() + self._rest
            log.error("pump.stream_failed", stream=self._stream.name, rest=self._rest, exc_info=fault)
            return 0
        self._rest = 0.0
        return portion


def pump(
    work: Iterable[Stream],
    now: Callable[[], datetime],
    wait: Callable[[float], None],
    stop: threading.Event,
    *,
    gate: Gate | None = None,
    seconds: float = TURN_SECONDS,
    drain: Callable[[], bool] = lambda: False,
    moving: Callable[[], bool] = lambda: False,
) -> int:
    """Serve all streams in turn until `seconds` are over or `stop` is set; how much was done.

    `wait(seconds)` is called when nothing is due; it may return earlier when there is work. While the gate
    is shut (somebody works on the past alone) nothing is served. When the time is over, the turn goes on for
    as long as `drain()` says that something has to be waited for (a server that has a mail and has not
    answered, say): the other streams are not held up by it. While `moving()` it hardly waits.
    """
    served = [Served(stream) for stream in work]
    until, total = time.monotonic() + seconds, 0
    longest = until + _LONGEST_DRAIN_SECONDS
    while not stop.is_set() and (time.monotonic() < until or (time.monotonic() < longest and drain())):
        done = _round(served, now, stop, gate)
        total += done
        if not done:
            pause = _MOVING_SECONDS if moving() else _IDLE_SECONDS
            wait(min(pause, max(0.05, until - time.monotonic())))
    return total


def _round(
    served: Sequence[Served], now: Callable[[], datetime], stop: threading.Event, gate: Gate | None
) -> int:
    if gate is None:
        return sum(stream.slice(now, stop) for stream in served)
    if not gate.open():
        return 0
    try:
        return sum(stream.slice(now, stop) for stream in served)
    finally:
        gate.close()


def turn() -> int:
    """The job itself, in the process that RQ forked for it. SIGTERM ends it after the present portion."""
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    with opened() as runtime, streams(runtime) as work:
        gate = Gate(runtime.engine)
        try:
            return pump(
                work, runtime.now, _listener(runtime), stop, gate=gate, drain=work.drain, moving=work.moving
            )
        finally:
            gate.leave()


def _listener(runtime: Runtime) -> Callable[[float], None]:
    """Waits for a wake-up; just sleeps while Redis is away."""
    redis = patient_client(runtime.addresses.redis_url)

    def wait(seconds: float) -> None:
        try:
            wake.wait(redis, seconds)
        except RedisError:
            time.sleep(seconds)

    return wait
