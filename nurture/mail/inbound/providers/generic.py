"""What is posted by everything else: a plain shape of our own."""

from collections.abc import Iterator
from typing import Any

from nurture.mail.inbound.providers.events import (
    About,
    Event,
    bounced,
    complained,
    digest,
    objects_of,
    text_of,
)
from nurture.mail.inbound.report import HARD, SOFT
from nurture.rules.bounces import Refusal


def read_generic(said: Any) -> Iterator[Event | None]:
    """`{type: bounce|complaint, kind?: hard|soft, recipient?, message_id?, token?, status?, reply?, id?}`,
    one or a list."""
    for one in objects_of(said if isinstance(said, list) else [said]):
        token = text_of(one, "token")
        about = About(
            said=one,
            key=text_of(one, "id") or digest(one),
            address=text_of(one, "recipient"),
            ids=[text_of(one, "message_id")],
            sender=f"b+{token}@-" if token else "",
        )
        if text_of(one, "type") == "bounce":
            refusal = Refusal(text_of(one, "status"), "", [text_of(one, "reply")])
            given = text_of(one, "kind")
            yield bounced(about, refusal, hard=given == HARD, soft=given == SOFT)
        elif text_of(one, "type") == "complaint":
            yield complained(about)
