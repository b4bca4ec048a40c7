"""What is posted by Mailjet (event API)."""

from collections.abc import Iterator
from typing import Any

from nurture.mail.inbound.providers.events import (
    About,
    Event,
    bounced,
    complained,
    is_mild,
    left,
    objects_of,
    text_of,
)
from nurture.rules.bounces import Refusal


def read_mailjet(said: Any) -> Iterator[Event | None]:
    for one in objects_of(said if isinstance(said, list) else [said]):
        told, address = text_of(one, "event"), text_of(one, "email")
        key = ":".join((told, text_of(one, "MessageID"), text_of(one, "time"), address))
        about = About(one, key, address, [text_of(one, "CustomID")])
        if told in ("bounce", "blocked"):
            refusal = Refusal("", "", [text_of(one, "error"), text_of(one, "comment")])
            gone = one.get("hard_bounce") is True and told == "bounce"
            yield bounced(about, refusal, hard=gone and not is_mild(refusal))
        elif told == "unsub":
            yield left(about)
        elif told == "spam":
            yield complained(about)
