"""A finished message taken apart again, for services that want its parts instead of its bytes."""

import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr

from nurture.mail.envelopes import Envelope

# What the services write themselves, or take by fields of their own.
_THEIRS = frozenset(
    (
        "from",
        "to",
        "subject",
        "reply-to",
        "date",
        "message-id",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
        "dkim-signature",
    )
)


@dataclass(frozen=True)
class Parts:
    """`from_` and `to` as (name, address); `headers` those that are ours to set. `message_id` in its
    brackets, `name` what stands before its @, under which reports find the mail again."""

    from_: tuple[str, str]
    to: tuple[str, str]
    reply_to: str
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    message_id: str

    @property
    def name(self) -> str:
        return self.message_id.strip("<>").partition("@")[0]


def taken_apart(envelope: Envelope) -> Parts:
    message = email.message_from_bytes(envelope.data, policy=email.policy.default)
    name, _address = parseaddr(str(message["To"] or ""))
    return Parts(
        from_=parseaddr(str(message["From"] or "")),
        to=(name, envelope.rcpt_to),
        reply_to=parseaddr(str(message["Reply-To"] or ""))[1],
        subject=str(message["Subject"] or ""),
        text=_content(message, "plain"),
        html=_content(message, "html"),
        headers=tuple(
            (field, " ".join(str(value).split()))
            for field, value in message.items()
            if field.lower() not in _THEIRS
        ),
        message_id=str(message["Message-ID"] or "").strip(),
    )


def _content(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return "" if part is None else str(part.get_content())
