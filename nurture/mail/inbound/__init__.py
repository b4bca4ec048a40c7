"""Reading what comes back: bounces, complaints, automatic answers, replies. Pure: bytes in, a value out."""

from nurture.mail.inbound.reading import read_report
from nurture.mail.inbound.report import (
    AUTOREPLY,
    COMPLAINT,
    HARD,
    IGNORE,
    KINDS,
    REPLY,
    SOFT,
    UNKNOWN,
    UNSUBSCRIBED,
    Failed,
    Report,
)

__all__ = [
    "AUTOREPLY",
    "COMPLAINT",
    "HARD",
    "IGNORE",
    "KINDS",
    "REPLY",
    "SOFT",
    "UNKNOWN",
    "UNSUBSCRIBED",
    "Failed",
    "Report",
    "read_report",
]
