"""One letter, as it goes to a lead."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from nurture.mail.compile import compile_mail
from nurture.mail.message import Letter, Sender
from nurture.mail.prepare import prepare
from nurture.mail.source import MailSource

NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)

WORDS = """Hello {{ lead.first_name | default("there") }}.
.a line with a dot, an = and ünïcode {{ lead.fields.note }}
{% for tag in lead.tags %}
- {{ tag }}
{% endfor %}
[Case](https://a.example/case) {{ lead.first_name | upper }}
"""

MAIL = compile_mail(
    MailSource("case", "For {{ lead.first_name }}", WORDS, preheader="{{ lead.first_name }}, look")
)

READY = prepare(MAIL, {1: 11})

SENDER = Sender("Anna Ärmel", "news@grün.example", "Example & Söhne, GmbH", "High Street 1\n12345 Town")


def values(lead: dict[str, Any], *, link: str = "https://t.example/c/abc") -> dict[str, Any]:
    return {
        "lead": lead,
        "sender": SENDER.as_values(),
        "links": ["", link],
        "pixel_url": "https://t.example/o/abc.gif",
        "unsubscribe_url": "https://t.example/u/abc",
        "preferences_url": "https://t.example/p/abc",
        "view_url": "https://t.example/v/abc",
    }


def letter(lead: dict[str, Any], **more: Any) -> Letter:
    return Letter(
        **{
            "to": "bert@leads.example",
            "to_name": lead.get("first_name", ""),
            "message_id": str(UUID(int=7)),
            "date": NOW,
            "purpose": "chain",
            "stream": "consulting",
            "values": values(lead),
            "unsubscribe_url": "https://t.example/u/" + "a" * 170,
            **more,
        }
    )
