"""Folded text: the form in which two texts are compared, here and in every folded column."""

import unicodedata


def fold(text: str) -> str:
    """The text without differences of case and of Unicode spelling.

    Compatibility caseless form of the Unicode Standard, section 3.13, D146, composed at the end
    (NFKC), so that folding twice is folding once.
    """
    caseless = unicodedata.normalize("NFD", text).casefold()
    caseless = unicodedata.normalize("NFKD", caseless).casefold()
    return unicodedata.normalize("NFKC", caseless)
