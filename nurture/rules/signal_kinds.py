"""What kinds of signals are called: words in small letters of any script, joined by _ (order_completed)."""

import unicodedata
from hashlib import sha256

LONGEST = 64
_HASH = 8


def is_kind(name: str) -> bool:
    """Whether a kind is written so: small letters, digits and _, a letter first, 64 of them at most."""
    return (
        1 <= len(name) <= LONGEST
        and name[0].isalpha()
        and all(letter == "_" or _stays(letter) for letter in name)
        and name == _small(name)
    )


def joined(name: str) -> str:
    """Any name in the letters of a kind: *Order Completed* and orderCompleted are order_completed, *Заказ
    оформлен* is заказ_оформлен. Of a long one the beginning stays, with a hash of the whole, so that two
    that differ do not become one. Empty when nothing of it can stay."""
    composed = unicodedata.normalize("NFC", name.strip())
    apart = "".join(map(_separated, " " + composed, composed))
    words = "_".join(part for part in _small(apart).split("_") if part)
    if len(words) <= LONGEST:
        return words
    return f"{words[: LONGEST - _HASH - 1]}_{sha256(words.encode()).hexdigest()[:_HASH]}"


def _separated(before: str, letter: str) -> str:
    if not _stays(letter):
        return "_"
    return f"_{letter}" if letter.isupper() and (before.islower() or before.isdigit()) else letter


def _stays(letter: str) -> bool:
    """Letters, the marks that some scripts write their vowels with, and digits."""
    return unicodedata.category(letter)[0] in "LMN"


def _small(text: str) -> str:
    return unicodedata.normalize("NFC", text.lower())
