"""Phone numbers in the one form that identifies a lead: E.164, `+` and at most 15 digits (ITU-T)."""

import re
from functools import lru_cache

import phonenumbers

# Written in full already, as most programs export them: ten times faster than the parser. A zero after
# the country code is for the parser, which knows where it belongs (Italy) and where not (+49 (0)30).
_WHOLE = re.compile(r"\+[1-9]\d{8,14}")
_FILLING = str.maketrans("", "", " -./()")
SHORTEST = 8  # with the plus: shorter ones are extensions and emergency numbers, which name nobody


def to_e164(written: str, country: str | None = None) -> str | None:
    """The number in E.164, or None if it cannot be one.

    `country` (ISO 3166 alpha-2) reads numbers written without their country code. A possible length is
    enough: new blocks of numbers are handed out faster than tables follow.
    """
    plain = written.translate(_FILLING)
    if _WHOLE.fullmatch(plain) and _has_country(plain[:5]):
        return plain
    try:
        number = phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    whole = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return whole if len(whole) >= SHORTEST else None


@lru_cache(maxsize=10_000)
def _has_country(whole: str) -> bool:
    """Whether a number begins with the code of a country; its first four digits tell."""
    for length in (1, 2, 3):
        if int(whole[1 : 1 + length]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return whole[1 + length] != "0"
    return False
