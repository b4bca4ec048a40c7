"""What a server answered, read into what it means for a mail (RFC 5321 section 4.2, RFC 3463)."""

import re
from typing import NamedTuple

from nurture.rules.bounces import HARD, Judgement, Refusal, judge

BEFORE_DOT = "before_dot"
AFTER_DOT = "after_dot"
IN_BODY = "in_body"

_STATUS = re.compile(r"^([245])\.(\d{1,3})\.(\d{1,3})\b\s*")
# Amazon SES puts this name into the Message-ID of the mail, in the place of ours.
_OF_SES = re.compile(r"^Ok ([0-9a-f]{16}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d{6})$")
_QUEUED_AS = re.compile(r"\b(?:queued as|id=|queued id:?|as)\s*<?([A-Za-z0-9_.@\-]{1,120})>?", re.IGNORECASE)
_LONGEST = 500


class Reply(NamedTuple):
    """A reply as it came: the code and its lines, joined by spaces."""

    code: int
    text: str

    @property
    def line(self) -> str:
        return f"{self.code} {self.text}"[:_LONGEST]


class Accepted(NamedTuple):
    """The server has taken the mail over. `remote_id` is its name for it, where it tells. `travels`: the mail
    bears that name from here on, so what comes back may know it by nothing else."""

    reply: str
    remote_id: str | None
    travels: bool = False


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
    def judgement(self) -> Judgement:
        """What it means for the address: the same reading as that of a report that comes back later."""
        return judge(Refusal(self.status, "failed", [self.reply]))

    @property
    def address_is_wrong(self) -> bool:
        """A hard bounce: there is no such address. A full mailbox or a policy is none."""
        return self.permanent and self.judgement.kind == HARD


class Lost(NamedTuple):
    """The connection went away. before_dot: the server cannot have taken the mail. after_dot: it may.
    in_body: it broke off while this mail was going out, and cannot have taken it; that may be about this
    mail."""

    phase: str
    text: str


Outcome = Accepted | Refused | Lost


def accepted(reply: Reply) -> Accepted:
    if own := _OF_SES.match(reply.text):
        return Accepted(reply.line, own[1], travels=True)
    found = _QUEUED_AS.search(reply.text)
    return Accepted(reply.line, found[1] if found else None)


def refused(reply: Reply) -> Refused:
    found = _STATUS.match(reply.text)
    status = ".".join(found.groups()) if found else ""
    return Refused(
        reply.code, status, reply.text[found.end() if found else 0 :][:_LONGEST], reply.code >= 500
    )
