"""What mails know of a lead, by the names that templates use."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

_COMPANY = ("name", "size", "industry", "website", "country", "city")


_PERSON = (
    "email",
    "first_name",
    "last_name",
    "phone",
    "role",
    "language",
    "timezone",
    "country",
    "city",
    "temperature",
    "stage",
    "tags",
    "fields",
    "dates",
)


_FROM_COMPANY = -len(_COMPANY)


_FROM_PERSON = _FROM_COMPANY - len(_PERSON)


def lead_values(row: Sequence[Any]) -> dict[str, Any]:
    """The values of a lead by the names that mails use; what is not known is missing."""
    # Both statements end with these columns in this order; by position is twice as fast as by name.
    person, company = row[_FROM_PERSON:_FROM_COMPANY], row[_FROM_COMPANY:]
    values = {name: value for name, value in zip(_PERSON, person, strict=True) if value is not None}
    values["company"] = {
        name: value for name, value in zip(_COMPANY, company, strict=True) if value is not None
    }
    return values


_VALUES = """
    SELECT {first} l.email, l.first_name, l.last_name, l.phone, l.role, l.language, l.timezone, l.country,
           l.city, l.temperature, l.stage, l.tags, l.fields, l.dates,
           o.name AS company_name, o.size AS company_size, o.industry AS company_industry,
           o.website AS company_website, o.country AS company_country, o.city AS company_city
    FROM lead l LEFT JOIN company o ON o.id = l.company_id WHERE {which} AND l.erased_at IS NULL
"""
_LEAD_VALUES = text(_VALUES.format(first="", which="l.id = :lead_id"))
_LEADS_VALUES = text(_VALUES.format(first="l.id,", which="l.id = ANY(:lead_ids)"))


def values_of_lead(session: Session, lead_id: int) -> dict[str, Any] | None:
    """What mails know of one lead; None when there is none, or none any more."""
    row = session.execute(_LEAD_VALUES, {"lead_id": lead_id}).first()
    return None if row is None else lead_values(row)


def values_of_leads(session: Session, lead_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What mails know of these leads, by id; erased ones are missing."""
    rows = session.execute(_LEADS_VALUES, {"lead_ids": list(lead_ids)})
    return {row.id: lead_values(row) for row in rows}
