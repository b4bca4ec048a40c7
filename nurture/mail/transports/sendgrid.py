"""SendGrid: /v3/mail/send, one mail a call, answered by 202 and a name in a header."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from nurture.mail.envelopes import Envelope
from nurture.mail.replies import Outcome, Refused
from nurture.mail.transports.api import Request, refused, taken
from nurture.mail.transports.parts import taken_apart
from nurture.net.outgoing import Reply


@dataclass(frozen=True)
class SendGrid:
    key: str = field(repr=False)
    name: str = "SendGrid"
    batch: int = 1

    def request(self, envelopes: Sequence[Envelope]) -> Request:
        [envelope] = envelopes
        parts = taken_apart(envelope)
        call: dict[str, Any] = {
            "personalizations": [
                {"to": [_person(*parts.to)], "custom_args": {"return_path": envelope.mail_from}}
            ],
            "from": _person(*parts.from_),
            "subject": parts.subject,
            "content": [
                {"type": "text/plain", "value": parts.text},
                {"type": "text/html", "value": parts.html},
            ],
            "headers": dict(parts.headers),
            # Tracking of its own would rewrite links that are signed.
            "tracking_settings": {
                "click_tracking": {"enable": False, "enable_text": False},
                "open_tracking": {"enable": False},
                "subscription_tracking": {"enable": False},
            },
        }
        if parts.reply_to:
            call["reply_to"] = {"email": parts.reply_to}
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        return Request("/v3/mail/send", headers, json.dumps(call).encode())

    def outcomes(self, reply: Reply, envelopes: Sequence[Envelope]) -> list[Outcome]:
        return [taken(reply, reply.headers.get("x-message-id"))]

    def refusal(self, reply: Reply) -> Refused | None:
        return refused(reply)


def _person(name: str, address: str) -> dict[str, str]:
    return {"email": address, "name": name} if name else {"email": address}
