"""The answer of sales as a form or a program sends it, brought into the one shape the flow takes."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from nurture.errors import Invalid
from nurture.flows.answer import Outcome
from nurture.rules.words import _

FIELDS = frozenset({"outcome", "reason", "amount", "currency", "at", "note"})


def outcome_of(given: Mapping[str, Any], zone: ZoneInfo) -> Outcome:
    """Raises Invalid, by field. A date without a zone is in `zone`: the form's own time."""
    faults = {name: [_("There is no such field.")] for name in set(given) - FIELDS}
    at, amount = _instant(given.get("at"), zone, faults), _amount(given.get("amount"), faults)
    for name in FIELDS - {"amount"}:
        if not isinstance(given.get(name), str | None):
            faults[name] = [_("This is a text.")]
    if faults:
        raise Invalid(_("The answer is not complete."), faults)
    return Outcome(
        outcome=given.get("outcome") or "",
        reason=(given.get("reason") or "").strip(),
        amount=amount,
        currency=(given.get("currency") or "").strip().upper() or None,
        at=at,
        note=(given.get("note") or "").strip(),
    )


def _instant(value: object, zone: ZoneInfo, faults: dict[str, list[str]]) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError:
        faults["at"] = [_("This is not a date and time, such as 2026-03-10T10:00.")]
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)


def _amount(value: object, faults: dict[str, list[str]]) -> Decimal | None:
    if value in (None, ""):
        return None
    try:
        return Decimal(str(value).strip().replace(" ", ""))
    except InvalidOperation:
        faults["amount"] = [_("This is not an amount, such as 4800.00.")]
        return None
