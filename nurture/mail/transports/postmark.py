"""Postmark: /email/batch, up to 500 mails a call, each with an answer of its own."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import formataddr
from typing import Any

from nurture.mail.envelopes import Envelope
from nurture.mail.replies import AFTER_DOT, Accepted, Lost, Outcome, Refused
from nurture.mail.transports.api import Request, refused, said_by
from nurture.mail.transports.parts import taken_apart
from nurture.net.outgoing import Reply

_MOST = 100
_INACTIVE = 406  # it bounced or complained before, and Postmark takes nothing more for it
_INVALID = 300


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
        return None if reply.status == 422 and len(reply.body) == 0 else refused(reply)

    def _mail(self, envelope: Envelope) -> dict[str, Any]:
        parts = taken_apart(envelope)
        mail: dict[str, Any] = {
            "From": formataddr(parts.from_),
            "To": formataddr(parts.to),
            "Subject": parts.subject,
            "TextBody": parts.text,
            "HtmlBody": parts.html,
            "Headers": [{"Name": name, "Value": value} for name, value in parts.headers],
            "MessageStream": self.stream,
            "TrackOpens": False,
            "TrackLinks": "None",
            "Metadata": {"return_path": envelope.mail_from[:80]},
        }
        if parts.reply_to:
            mail["ReplyTo"] = parts.reply_to
        return mail


def _outcome(answer: Any) -> Outcome:
    said = answer if isinstance(answer, dict) else {}
    code, words = said.get("ErrorCode"), str(said.get("Message") or "")[:300]
    if code == 0:
        name = said.get("MessageID")
        return Accepted(f"200 {name}", name if isinstance(name, str) else None)
    if code == _INACTIVE:
        return Refused(550, "5.1.6", f"{code} {words}", True)
    return Refused(554, "5.1.3" if code == _INVALID else "5.6.0", f"{code} {words}", True)
