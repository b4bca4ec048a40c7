"""What is posted by Mailgun (signed webhooks, version 3 of its API)."""

from collections.abc import Iterator, Mapping
from typing import Any

from nurture.mail.inbound.providers.events import (
    About,
    Event,
    bounced,
    complained,
    left,
    object_of,
    text_of,
)
from nurture.rules import bounces
from nurture.rules.bounces import Refusal


def read_mailgun(said: Any) -> Iterator[Event | None]:
    """An event and its signature; deliveries, opens and clicks of theirs are nothing new."""
    data = object_of(object_of(said).get("event-data"))
    about = _about(object_of(said), data)
    failed = text_of(data, "event") == "failed"
    # What it has not even tried, for its lists' sake, stands there as a failure.
    told = text_of(data, "reason") if failed else text_of(data, "event")
    if told in ("unsubscribed", "suppress-unsubscribe"):
        yield left(about)
    elif told in ("complained", "suppress-complaint"):
        yield complained(about)
    elif failed:
        yield bounced(about, _refusal(data), hard=told == "suppress-bounce")


def _about(said: Mapping[str, Any], data: Mapping[str, Any]) -> About:
    # The signature covers the token alone: whatever comes under a known one is not heard a second time.
    token = text_of(object_of(said.get("signature")), "token")
    headers = object_of(object_of(data.get("message")).get("headers"))
    return About(
        said=data,
        key=token or text_of(data, "id"),
        address=text_of(data, "recipient"),
        ids=[text_of(headers, "message-id")],
        sender=text_of(object_of(data.get("envelope")), "sender"),
    )


def _refusal(data: Mapping[str, Any]) -> Refusal:
    status = object_of(data.get("delivery-status"))
    words = [text_of(status, "message"), text_of(status, "description")]
    code = text_of(status, "code")
    replies = [f"{code} {word}" if code[:1] in "45" and code else word for word in words if word]
    action = bounces.DELAYED if text_of(data, "severity") == "temporary" else "failed"
    return Refusal(text_of(status, "enhanced-code"), action, replies or [code])
