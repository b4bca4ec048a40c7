"""Mailgun: messages.mime, the raw message to one recipient a call."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from nurture.mail.envelopes import Envelope
from nurture.mail.replies import Outcome, Refused
from nurture.mail.transports.api import Request, put_off, refused, said_by, taken, words_of
from nurture.net.outgoing import Reply

# Tracking of its own would rewrite links that are signed.
_OPTIONS = {"o:tracking": "no", "o:tracking-clicks": "no", "o:tracking-opens": "no"}
# Answers of 400 tell by their words alone whose fault it is.
_ACCOUNT = re.compile(
    r"'from' parameter|not allowed to send|unverified|activate|disabled|sandbox|domain .*not found"
    r"|(?:account|recipient|rate|sending|daily|hourly|monthly).{0,20}limit",
    re.I,
)
_MAIL = re.compile(r"'to' parameter|valid address|'message'|mime", re.I)


@dataclass(frozen=True)
class Mailgun:
    domain: str
    key: str = field(repr=False)
    name: str = "Mailgun"
    batch: int = 1

    def request(self, envelopes: Sequence[Envelope]) -> Request:
        [envelope] = envelopes
        boundary = f"nurture-{uuid4().hex}"
        parts = [_field(boundary, name, value) for name, value in _OPTIONS.items()]
        parts.append(_field(boundary, "to", envelope.rcpt_to))
        head = (
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="message"; filename="message.eml"\r\n'
            "Content-Type: message/rfc822\r\n\r\n"
        )
        body = "".join([*parts, head]).encode() + envelope.data + f"\r\n--{boundary}--\r\n".encode()
        login = base64.b64encode(f"api:{self.key}".encode()).decode()
        headers = {
            "Authorization": f"Basic {login}",
            "Content-Type": f"multipart/form-data; boundary={boundary}",
        }
        return Request(f"/v3/{self.domain}/messages.mime", headers, body)

    def outcomes(self, reply: Reply, envelopes: Sequence[Envelope]) -> list[Outcome]:
        said = said_by(reply)
        return [taken(reply, said.get("id") if isinstance(said, dict) else None)]

    def refusal(self, reply: Reply) -> Refused | None:
        words = words_of(reply)
        if _ACCOUNT.search(words):
            return None
        return refused(reply) if _MAIL.search(words) else put_off(reply)


def _field(boundary: str, name: str, value: str) -> str:
    return f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
