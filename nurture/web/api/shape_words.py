"""What is said of a body that has another shape: what was expected there, in the reader's language.

marshmallow's own sentences are English, and some of them say only that something is wrong. Those are said
anew here; the others stay as they are and are marked for the catalogues.
"""

from nurture.rules.words import retold

# gettext reads these marks.
_N = str
SAID = (
    _N("Missing data for required field."),
    _N("Unknown field."),
    _N("Field may not be null."),
    _N("Must be one of: {choices}."),
    _N("Length must be between {min} and {max}."),
    _N("Longer than maximum length {max}."),
    _N("Shorter than minimum length {min}."),
    _N("Must be greater than or equal to {min} and less than or equal to {max}."),
    _N("Must be greater than or equal to {min}."),
    _N("Must be less than or equal to {max}."),
)
_MOMENT = _N("A moment with its zone is expected here, such as 2026-03-03T10:00:00Z.")
_ANEW = {
    "Invalid value.": _N("This value is not one of those that are taken here."),
    "Invalid input.": _N("This value is not one of those that are taken here."),
    "Invalid type.": _N("An object is expected here."),
    "Invalid input type.": _N("An object is expected here."),
    "Not a valid mapping type.": _N("An object is expected here."),
    "Not a valid list.": _N("A list is expected here."),
    "Not a valid string.": _N("A text is expected here."),
    "Not a valid utf-8 string.": _N("A text in UTF-8 is expected here."),
    "Not a valid integer.": _N("A whole number is expected here."),
    "Not a valid number.": _N("A number is expected here."),
    "Number too large.": _N("A smaller number is expected here."),
    "Special numeric values (nan or infinity) are not permitted.": _N("A number is expected here."),
    "Not a valid boolean.": _N("true or false is expected here."),
    "Not a valid datetime.": _MOMENT,
    "Not a valid aware datetime.": _MOMENT,
    "Not a valid date.": _N("A date is expected here, such as 2026-03-03."),
    "Not a valid UUID.": _N("An id is expected here, as the API tells it."),
    "Not a valid URL.": _N("An address is expected here, such as https://www.example.com/."),
    "Not a valid email address.": _N("An e-mail address is expected here, such as anna@example.com."),
}


def told(message: object) -> str:
    """The sentence in the reader's language, if it is one of these; else as it is."""
    written = str(message)
    return retold(_ANEW.get(written, written))
