"""Whatever a schema of the API says of a value says what was expected."""

from collections.abc import Iterator

import pytest
from marshmallow import Schema, fields, validate

import nurture.web.api  # noqa: F401  every part, with its schemas
from nurture.web.api.door import PageQuery
from nurture.web.api.schemas import In
from nurture.web.api.shape_words import told

# What says that something is wrong, and not what would be right.
VAGUE = ("Not a valid", "Invalid", "does not match", "cannot be formatted", "not permitted")
OF_ANSWERS_ALONE = {"format"}


def schemas(kind: type[Schema] = Schema) -> Iterator[type[Schema]]:
    for one in kind.__subclasses__():
        yield one
        yield from schemas(one)


def inner(field: fields.Field) -> Iterator[fields.Field]:
    yield field
    if isinstance(field, fields.List):
        yield from inner(field.inner)
    if isinstance(field, fields.Dict):
        yield from (one for part in (field.key_field, field.value_field) if part for one in inner(part))


def every_field() -> Iterator[tuple[str, fields.Field]]:
    for schema in schemas():
        if schema.__module__.startswith("nurture."):
            for name, field in schema().fields.items():
                for one in inner(field):
                    yield f"{schema.__module__}.{schema.__name__}.{name}", one


def test_what_a_schema_says_names_what_was_expected() -> None:
    vague = {
        f"{place}: {told(said)}"
        for place, field in every_field()
        for key, said in field.error_messages.items()
        if key not in OF_ANSWERS_ALONE and "{" not in said and told(said).startswith(VAGUE)
    }
    assert vague == set()


def test_a_pattern_is_never_told_as_a_pattern() -> None:
    patterns = [
        (place, one)
        for place, field in every_field()
        for one in field.validators
        if isinstance(one, validate.Regexp)
    ]
    assert patterns
    assert [place for place, one in patterns if one.error == validate.Regexp.default_message] == []


def test_an_id_that_is_sent_is_one_that_a_row_can_have() -> None:
    sent = {
        f"{schema.__module__}.{schema.__name__}.{name}": field
        for schema in schemas()
        if issubclass(schema, (In, PageQuery)) and not schema.__name__.endswith("Out")
        for name, field in schema().fields.items()
        if name.endswith("_id") and isinstance(field, fields.Integer)
    }
    assert sent
    bounds = {
        place: max(
            [one.max or 2**63 for one in field.validators if isinstance(one, validate.Range)], default=2**63
        )
        for place, field in sent.items()
    }
    assert {place for place, most in bounds.items() if most >= 2**63} == set()


@pytest.mark.parametrize(
    ("field", "wrong", "said"),
    [
        (fields.AwareDateTime(format="iso"), "tomorrow", "2026-03-03T10:00:00Z"),
        (fields.AwareDateTime(format="iso"), "2026-03-03T10:00:00", "with its zone"),
        (fields.Date(), "03.03.2026", "2026-03-03"),
        (fields.Integer(strict=True), 1.5, "whole number"),
        (fields.List(fields.String()), {}, "list"),
        (fields.Nested(Schema), [], "object"),
    ],
)
def test_a_wrong_value_is_told_by_an_example(field: fields.Field, wrong: object, said: str) -> None:
    faults = Schema.from_dict({"value": field})().validate({"value": wrong})
    messages = faults["value"]["_schema"] if isinstance(faults["value"], dict) else faults["value"]
    assert said in told(messages[0])
