"""Values as JSON has them: instants in UTC with Z, amounts as texts, so that none is rounded."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from nurture.rules.messages import instant


def plain(value: Any) -> Any:
    """The same, with every value inside it brought into JSON's."""
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    return value


def moment(value: datetime | None) -> str | None:
    """An instant, or null."""
    return instant(value) if value is not None else None
