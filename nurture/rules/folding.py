"""Folded text: the form in which two texts are compared, here and in every folded column."""

import unicodedata
from functools import lru_cache

_KEPT = 65_536


def fold(text: str) -> str:
    """The text without differences of case and of Unicode spelling.

    Compatibility caseless form of the Unicode Standard, section 3.13, D146, composed at the end
    (NFKC), so that folding twice is folding once.
    """
    return text.lower() if text.isascii() else _fold(text)


@lru_cache(_KEPT)
def _fold(text: str) -> str:
    """Kept once folded: the same cities and job titles come again with every file of leads."""
    caseless = unicodedata.normalize("NFD", text).casefold()
    caseless = unicodedata.normalize("NFKD", caseless).casefold()
    return unicodedata.normalize("NFKC", caseless)
