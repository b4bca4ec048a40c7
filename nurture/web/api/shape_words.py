"""What marshmallow says of a body that has another shape, so that it can be told in the reader's language.

Its sentences stay as they are in English; they are marked here only for the catalogues.
"""

from nurture.rules.words import retold

# gettext reads these marks.
_N = str
SAID = (
    _N("Missing data for required field."),
    _N("Unknown field."),
    _N("Field may not be null."),
    _N("Invalid value."),
    _N("Invalid input."),
    _N("Invalid input type."),
    _N("Not a valid string."),
    _N("Not a valid integer."),
    _N("Not a valid number."),
    _N("Not a valid boolean."),
    _N("Not a valid list."),
    _N("Not a valid mapping type."),
    _N("Not a valid datetime."),
    _N("Not a valid date."),
    _N("Not a valid UUID."),
    _N("Not a valid URL."),
    _N("Not a valid email address."),
    _N("Must be one of: {choices}."),
    _N("Length must be between {min} and {max}."),
    _N("Longer than maximum length {max}."),
    _N("Shorter than minimum length {min}."),
    _N("Must be greater than or equal to {min} and less than or equal to {max}."),
    _N("Must be greater than or equal to {min}."),
    _N("Must be less than or equal to {max}."),
    _N("String does not match expected pattern."),
    _N("Special numeric values (nan or infinity) are not permitted."),
)


def told(message: object) -> str:
    """The sentence in the reader's language, if it is one of these."""
    return retold(str(message))
