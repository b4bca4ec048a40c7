"""Which webhook messages a receiver wants: one condition on the message itself.

The condition language is the one of segments; it sees `type` and what stands in the body under `data`, such
as {"field": "data.grade", "in": ["A", "B"]} or {"field": "data.lead.language", "eq": "de"}.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from nurture.errors import Invalid
from nurture.rules.conditions import AllOf, AnyOf, Compare, Condition, Not, holds, parse, parts_of
from nurture.rules.facts import Facts
from nurture.rules.words import _

_NOBODY = Facts(0)


def passes(condition: Mapping[str, Any], kind: str, data: Mapping[str, Any], now: datetime) -> bool:
    """Whether a message goes through."""
    return holds(parse(condition), _NOBODY, now, {"type": kind, "data": data})


def check(condition: Mapping[str, Any]) -> None:
    """Raises Invalid for what cannot be read, and for a question about anything but the message."""
    if not all(_asks_the_message(part) for part in parts_of(parse(condition))):
        sentence = _("A filter asks for type and for fields of data, such as data.grade, and nothing else.")
        raise Invalid(sentence, {"filter": [sentence]})


def _asks_the_message(part: Condition) -> bool:
    if isinstance(part, AllOf | AnyOf | Not):
        return True
    return isinstance(part, Compare) and (part.field == "type" or part.field.startswith("data."))
