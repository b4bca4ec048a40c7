"""Fields of contacts by Mautic's aliases (LeadBundle/Model/FieldModel.php), and questions about them."""

from collections.abc import Mapping
from typing import Any

from nurture.rules.whole import whole

_OURS = {
    "firstname": "first_name",
    "lastname": "last_name",
    "email": "email",
    "phone": "phone",
    "mobile": "phone",
    "position": "role",
    "company": "company.name",
    "companyname": "company.name",
    "companynumber_of_employees": "company.size",
    "city": "city",
    "country": "country",
    "preferred_locale": "language",
    "timezone": "timezone",
    "owner_id": "owner",
}
_OPERATORS = {
    "=": "eq",
    "eq": "eq",
    "!=": "ne",
    "neq": "ne",
    "gt": "gt",
    "gte": "gte",
    "lt": "lt",
    "lte": "lte",
    "like": "contains",
    "contains": "contains",
    "startsWith": "starts",
    "endsWith": "ends",
    "in": "in",
}
_NEGATED = {"!like": "contains", "!in": "in"}


def field_of(alias: str) -> str:
    """Our name of a field; what we do not have is a custom field."""
    return _OURS.get(alias.lower(), f"fields.{alias.lower()}")


def is_custom(alias: str) -> bool:
    return alias.lower() not in _OURS


def question_of(settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """The condition that "the value of a field" asks; None where it cannot be asked here."""
    field = field_of(str(settings.get("field") or ""))
    operator, value = str(settings.get("operator") or "="), settings.get("value")
    if operator in ("empty", "!empty"):
        return {"field": field, "exists": operator == "!empty"}
    if operator in _NEGATED:
        return {"not": {"field": field, _NEGATED[operator]: _wanted(_NEGATED[operator], value)}}
    if operator not in _OPERATORS or value in (None, "", []):
        return None
    return {"field": field, _OPERATORS[operator]: _wanted(_OPERATORS[operator], value)}


def _wanted(op: str, value: Any) -> Any:
    if op == "in":
        return [str(one) for one in value] if isinstance(value, list) else [str(value)]
    if op in ("gt", "gte", "lt", "lte"):
        return _number(value)
    return str(value).strip("%")


def _number(value: Any) -> Any:
    text = str(value).strip()
    size, sign = text.removeprefix("-"), -1 if text.startswith("-") else 1
    number = whole(size, digits=18)
    if number is not None:
        return sign * number
    head, _dot, rest = size.partition(".")
    return text if whole(head, digits=18) is None or whole(rest, digits=18) is None else float(text)
