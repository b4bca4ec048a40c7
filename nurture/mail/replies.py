"""What a server answered, read into what it means for a mail (RFC 5321 section 4.2, RFC 3463)."""

import re
from typing import NamedTuple

BEFORE_DOT = "before_dot"
AFTER_DOT = "after_dot"

_STATUS = re.compile(r"^([245])\.(\d{1,3})\.(\d{1,3})\b\s*")
_QUEUED_AS = re.compile(r"\b(?:queued as|id=|queued id:?|as)\s*<?([A-Za-z0-9_.@\-]{1,120})>?", re.IGNORECASE)
# Address unknown, mailbox moved or closed: the address itself is wrong, for good.
_NO_SUCH_ADDRESS = frozenset(("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"))
_NO_SUCH_WORDS = re.compile(
    r"user (?:is )?unknown|unknown user|no such (?:user|recipient|mailbox|address)|mailbox not found"
    r"|does not exist|recipient not found|invalid recipient|address rejected: user",
    re.IGNORECASE,
)
_LONGEST = 500


class Reply(NamedTuple):
    """A reply as it came: the code and its lines, joined by spaces."""

    code: int
    text: str

    @property
    def line(self) -> str:
        return f"{self.code} {self.text}"[:_LONGEST]


class Accepted(NamedTuple):
    """The server has taken the mail over. `remote_id` is its name for it, where it tells."""

    reply: str
    remote_id: str | None


class Refused(NamedTuple):
    """The server refused this mail. `status` is the enhanced status ("5.1.1"), or "" without one."""

    code: int
    status: str
    text: str
    permanent: bool

    @property
    def reply(self) -> str:
        return f"{self.code} {self.status} {self.text}".replace("  ", " ")[:_LONGEST]

    @property
    def address_is_wrong(self) -> bool:
        """A hard bounce: there is no such address. A full mailbox or a policy is none."""
        if not self.permanent:
            return False
        return self.status in _NO_SUCH_ADDRESS or (not self.status and bool(_NO_SUCH_WORDS.search(self.text)))


class Lost(NamedTuple):
    """The connection went away. before_dot: the server cannot have taken the mail. after_dot: it may."""

    phase: str
    text: str


Outcome = Accepted | Refused | Lost


def accepted(reply: Reply) -> Accepted:
    found = _QUEUED_AS.search(reply.text)
    return Accepted(reply.line, found[1] if found else None)


def refused(reply: Reply) -> Refused:
    found = _STATUS.match(reply.text)
    status = ".".join(found.groups()) if found else ""
    return Refused(
        reply.code, status, reply.text[found.end() if found else 0 :][:_LONGEST], reply.code >= 500
    )
