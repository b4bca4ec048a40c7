"""What is posted by SendGrid (event webhook)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from nurture.mail.inbound.providers.events import (
    About,
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
    """A list of events; what says nothing of a reader is passed over."""
    for one in objects_of(said if isinstance(said, list) else [said]):
        told, about = text_of(one, "event"), _about(one)
        dropped = text_of(one, "reason").lower() if told == "dropped" else ""
        if told in ("unsubscribe", "group_unsubscribe") or dropped in _LEFT:
            yield left(about)
        elif told == "spamreport" or dropped == "spam reporting address":
            yield complained(about)
        elif dropped:
            # Never tried: only its list of dead addresses says anything of the reader.
            listed = dropped in _LISTED
            yield bounced(about, _refusal(one), hard=listed, instead="" if listed else means.POLICY)
        elif told == "bounce":
            yield _bounce(about)


def _about(one: Mapping[str, Any]) -> About:
    # What stands before the dot of their filter is the name under which they took it.
    own = _FILTER.split(text_of(one, "sg_message_id"))[0]
    return About(
        said=one,
        key=text_of(one, "sg_event_id") or digest(one),
        address=text_of(one, "email"),
        # What was given with a mail (custom arguments) comes back beside the event's own fields.
        ids=[text_of(one, "smtp-id"), text_of(one, "message_id"), own],
        sender=text_of(one, "return_path"),
    )


def _bounce(about: About) -> Event:
    refusal, blocked = _refusal(about.said), text_of(about.said, "type") == "blocked"
    hard = not blocked and not is_mild(refusal)
    return bounced(about, refusal, hard=hard, soft=blocked, unclear=means.POLICY if blocked else "")


def _refusal(one: Mapping[str, Any]) -> Refusal:
    return Refusal(text_of(one, "status"), "", [text_of(one, "reason")])
