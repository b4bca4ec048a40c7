"""The form in which two records are made one: which other one, and whose values are taken."""

from collections.abc import Mapping

from nurture.rules.whole import whole

# As many digits as an id may have.
_ID_DIGITS = 18


def other_of(form: Mapping[str, str]) -> int | None:
    """The id of the other one; None where none was chosen."""
    return whole(form.get("other", ""), _ID_DIGITS)


def taken_of(form: Mapping[str, str]) -> list[str]:
    """The names of the values that are to be the other's."""
    return [
        name.removeprefix("v.") for name, value in form.items() if name.startswith("v.") and value == "other"
    ]
