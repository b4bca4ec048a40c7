"""Sends over the HTTP interface of a service: several requests under way at once, each outcome as exact
as the
service's answer."""

import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from time import sleep
from typing import Any, Protocol

from nurture.mail.envelopes import CalledOff, Envelope, Mails, Marker, Pause, TransportDown
from nurture.mail.replies import AFTER_DOT, BEFORE_DOT, Accepted, Lost, Outcome, Refused
from nurture.net.calls import Caller, NoAnswer, NotSent
from nurture.net.outgoing import Reply
from nurture.rules.words import _

_LONGEST_REST = 3600.0
_LONGEST = 300
# Gateways that gave up on a service which may have taken the mail all the same.
_DOUBTFUL = (502, 504)
_BUSY = (429, 503)
# Answers that may be about the mail; any other of 3xx and 4xx is about the address, the key or the account.
_ABOUT_MAILS = (400, 413, 422)
_TOO_LARGE = 413


@dataclass(frozen=True)
class Request:
    """One call: the path behind the base address, and what goes with it."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Api(Protocol):
    """How one service wants its mails and words its answers."""

    @property
    def name(self) -> str: ...

    @property
    def batch(self) -> int: ...

    def request(self, envelopes: Sequence[Envelope]) -> Request:
        """The call that hands these over."""
        ...

    def outcomes(self, reply: Reply, envelopes: Sequence[Envelope]) -> list[Outcome]:
        """What an answer of 2xx says about each of them, in order. Lost(before_dot) says that the account
        may not send: the service is left alone for a while."""
        ...

    def refusal(self, reply: Reply) -> Refused | None:
        """What an answer of 400 or 422 says about the mails of the call; None when it is about the
        account."""
        ...


@dataclass
class _Call:
    envelopes: list[Envelope]
    reply: Future[Reply] = field(default_factory=Future)


class HttpTransport:
    """A Transport over an Api. `connections` calls at once."""

    def __init__(self, api: Api, caller: Caller, *, connections: int = 4) -> None:
        self._api = api
        self._caller = caller
        self._connections = connections
        self._pool: ThreadPoolExecutor | None = None

    def send(
        self, envelopes: Mails, on_dot: Marker, *, just_in_time: bool = False
    ) -> Iterator[tuple[Envelope, Outcome]]:
        """As Transport says, always just in time. A service that is down or asks to wait ends it with
        TransportDown, once every call under way has its outcome."""
        pool = self._pool = self._pool or ThreadPoolExecutor(self._connections, "mail-api")
        under_way: deque[_Call] = deque()
        down: TransportDown | None = None
        halted = False
        for batch in _batches(envelopes, self._api.batch):
            going = []
            for one in batch:
                try:
                    halted = halted or not on_dot(one)
                except CalledOff as word:
                    yield one, Lost(BEFORE_DOT, str(word))
                    continue
                if halted:
                    yield one, Lost(BEFORE_DOT, _("sending was halted"))
                else:
                    going.append(one)
            if going:
                under_way.append(_Call(going, pool.submit(self._call, going)))
            while len(under_way) >= self._connections:
                found, down = self._next(under_way, down)
                yield from found
            if down is not None:
                break
        while under_way:
            found, down = self._next(under_way, down)
            yield from found
        if down is not None:
            raise down

    def check(self) -> None:
        """Reach the service; what it thinks of the key is told by the first mail."""
        try:
            self._caller.reach()
        except NotSent as fault:
            raise TransportDown(self._away(str(fault))) from fault

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False)
            self._pool = None

    def _call(self, envelopes: Sequence[Envelope]) -> Reply:
        request = self._api.request(envelopes)
        return self._caller.post(request.path, request.headers, request.body)

    def _next(
        self, under_way: deque[_Call], down: TransportDown | None
    ) -> tuple[list[tuple[Envelope, Outcome]], TransportDown | None]:
        """The outcomes of the first call that has its answer, and whether the service is down."""
        wait([call.reply for call in under_way], return_when=FIRST_COMPLETED)
        call = next(call for call in under_way if call.reply.done())
        under_way.remove(call)
        outcomes, fault = self._told(call)
        return list(zip(call.envelopes, outcomes, strict=True)), down or fault

    def _told(self, call: _Call) -> tuple[list[Outcome], TransportDown | None]:
        many = len(call.envelopes)
        try:
            reply = call.reply.result()
        except NotSent as fault:
            return [Lost(BEFORE_DOT, str(fault))] * many, TransportDown(self._away(str(fault)))
        except NoAnswer as fault:
            return [Lost(AFTER_DOT, str(fault))] * many, None
        text = f"{reply.status} {words_of(reply)}"[:_LONGEST].strip()
        if 200 <= reply.status < 300:
            outcomes = self._api.outcomes(reply, call.envelopes)
            return outcomes, self._shut(outcomes, text)
        if reply.status in _DOUBTFUL:
            return [Lost(AFTER_DOT, text)] * many, None
        if reply.status in _BUSY or reply.status >= 500:
            down = TransportDown(self._turned_away(text), rest=retry_after(reply))
            return [Lost(BEFORE_DOT, text)] * many, down
        refusal = self._refusal(reply)
        if refusal is None:
            return [Lost(BEFORE_DOT, text)] * many, TransportDown(self._turned_away(text))
        return [refusal] * many, None

    def _refusal(self, reply: Reply) -> Refused | None:
        if reply.status not in _ABOUT_MAILS:
            return None
        return refused(reply, "5.3.4") if reply.status == _TOO_LARGE else self._api.refusal(reply)

    def _shut(self, outcomes: Sequence[Outcome], text: str) -> TransportDown | None:
        """What answers of 2xx may say about the service as a whole: the account may not send, or whatever
        answers there is no such service."""
        lost = [one for one in outcomes if isinstance(one, Lost)]
        for one in lost:
            if one.phase == BEFORE_DOT:
                return TransportDown(self._turned_away(one.text))
        if len(lost) == len(outcomes):
            return TransportDown(self._not_understood(text))
        return None

    def _away(self, why: str) -> str:
        return _("{service} cannot be reached: {why}.").format(service=self._api.name, why=why.rstrip("."))

    def _not_understood(self, reply: str) -> str:
        return _("What answers in the place of {service} names no mail that it took: {reply}").format(
            service=self._api.name, reply=reply
        )

    def _turned_away(self, reply: str) -> str:
        return _("{service} turns us away: {reply}").format(service=self._api.name, reply=reply)


def _batches(envelopes: Mails, size: int) -> Iterator[list[Envelope]]:
    batch: list[Envelope] = []
    for one in envelopes:
        if isinstance(one, Pause):
            if batch:
                yield batch
                batch = []
            sleep(one.seconds)
            continue
        batch.append(one)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def retry_after(reply: Reply) -> float | None:
    """The seconds of Retry-After (RFC 9110, section 10.2.3), as a number or a date (counted from the
    answer's own Date); None without one."""
    said = reply.headers.get("retry-after", "").strip()
    if said.isdecimal():
        return min(float(said), _LONGEST_REST)
    try:
        span = parsedate_to_datetime(said) - parsedate_to_datetime(reply.headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return min(max(0.0, span.total_seconds()), _LONGEST_REST)


def said_by(reply: Reply) -> Any:
    """The JSON of an answer; None when it is none."""
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        return None


def words_of(reply: Reply) -> str:
    """What an answer says, for people: its message, wherever the service puts it."""
    said = said_by(reply)
    if isinstance(said, dict):
        errors = said.get("errors")
        first = errors[0] if isinstance(errors, list) and errors else {}
        nested = first.get("message") if isinstance(first, dict) else None
        found = said.get("message") or said.get("Message") or nested
        if isinstance(found, str):
            return " ".join(found.split())
    return ""


def taken(reply: Reply, name: object) -> Outcome:
    """An answer that took the mail, `name` being the service's own name for it. Without one it may have been
    anybody's answer: nobody knows what became of the mail."""
    if not isinstance(name, str) or not name:
        return Lost(AFTER_DOT, _("the answer names no mail"))
    return Accepted(f"{reply.status} {name}", name.strip().strip("<>"), travels=True)


def refused(reply: Reply, status: str = "5.6.0") -> Refused:
    """A refusal for good of the mail itself."""
    return Refused(554, status, f"{reply.status} {words_of(reply)}"[:_LONGEST].strip(), True)


def put_off(reply: Reply) -> Refused:
    """A refusal that does not tell whose fault it is: the mail is tried again, and not for ever."""
    return Refused(451, "4.3.0", f"{reply.status} {words_of(reply)}"[:_LONGEST].strip(), False)
