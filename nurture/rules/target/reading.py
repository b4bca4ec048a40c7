"""What a value says: a number, a day, a word, or nothing at all.

Files and forms write numbers as people do ("1,234.50", "12 %", "€ 900") and write a word where nothing was
chosen ("Select", "n/a"): that is a word of its own to the regression, for who was asked and did not choose
differs from who was never asked, and is empty to everything that asks whether a field was filled in.
"""

import math
import re
from functools import lru_cache
from typing import Any

# Kept as JSON in the database, which takes no NUL; a sign of the private use area is in no word people write.
UNKNOWN, ANOTHER = "", "\ue000another"
_LONGEST = 80
# What is larger is a number of something, or a mistake: its square is beyond what a computer reckons with.
_LARGEST = 1e15
# "None" is not among them: it is an answer, too ("present system: none").
_NOT_CHOSEN = frozenset(
    {UNKNOWN, "select", "please select", "select one", "choose", "n/a", "na", "nan", "null", "unknown"}
    | {
        "not set",
        "not specified",
        "not available",
        "not provided",
        "not known",
        "undefined",
        "empty",
        "unset",
    }
    | {"-", "--", "---", "–", "—", "?", ".", "<null>", "#n/a", "-none-", "--none--", "no answer", "tbd"}
    | {"bitte wählen", "keine angabe", "k. a.", "k.a.", "unbekannt", "nicht angegeben", "leer"}
    | {"выберите", "не указано", "не указан", "не указана", "не выбрано", "неизвестно", "нет данных", "н/д"}
)
_AROUND = re.compile(r"[€$£¥₽₹%\s\u00a0\u202f]+|\b(?:eur|usd|gbp|chf|rub|inr)\b", re.IGNORECASE)
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(?:([.,'’])\d{3})(?:\1\d{3})*(?:[.,]\d+)?")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
_DAY = re.compile(
    r"(?:(?:19|20)\d\d([-./])[01]?\d\1[0-3]?\d|[0-3]?\d([-./])[0-3]?\d\2(?:19|20)\d\d)(?:[T ]\d.*)?"
)


def number(value: Any) -> float | None:
    """The number a value says, with signs of thousands, a decimal comma, a currency or a percent sign around
    it if so written; None for words and for nothing."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _sane(float(value))
    return _number(str(value)[:_LONGEST])


@lru_cache(maxsize=20_000)
def _number(written: str) -> float | None:
    found = _float(written)
    if found is None:
        plain = _AROUND.sub("", written)
        if _THOUSANDS.fullmatch(plain):
            found = _float(_digits(plain))
        elif _DECIMAL_COMMA.fullmatch(plain):
            found = _float(plain.replace(",", "."))
        else:
            found = _float(plain)
    return found


def _digits(plain: str) -> str:
    """A number without the signs of its thousands, and with a decimal point."""
    signs = [letter for letter in plain if letter in ".,'’"]
    whole, _sign, rest = plain.rpartition(signs[-1]) if len(set(signs)) > 1 else (plain, "", "")
    return re.sub(r"[.,'’]", "", whole) + (f".{rest}" if rest else "")


def _float(written: str) -> float | None:
    try:
        found = float(written)
    except ValueError:
        return None
    return _sane(found)


def _sane(found: float) -> float | None:
    return found if math.isfinite(found) and abs(found) <= _LARGEST else None


def word(value: Any) -> str:
    """The word a value says, folded; "" for nothing."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _word(value if isinstance(value, str) else str(value))


@lru_cache(maxsize=50_000)
def _word(written: str) -> str:
    return written.strip().casefold()[:_LONGEST]


def says_nothing(value: Any) -> bool:
    """Whether a field stands empty, or with what is written where nothing was chosen."""
    return value is None or word(value) in _NOT_CHOSEN


def not_chosen(said: str) -> bool:
    """Whether a folded word is one that is written where nothing was chosen."""
    return said != UNKNOWN and said in _NOT_CHOSEN


def is_day(value: Any) -> bool:
    """Whether a value is written as a day or a moment, its year (of 1900 to 2099) first or last."""
    return isinstance(value, str) and _DAY.fullmatch(value.strip()) is not None
