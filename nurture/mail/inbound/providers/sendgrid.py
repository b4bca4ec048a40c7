"""What is posted by SendGrid (event webhook)."""

import re
from collections.abc import Iterator
from typing import Any

from nurture.mail.inbound.providers.events import (
    Event,
    bounced,
    complained,
    digest,
    is_mild,
    left,
    objects_of,
    text_of,
)
from nurture.rules import bounces_meanings as means
from nurture.rules.bounces import Refusal

_FILTER = re.compile(r"\.(?:filter|recvd)")

# Its words for what it has not even tried: its list of dead addresses, and that of people who left.
_LISTED = frozenset(("bounced address", "invalid"))
_LEFT = frozenset(("unsubscribed address", "unsubscribed"))


def read_sendgrid(said: Any) -> Iterator[Event | None]:
    for one in objects_of(said if isinstance(said, list) else [said]):
        told, address = text_of(one, "event"), text_of(one, "email")
        # What was given with a mail (custom arguments) comes back beside the event's own fields.
        # What stands before the dot of their filter is the name under which they took it.
        own = _FILTER.split(text_of(one, "sg_message_id"))[0]
        ids, sender = [text_of(one, "smtp-id"), text_of(one, "message_id"), own], text_of(one, "return_path")
        key = text_of(one, "sg_event_id") or digest(one)
        words = text_of(one, "reason")
        dropped = words.lower() if told == "dropped" else ""
        if told in ("unsubscribe", "group_unsubscribe") or dropped in _LEFT:
            yield left(one, key, address, ids, sender)
        elif told == "spamreport" or dropped == "spam reporting address":
            yield complained(one, key, address, ids, sender, "abuse")
        elif dropped:
            # Never tried: only its list of dead addresses says anything of the reader.
            listed = dropped in _LISTED
            refusal = Refusal(text_of(one, "status"), "", [words])
            yield bounced(
                one, key, refusal, address, ids, sender, hard=listed, instead="" if listed else means.POLICY
            )
        elif told == "bounce":
            refusal = Refusal(text_of(one, "status"), "", [words])
            blocked = text_of(one, "type") == "blocked"
            yield bounced(
                one,
                key,
                refusal,
                address,
                ids,
                sender,
                hard=not blocked and not is_mild(refusal),
                soft=blocked,
                unclear=means.POLICY if blocked else "",
            )
