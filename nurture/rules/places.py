"""Languages and countries by their names in the reader's own language."""

from babel import Locale, UnknownLocaleError

from nurture.rules.words import spoken


def language_name(tag: str | None) -> str:
    """German for de, Portuguese (Brazil) for pt-BR. What is no tag (RFC 5646) stays as it was typed."""
    try:
        return Locale.parse((tag or "").replace("-", "_")).get_display_name(spoken()) or str(tag)
    except (UnknownLocaleError, ValueError):
        return tag or ""


def country_name(code: str | None) -> str:
    """Germany for DE (ISO 3166-1). What is no code stays as it was typed."""
    known = Locale.parse(spoken()).territories
    return str(known.get(code.strip().upper(), code)) if code and len(code.strip()) == 2 else code or ""
