"""Letters without their marks, for comparing what servers write: many write their language in plain ASCII,
and charsets lose marks on the way. Marks of Japanese and Indic scripts are letters there and stay."""

import unicodedata

_PLAIN = str.maketrans({"ł": "l", "ø": "o", "ı": "i", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "ß": "ss"})
_MARKS = range(0x300, 0x370)
# German without its letters is written ae, oe and ue, or with the bare vowel.
_EITHER = str.maketrans({"ä": "ae?", "ö": "oe?", "ü": "ue?"})


def unmarked(text: str) -> str:
    """The text without marks, in its own case and script."""
    if text.isascii():
        return text
    bare = "".join(one for one in unicodedata.normalize("NFD", text) if ord(one) not in _MARKS)
    return unicodedata.normalize("NFC", bare).translate(_PLAIN)


def unmarked_pattern(source: str) -> str:
    """A regular expression that finds in unmarked text what this one finds in the text itself."""
    return unmarked(source.translate(_EITHER))
