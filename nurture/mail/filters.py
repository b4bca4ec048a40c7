"""Filters of mails that are ours: none of them makes much of little."""

import math
from typing import Any

from jinja2.runtime import Undefined

from nurture.mail.bounds import Rounds, has_room
from nurture.rules.words import _

LONGEST_LOOP = 100
_MOST_PLACES = 12


def join(value: object, separator: str = ", ") -> str:
    """The items of a list in one text; a text stays as it is, so that joining cannot multiply it."""
    if isinstance(value, (list, tuple)):
        items = [str(item) for item in value]
        has_room(sum(map(len, items)) + len(str(separator)) * (len(items) - 1))
        return str(separator).join(items)
    return "" if isinstance(value, Undefined) or value is None else str(value)


def rounded(value: Any, precision: Any = 0, method: str = "common") -> float:
    """Jinja's filter with bounds: it reckons with ten to the power of whatever stands there."""
    places = max(-_MOST_PLACES, min(int(precision), _MOST_PLACES))
    if method == "common":
        return round(float(value), places)
    if method not in ("ceil", "floor"):
        raise ValueError(_("Numbers are rounded by common, ceil or floor."))
    whole = math.ceil if method == "ceil" else math.floor
    return float(whole(float(value) * 10.0**places) / 10.0**places)


def each(value: object) -> Rounds:
    """What a loop runs over: the first hundred items of a list, and nothing for anything else."""
    return Rounds(value[:LONGEST_LOOP] if isinstance(value, (list, tuple)) else ())
