"""Postmark: /email/batch, up to 500 mails a call, each with an answer of its own."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import formataddr
from typing import Any

from nurture.mail.envelopes import Envelope
from nurture.mail.replies import AFTER_DOT, BEFORE_DOT, Accepted, Lost, Outcome, Refused
from nurture.mail.transports.api import Request, said_by
from nurture.mail.transports.parts import taken_apart
from nurture.net.outgoing import Reply
from nurture.rules.words import _

_MOST = 100
_LONGEST_VALUE = 80
_INACTIVE = 406  # it bounced or complained before, and Postmark takes nothing more for it
_INVALID = 300
_ATTACHMENT = 411
_TO, _FROM = re.compile(r"'to'|recipient", re.I), re.compile(r"'from'|sender", re.I)


@dataclass(frozen=True)
class Postmark:
    token: str = field(repr=False)
    stream: str = "outbound"
    name: str = "Postmark"
    batch: int = _MOST

    def request(self, envelopes: Sequence[Envelope]) -> Request:
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "X-Postmark-Server-Token": self.token,
        }
        return Request("/email/batch", headers, json.dumps([self._mail(one) for one in envelopes]).encode())

    def outcomes(self, reply: Reply, envelopes: Sequence[Envelope]) -> list[Outcome]:
        said = said_by(reply)
        answers = said if isinstance(said, list) else []
        found: list[Outcome] = [_outcome(one) for one in answers[: len(envelopes)]]
        # Mails without an answer of their own: the call was taken, so they may have been.
        return found + [Lost(AFTER_DOT, "no answer for this mail")] * (len(envelopes) - len(found))

    def refusal(self, reply: Reply) -> Refused | None:
        return None  # each mail of a call has an answer of its own: what shuts out all of them is ours

    def _mail(self, envelope: Envelope) -> dict[str, Any]:
        parts = taken_apart(envelope)
        # Answers name the mail by our id as long as they keep it, events by what is noted with it.
        headers = [*parts.headers, ("Message-ID", parts.message_id), ("X-PM-KeepID", "true")]
        mail: dict[str, Any] = {
            "From": formataddr(parts.from_),
            "To": formataddr(parts.to),
            "Subject": parts.subject,
            "TextBody": parts.text,
            "HtmlBody": parts.html,
            "Headers": [{"Name": name, "Value": value} for name, value in headers],
            "MessageStream": self.stream,
            "TrackOpens": False,
            "TrackLinks": "None",
            "Metadata": _metadata(parts.name, envelope.mail_from),
        }
        if parts.reply_to:
            mail["ReplyTo"] = parts.reply_to
        return mail


def _metadata(name: str, return_path: str) -> dict[str, str]:
    """What comes back with each event. A value that is too long would be refused, and a cut one is none."""
    given = {"message_id": name, "return_path": return_path}
    return {field: value for field, value in given.items() if len(value) <= _LONGEST_VALUE}


def _outcome(answer: Any) -> Outcome:
    said = answer if isinstance(answer, dict) else {}
    code, words = said.get("ErrorCode"), str(said.get("Message") or "")[:300]
    name = said.get("MessageID")
    if code == 0 and isinstance(name, str) and name:
        return Accepted(f"200 {name}", name, travels=True)
    if code == _INACTIVE:
        return Refused(550, "5.1.6", f"{code} {words}", True)
    if code == _INVALID and not _FROM.search(words):
        return Refused(554, "5.1.3" if _TO.search(words) else "5.6.0", f"{code} {words}", True)
    if code == _ATTACHMENT:
        return Refused(554, "5.6.0", f"{code} {words}", True)
    if not isinstance(code, int) or code == 0:
        return Lost(AFTER_DOT, _("the answer names no mail"))
    # No credits, no such stream, a sender nobody has confirmed: the next mail would fare no better.
    return Lost(BEFORE_DOT, f"{code} {words}")
