"""Phone numbers in the one form that identifies a lead: E.164, `+` and at most 15 digits (ITU-T)."""

import phonenumbers

SHORTEST = 8  # with the plus: shorter ones are extensions and emergency numbers, which name nobody


def to_e164(written: str, country: str | None = None) -> str | None:
    """The number in E.164, or None if it cannot be one.

    `country` (ISO 3166 alpha-2) reads numbers written without their country code. A possible length is
    enough: new blocks of numbers are handed out faster than tables follow.
    """
    try:
        number = phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    whole = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return whole if len(whole) >= SHORTEST else None
