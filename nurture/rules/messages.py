"""The types of webhook messages and the bytes of one (Standard Webhooks 1.0.0, "Payload")."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

TYPES = (
    "lead.ready",
    "lead.hot",
    "lead.handed_over",
    "handoff.revised",
    "handoff.overdue",
    "handoff.outcome",
    "lead.stage_changed",
    "lead.temperature_changed",
    "lead.created",
    "lead.unsubscribed",
    "lead.merged",
    "lead.unmerged",
    "lead.erased",
    "delivery.sent",
    "delivery.bounced",
    "delivery.complained",
    "form.submitted",
    "chain.finished",
    "webhook.test",
)

# What a step of a chain posts: its body is the step's own, and it goes to that step's address alone.
OF_STEPS = "chain.step"

# So many of these that they are kept only while somebody listens.
PLENTIFUL = ("delivery.sent", "lead.created", "lead.temperature_changed")


def body(kind: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    """`{"type", "timestamp", "data"}` as compact UTF-8 JSON; instants in UTC with Z."""
    message = {"type": kind, "timestamp": instant(at), "data": data}
    return json.dumps(message, default=_plain, ensure_ascii=False, separators=(",", ":")).encode()


def instant(moment: datetime) -> str:
    """An aware instant as ISO 8601 in UTC, ending in Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a message cannot carry a {type(value).__name__}")
