"""What every way of handing mails over has in common: an envelope in, an outcome out."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

from nurture.mail.replies import Outcome


class Envelope(NamedTuple):
    """One mail for one recipient. `data` is the message with CRLF line ends; `key` names it. `dotless`
    is the maker's word that no line begins with a dot."""

    key: int
    mail_from: str
    rcpt_to: str
    data: bytes
    dotless: bool = False


class Pause(NamedTuple):
    """In place of an envelope: none may go now, ask again after so many seconds."""

    seconds: float


Mails = Iterable[Envelope | Pause]


class TransportDown(Exception):
    """No mail can be handed over now. The text is one sentence for pages and `doctor`; `rest`: the seconds
    that the other side asked for, if it did."""

    def __init__(self, sentence: str, *, rest: float | None = None) -> None:
        super().__init__(sentence)
        self.rest = rest


class CalledOff(Exception):
    """This mail must not go out any more; those behind it may. The text says why."""


# Called before the first octet of a body goes out; False halts the sending, CalledOff passes this one over.
Marker = Callable[[Envelope], bool]


class Transport(Protocol):
    """A way out: a mail server, or the interface of a service. Not for two threads at once."""

    def send(
        self, envelopes: Mails, on_dot: Marker, *, just_in_time: bool = False
    ) -> Iterator[tuple[Envelope, Outcome]]:
        """Each envelope with its outcome, in the order of the answers. `on_dot(envelope)` is called before
        its body goes out; when it says no, this and all later ones are Lost(before_dot); where it raises
        CalledOff, this one alone is. `just_in_time`: an
        envelope is asked for when it can go at once, for it counts from then on. Raises
        TransportDown when nothing more can be handed over: what was taken from `envelopes` and has no
        outcome is left to the caller, who knows by the marks what was begun."""
        ...

    def check(self) -> None:
        """Connect and sign in; sends nothing. Raises TransportDown with the sentence."""
        ...

    def close(self) -> None:
        """Say goodbye. The transport can be used again."""
        ...
