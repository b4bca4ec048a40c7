"""One webhook out: stamped, signed, posted, and what the receiver said in a form fit for the record."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime

import structlog

from nurture.net.outgoing import Reply, Unreached, Way, post
from nurture.webhooks.headers import hide
from nurture.webhooks.signature import sign, sign_openly

log = structlog.get_logger()

THREADS = 16
KEPT_REPLY = 4 * 1024

_ASKING = (429, 502, 503, 504)
_NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True)
class Answer:
    """The receiver answered. `reply` is at most KEPT_REPLY characters of its body, as plain text;
    `retry_after` the seconds it asked us to stay away, where it did."""

    status: int
    reply: str
    millis: int
    retry_after: float | None = None

    @property
    def taken(self) -> bool:
        """Only 2xx is success: a redirect is a failure and is never followed."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Failure:
    """No answer came; `sentence` says why."""

    sentence: str
    millis: int


class Poster:
    """Posts webhooks, several at a time. `real_seconds` is the real clock (seconds since 1970): receivers
    compare the timestamp with theirs, so a virtual clock must never reach it."""

    def __init__(self, way: Way, *, real_seconds: Callable[[], float], threads: int = THREADS) -> None:
        self._way = way
        self._real_seconds = real_seconds
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="webhook")
        self._threads = threads
        self._under_way: set[Future[None]] = set()

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer | Failure:
        """Post `body` as it is; never raises for anything the receiver or the network does."""
        began = time.monotonic()
        try:
            reply = post(self._way, url, headers, body)
        except Unreached as reason:
            return Failure(str(reason), _millis(began))
        return Answer(reply.status, _text(reply.body), _millis(began), self._retry_after(reply))

    def send(
        self,
        url: str,
        message_id: str,
        body: bytes,
        secrets: Sequence[str],
        signing_keys: Sequence[str] = (),
        own_headers: Mapping[str, str] = _NO_HEADERS,
    ) -> Answer | Failure:
        """Post a message with the three headers of Standard Webhooks, the timestamp that of this attempt;
        with keys of its own the receiver gets a signature by each of them too. Without any nothing is signed.
        What it repeats of its own headers is hidden in the answer."""
        timestamp = int(self._real_seconds())
        openly = [sign_openly(key, message_id, timestamp, body) for key in signing_keys]
        by_secrets = [sign(secrets, message_id, timestamp, body)] if secrets else []
        signature = " ".join([*by_secrets, *openly])
        headers = {
            **own_headers,
            "Content-Type": "application/json",
            "User-Agent": "nurture-webhooks/1",
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
        }
        if signature:
            headers["webhook-signature"] = signature
        answer = self.post(url, headers, body)
        if isinstance(answer, Answer) and own_headers:
            return replace(answer, reply=hide(answer.reply, own_headers.values()))
        return answer

    @property
    def free(self) -> int:
        """How many more can run at once."""
        return max(0, self._threads - len(self._under_way))

    def begin(self, work: Callable[[], None]) -> "Future[None]":
        """Run `work` beside others, on a thread of this poster."""
        future = self._pool.submit(work)
        self._under_way.add(future)
        future.add_done_callback(self._ended)
        return future

    def close(self) -> None:
        """Wait for what is under way; each post ends by itself within the total time."""
        self._pool.shutdown(wait=True)

    def _ended(self, future: "Future[None]") -> None:
        self._under_way.discard(future)
        error = future.exception()
        if error is not None:
            # Only the kind of the fault: its text may quote what was to be stored.
            log.error("webhook attempt not recorded", error=type(error).__name__)

    def _retry_after(self, reply: Reply) -> float | None:
        """Seconds or a date (RFC 9110 section 10.2.3), where the status lets a receiver ask."""
        asked = reply.headers.get("retry-after", "").strip()
        if reply.status not in _ASKING or not asked:
            return None
        if asked.isascii() and asked.isdigit():
            return float(asked[:9])
        try:
            moment = parsedate_to_datetime(asked).timestamp()
        except (ValueError, OverflowError):
            return None
        return max(0.0, moment - self._real_seconds())


def _millis(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _text(body: bytes) -> str:
    # PostgreSQL's text takes no NUL; the page that shows it escapes the rest.
    return (
        body[:KEPT_REPLY].decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")[:KEPT_REPLY]
    )
