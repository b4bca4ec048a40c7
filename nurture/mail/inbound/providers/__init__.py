"""What mail providers post: their words for bounces, complaints and people who leave, read into reports.

Shapes as the providers document them. What is missing or of another type is passed over; reading never fails.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nurture.mail.inbound.providers.events import Event, NotReadable
from nurture.mail.inbound.providers.generic import read_generic
from nurture.mail.inbound.providers.mailgun import read_mailgun
from nurture.mail.inbound.providers.mailjet import read_mailjet
from nurture.mail.inbound.providers.postmark import read_postmark
from nurture.mail.inbound.providers.sendgrid import read_sendgrid
from nurture.mail.inbound.providers.ses import read_ses

__all__ = ["PROVIDERS", "Event", "NotReadable", "read_events"]

_MOST_EVENTS = 1_000

PROVIDERS: Mapping[str, Callable[[Any], Iterator[Event | None]]] = {
    "ses": read_ses,
    "mailgun": read_mailgun,
    "postmark": read_postmark,
    "sendgrid": read_sendgrid,
    "mailjet": read_mailjet,
    "generic": read_generic,
}


def read_events(provider: str, body: bytes) -> list[Event]:
    """The events in a body; those of no concern (opens, deliveries) are left out. Raises NotReadable."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as fault:
        raise NotReadable(str(fault)) from fault
    return [one for one in PROVIDERS[provider](said) if one is not None][:_MOST_EVENTS]
