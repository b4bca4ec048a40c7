"""What people write about a person, brought into the one form in which it is kept; None when it cannot be."""

import re
import unicodedata
from datetime import date
from functools import lru_cache

from nurture.rules.whole import whole
from nurture.rules.zones import ONE_ZONE

LONGEST = 1_000
BANT_ANSWERS = ("unknown", "no", "partly", "yes")
BUYING_ROLES = ("decision_maker", "influencer", "user", "gatekeeper", "buyer")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")
_LANGUAGE = re.compile(r"([a-zA-Z]{2,3})(?:[-_]([a-zA-Z]{2}|[0-9]{3}|[A-Z][a-z]{3}))?(?:[.@].*)?")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_NUMBER = re.compile(r"\d+(?:[.,' \u00a0\u202f]\d{3})*")

_BANT = {
    "yes": "yes", "y": "yes", "true": "yes", "ja": "yes", "да": "yes", "oui": "yes", "1": "yes",
    "no": "no", "n": "no", "false": "no", "nein": "no", "нет": "no", "non": "no", "0": "no",
    "partly": "partly", "partially": "partly", "teilweise": "partly", "частично": "partly",
    "unknown": "unknown", "unbekannt": "unknown", "неизвестно": "unknown", "?": "unknown",
}  # fmt: skip

# How programs and people write that a deal was won, was lost, or has not ended.
_OUTCOMES = {
    written: outcome
    for outcome, ways in {
        "won": "1|1.0|yes|y|true|won|win|closed won|customer|converted|success|sold|bought|signed|ja|gewonnen"
        "|kunde|да|выигран|выиграна|выиграно|клиент|успех|успешно|продано",
        "lost": "0|0.0|no|n|false|lost|loss|closed lost|not converted|disqualified|nein|verloren|нет|проигран"
        "|проиграна|проиграно|отказ|потерян|потеряна",
        "open": "open|pending|in progress|new|ongoing|offen|in arbeit|открыт|открыта|в работе|new lead",
    }.items()
    for written in ways.split("|")
}

_COUNTRIES = """
AT austria österreich австрия|AU australia australien австралия|BE belgium belgien бельгия
BG bulgaria bulgarien болгария|BR brazil brasilien бразилия|BY belarus беларусь|CA canada kanada канада
CH switzerland schweiz suisse швейцария|CN china китай|CZ czechia tschechien czech_republic чехия
DE germany deutschland allemagne германия|DK denmark dänemark дания|EE estonia estland эстония
ES spain spanien españa испания|FI finland finnland финляндия|FR france frankreich франция
GB united_kingdom great_britain england uk vereinigtes_königreich великобритания|GR greece griechenland греция
HR croatia kroatien хорватия|HU hungary ungarn венгрия|IE ireland irland ирландия|IL israel израиль
IN india indien индия|IT italy italien italia италия|JP japan япония|KZ kazakhstan kasachstan казахстан
LI liechtenstein лихтенштейн|LT lithuania litauen литва|LU luxembourg luxemburg люксембург
LV latvia lettland латвия|MX mexico mexiko мексика|NL netherlands niederlande holland нидерланды
NO norway norwegen норвегия|NZ new_zealand neuseeland|PL poland polen polska польша|PT portugal португалия
RO romania rumänien румыния|RS serbia serbien сербия|RU russia russland russian_federation россия
SE sweden schweden швеция|SI slovenia slowenien словения|SK slovakia slowakei словакия
TR turkey türkei türkiye турция|UA ukraine украина|US usa united_states united_states_of_america сша
"""
_COUNTRY_CODES = {
    name.replace("_", " "): code
    for entry in _COUNTRIES.replace("\n", "|").split("|")
    if entry
    for code, *names in [entry.split()]
    for name in names
}
_KNOWN_CODES = frozenset(ONE_ZONE) | frozenset(_COUNTRY_CODES.values()) | {"ID", "CL", "EC", "MN", "CD", "GL"}


def text(written: str, *, longest: int = LONGEST) -> str | None:
    """One line of composed Unicode without control signs, cut to `longest`; None when nothing is left."""
    plain = written.strip() if written.isascii() and written.isprintable() else _composed(written)
    if "  " in plain:
        plain = " ".join(plain.split())
    return plain[:longest] or None


@lru_cache(maxsize=10_000)  # files repeat their names and titles
def _composed(written: str) -> str:
    return " ".join(_CONTROL.sub(" ", unicodedata.normalize("NFC", written)).split())


def note(written: str) -> str | None:
    """Text of several lines, such as a postal address: lines kept, each as `text` leaves it."""
    if "\n" not in written and "\r" not in written:
        return text(written)
    lines = [text(line) for line in written.splitlines()]
    return "\n".join(line for line in lines if line)[:LONGEST] or None


@lru_cache(maxsize=5_000)
def country(written: str) -> str | None:
    """ISO 3166 alpha-2 where the name or code is known, else the text as written."""
    plain = text(written)
    if plain is None:
        return None
    if len(plain) == 2 and plain.upper() in _KNOWN_CODES:
        return plain.upper()
    return _COUNTRY_CODES.get(plain.casefold(), plain)


@lru_cache(maxsize=5_000)
def language(written: str) -> str | None:
    """A language tag in its usual spelling, such as `de` or `pt-BR` (RFC 5646, section 2.1.1)."""
    match = _LANGUAGE.fullmatch(written.strip())
    if match is None:
        return None
    language, region = match[1].lower(), match[2]
    if region is None:
        return language
    return f"{language}-{region.title() if len(region) == 4 else region.upper()}"


@lru_cache(maxsize=5_000)
def size(written: str) -> int | None:
    """How many people: `120`, `1,200`, the lower end of `51-200`, `500+`."""
    match = _NUMBER.search(written)
    if match is None:
        return None
    number = whole("".join(digit for digit in match[0] if digit.isdecimal()))
    return None if number is None or number > 10_000_000 else number


def day(written: str) -> str | None:
    """A date as ISO 8601, from itself or from day.month.year; slashes mean two things and are refused."""
    plain = written.strip()
    match = _DAY_FIRST.fullmatch(plain)
    try:
        if match:
            return date(int(match[3]), int(match[2]), int(match[1])).isoformat()
        return date.fromisoformat(plain[:10]).isoformat() if plain[10:11] in ("", "T", " ") else None
    except ValueError:
        return None


def bant(written: str) -> str | None:
    """unknown, no, partly or yes."""
    return _BANT.get(written.strip().casefold())


def outcome(written: str) -> str | None:
    """How a deal ended, won or lost; open for one that has not."""
    return _OUTCOMES.get(" ".join(re.sub(r"[-_/()]+", " ", written).casefold().split()))


def buying_role(written: str) -> str | None:
    """A role in the buying centre, as the domain names them; other texts stay as written."""
    plain = text(written)
    if plain is None:
        return None
    known = plain.casefold().replace(" ", "_").replace("-", "_")
    return known if known in BUYING_ROLES else plain


def tags(written: str) -> list[str]:
    """The tags of a cell, separated by commas, semicolons or bars; each once, in their order."""
    cleaned = (text(tag, longest=100) for tag in re.split(r"[,;|]", written))
    return list(dict.fromkeys(tag for tag in cleaned if tag))


def split_name(whole: str) -> tuple[str | None, str | None]:
    """First and last name of a name in one piece: `Last, First`, or the last word is the last name."""
    plain = text(whole)
    if plain is None:
        return None, None
    if "," in plain:
        last, _comma, first = plain.partition(",")
        return text(first), text(last)
    first, _space, last = plain.rpartition(" ")
    return (first, last) if first else (last, None)
