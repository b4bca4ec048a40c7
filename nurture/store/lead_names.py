"""What a lead is called, in one expression for every query of the store."""

from typing import Any, LiteralString

from sqlalchemy import ColumnElement, String, literal_column


def full_name(lead: LiteralString) -> LiteralString:
    """The first and last name of the row `lead` (an alias in the query) as one text; NULL where it has
    neither."""
    return f"nullif(trim(concat_ws(' ', {lead}.first_name, {lead}.last_name)), '')"


def called(lead: LiteralString) -> LiteralString:
    """The names of `lead`, else its e-mail, else its phone; "" for one who left none of them."""
    return f"coalesce({full_name(lead)}, {lead}.email, {lead}.phone, '')"


def called_or_number(lead: LiteralString) -> LiteralString:
    """As `called`, but who left nothing is shown by number: "#7"."""
    return f"coalesce({full_name(lead)}, {lead}.email, {lead}.phone, '#' || {lead}.id)"


# The same for queries over the class Lead, whose table goes by its own name there.
FULL_NAME: ColumnElement[Any] = literal_column(full_name("lead"), String)
CALLED: ColumnElement[Any] = literal_column(called("lead"), String)
