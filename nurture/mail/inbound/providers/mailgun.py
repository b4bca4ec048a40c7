"""What is posted by Mailgun (signed webhooks, version 3 of its API)."""

from collections.abc import Iterator
from typing import Any

from nurture.mail.inbound.providers.events import Event, bounced, complained, left, object_of, text_of
from nurture.rules import bounces
from nurture.rules.bounces import Refusal


def read_mailgun(said: Any) -> Iterator[Event | None]:
    data = object_of(object_of(said).get("event-data"))
    told, severity = text_of(data, "event"), text_of(data, "severity")
    message = object_of(data.get("message"))
    ids = [text_of(object_of(message.get("headers")), "message-id")]
    sender = text_of(object_of(data.get("envelope")), "sender")
    # The signature covers the token alone: whatever comes under a known one is not heard a second time.
    token = text_of(object_of(object_of(said).get("signature")), "token")
    address, key = text_of(data, "recipient"), token or text_of(data, "id")
    reason = text_of(data, "reason")
    if told == "unsubscribed" or (told == "failed" and reason == "suppress-unsubscribe"):
        yield left(data, key, address, ids, sender)
    elif told == "complained" or (told == "failed" and reason == "suppress-complaint"):
        yield complained(data, key, address, ids, sender, "abuse")
    elif told == "failed":
        status = object_of(data.get("delivery-status"))
        words = [text_of(status, "message"), text_of(status, "description")]
        code = text_of(status, "code")
        replies = [f"{code} {word}" if code[:1] in "45" and code else word for word in words if word]
        action = bounces.DELAYED if severity == "temporary" else "failed"
        refusal = Refusal(text_of(status, "enhanced-code"), action, replies or [code])
        yield bounced(data, key, refusal, address, ids, sender, hard=reason == "suppress-bounce")
