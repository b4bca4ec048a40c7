"""The shapes that the API speaks, for checking what comes in and for its own description."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from marshmallow import INCLUDE, RAISE, Schema, fields, validate

ID_MOST = 2**63 - 1
LONG = validate.Length(max=1_000)
STAGES = ("inquiry", "lead", "sales_ready", "opportunity", "customer", "lost")


def words(**options: Any) -> fields.String:
    return fields.String(validate=LONG, allow_none=True, **options)


class Moment(fields.AwareDateTime):
    """An instant with its zone (ISO 8601), in UTC from here on. One that UTC has no year for is none: the
    first hours of the year 1 east of Greenwich, the last of 9999 west of it."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        found = super()._deserialize(value, attr, data, **kwargs)
        try:
            return found.astimezone(UTC)
        except OverflowError as fault:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from fault


class Answer(Schema):
    """An object whose shape the text describes."""

    class Meta:
        unknown = INCLUDE


class Problem(Schema):
    """A fault (RFC 9457). `errors` names fields of the request with their sentences."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


class In(Schema):
    """Something sent to the engine: names it does not know are errors."""

    class Meta:
        unknown = RAISE


@cache
def ListOf(inner: type[Schema]) -> type[Schema]:
    """The schema of one page of a list."""
    return Schema.from_dict(
        {
            "data": fields.List(fields.Nested(inner)),
            "next_cursor": fields.String(allow_none=True),
        },
        name=f"{inner.__name__.removesuffix('Out')}Page",
    )
