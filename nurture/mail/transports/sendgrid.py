"""SendGrid: /v3/mail/send, one mail a call, answered by 202 and a name in a header."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from nurture.mail.envelopes import Envelope
from nurture.mail.replies import Outcome, Refused
from nurture.mail.transports.api import Request, put_off, refused, said_by, taken
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
                {
                    "to": [_person(*parts.to)],
                    "custom_args": {"message_id": parts.name, "return_path": envelope.mail_from},
                }
            ],
            "from": _person(*parts.from_),
            "subject": parts.subject,
            "content": [
                {"type": "text/plain", "value": parts.text},
                {"type": "text/html", "value": parts.html},
            ],
            # Answers name the mail by our id, and so do events, by the argument that goes with each of them.
            "headers": {**dict(parts.headers), "Message-ID": parts.message_id},
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
        field, words = _first_error(said_by(reply))
        if field.startswith("personalizations") or "valid address" in words.lower():
            return refused(reply)
        return None if field.startswith("from") else put_off(reply)


def _person(name: str, address: str) -> dict[str, str]:
    return {"email": address, "name": name} if name else {"email": address}


def _first_error(said: Any) -> tuple[str, str]:
    """The field and the words of the first fault in an answer."""
    errors = said.get("errors") if isinstance(said, dict) else None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return str(first.get("field") or ""), str(first.get("message") or "")
