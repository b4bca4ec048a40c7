"""One e-mail as bytes: RFC 5322 header, RFC 2046 alternative, text first, CRLF and ASCII throughout.

The one-click fields follow RFC 8058: exactly one List-Unsubscribe with one URI, never folded inside the
URI and never encoded (an encoded word there breaks one-click), and its List-Unsubscribe-Post.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any, NamedTuple

from nurture.mail.headers import address, field, mailbox, unstructured
from nurture.mail.prepare import PreparedMail, RenderFault
from nurture.mail.source import MARKETING
from nurture.rules.words import _

# Contains "=_", which quoted-printable never produces: no part can hold it (RFC 2045, section 6.7).
_BOUNDARY = "=_nurture_5b1d0c"
_PART = (
    "--{boundary}\r\n"
    "Content-Type: text/{kind}; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
)
_TEXT_PART = _PART.format(boundary=_BOUNDARY, kind="plain")
_HTML_PART = "\r\n" + _PART.format(boundary=_BOUNDARY, kind="html")
_END = f"\r\n--{_BOUNDARY}--\r\n"


@dataclass(frozen=True)
class Sender:
    """Who sends: the From address and what the footer says."""

    name: str
    email: str
    company: str
    postal_address: str
    reply_to: str | None = None

    @property
    def domain(self) -> str:
        return address(self.email).rpartition("@")[2]

    def as_values(self) -> dict[str, str]:
        """What templates know of the sender, the postal address in one line; empty parts are missing, so that
        `default` helps."""
        values = {
            "name": self.name,
            "company": self.company,
            "email": self.email,
            "postal_address": ", ".join(
                line.strip(" ,") for line in self.postal_address.splitlines() if line.strip()
            ),
        }
        return {key: value for key, value in values.items() if value}


class Letter(NamedTuple):
    """What is personal about one mail. `to` is an address as headers.address makes it; `stream` groups
    mails for List-Id and Feedback-ID (a program's key, say); `purpose` is the delivery's."""

    to: str
    to_name: str
    message_id: str
    date: datetime
    purpose: str
    stream: str
    values: dict[str, Any]
    unsubscribe_url: str | None = None
    unsubscribe_address: str | None = None


def build(mail: PreparedMail, sender: Sender, letter: Letter) -> bytes:
    """The whole message. Raises RenderFault, which concerns this recipient only."""
    words, text, html = mail.filled(letter.values)
    subject = unstructured(words)
    if not subject:
        raise RenderFault(_("The subject comes out empty for this reader."))
    fixed = _fixed_fields(sender, mail.key, mail.kind, letter.purpose, letter.stream)
    head = (
        f"Date: {_date(letter.date)}\r\n"
        f"{fixed.sent_by}"
        f"To: {mailbox(letter.to_name, letter.to)}\r\n"
        f"Subject: {subject}\r\n"
        f"Message-ID: <{letter.message_id}@{fixed.domain}>\r\n"
    )
    one_click = (
        _one_click(letter.unsubscribe_url, letter.unsubscribe_address) if mail.kind == MARKETING else ""
    )
    message = f"{head}{one_click}{fixed.rest}\r\n{_TEXT_PART}{text}{_HTML_PART}{html}{_END}"
    return message.encode("ascii")


@lru_cache(maxsize=64)
def _date(moment: datetime) -> str:
    return format_datetime(moment)


def _one_click(url: str | None, written_to: str | None) -> str:
    """One https URI, after it the address for programs that leave by mail (RFC 2369)."""
    if not url:
        return ""
    by_mail = f",\r\n <mailto:{written_to}?subject=unsubscribe>" if written_to else ""
    return f"List-Unsubscribe: <{url}>{by_mail}\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


@dataclass(frozen=True)
class _Fixed:
    domain: str
    sent_by: str
    rest: str


@lru_cache(maxsize=256)
def _fixed_fields(sender: Sender, key: str, kind: str, purpose: str, stream: str) -> _Fixed:
    """The fields that are the same for everybody who gets this mail."""
    sent_by = field("From", mailbox(sender.name or sender.company, address(sender.email)))
    if sender.reply_to:
        sent_by += field("Reply-To", address(sender.reply_to))
    rest = ""
    if kind == MARKETING:
        list_id = f"{_label(stream)}.{sender.domain}"
        named = mailbox(sender.company, list_id)
        # RFC 2919 wants the brackets, whether or not a name stands before them.
        rest += field("List-Id", named if named.endswith(">") else f"<{list_id}>")
        rest += field("Feedback-ID", feedback_id(key, stream, purpose, sender.domain))
        rest += field("Precedence", "bulk")
    else:
        rest += field("Auto-Submitted", "auto-generated")
    rest += field("MIME-Version", "1.0")
    rest += field("Content-Type", f'multipart/alternative;\r\n boundary="{_BOUNDARY}"')
    return _Fixed(sender.domain, sent_by, rest)


def feedback_id(key: str, stream: str, purpose: str, domain: str) -> str:
    """`mail:stream:purpose:SenderId`, each of its own kind, so that no value repeats across fields."""
    sender_id = "n" + hashlib.sha256(domain.encode()).hexdigest()[:10]
    return f"m-{_label(key)}:s-{_label(stream)}:p-{_label(purpose)}:{sender_id}"


def _label(text: str) -> str:
    """A short name of letters, digits and hyphens."""
    kept = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in text.lower())
    return kept.strip("-")[:40] or "mail"
