"""Who the invented people are: companies first, then who works there, where from and with which habits."""

import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from nurture.demo import words

LEADS = 320
_COMPANIES = 96
# Habit, how many of a hundred: what each does with a mail is told in demo/habits.py.
HABITS = (
    ("sleeper", 37), ("reader", 26), ("clicker", 16), ("keen", 6), ("faded", 9), ("leaver", 4),
    ("bounces", 2),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Firm:
    """An invented company. `gateway` is the program with which its mail gateway follows every link."""

    name: str
    domain: str
    size: int
    industry: str
    country: str
    city: str
    gateway: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """An invented lead: the `answers` it is saved with, when it `arrives` after the beginning, how it came
    (fair, site, partner, breakfast), its habit, and where its requests come from."""

    number: int
    answers: dict[str, Any]
    arrives: timedelta
    came_by: str
    habit: str
    firm: Firm
    browser: str
    ip: str
    hides: bool

    @property
    def email(self) -> str:
        return str(self.answers["email"])


def invent(chance: Random, leads: int, span: timedelta) -> list[Person]:
    """All of them, by the time they arrive within `span`."""
    firms = [_firm(chance, number) for number in range(_COMPANIES)]
    people = [_person(chance, number, firms, span) for number in range(leads)]
    return sorted(people, key=lambda person: (person.arrives, person.number))


def _firm(chance: Random, number: int) -> Firm:
    stem = words.STEMS[number % len(words.STEMS)]
    industry, kinds = words.INDUSTRIES[(number // len(words.STEMS) + number) % len(words.INDUSTRIES)]
    country, _zone, _often, cities = _picked(chance, words.COUNTRIES, 2)
    name = f"{stem} {kinds[number % len(kinds)]}"
    form = {"DE": " GmbH", "AT": " GmbH", "CH": " AG", "NL": " B.V.", "IT": " S.r.l.", "PL": " Sp. z o.o."}
    return Firm(
        name=name + form.get(country, ""),
        domain=f"{_plain(name)}-{number + 1}.example",
        size=max(4, min(2400, round(chance.lognormvariate(4.3, 1.1)))),
        industry=industry,
        country=country,
        city=chance.choice(cities),
        gateway=chance.choice(words.GATEWAYS) if chance.random() < 0.14 else None,
    )


def _person(chance: Random, number: int, firms: list[Firm], span: timedelta) -> Person:
    firm = firms[min(int(chance.expovariate(1 / 30)), len(firms) - 1)]
    first, last = chance.choice(words.FIRST), chance.choice(words.LAST)
    role, part, _often = _picked(chance, words.ROLES, 2)
    habit = str(_picked(chance, HABITS, 1)[0])
    came_by, arrives = _arrival(chance, span)
    answers: dict[str, Any] = {
        "email": f"{_plain(first)}.{_plain(last)}.{number + 1}@{firm.domain}",
        "first_name": first,
        "last_name": last,
        "role": role,
        "language": "en",
        "country": firm.country,
        "city": firm.city,
        "timezone": next(zone for code, zone, *_ in words.COUNTRIES if code == firm.country),
        "company": {
            "name": firm.name,
            "size": firm.size,
            "industry": firm.industry,
            "country": firm.country,
            "city": firm.city,
            "website": f"https://www.{firm.domain}",
        },
        "source": {
            "fair": words.FAIR, "site": words.SITE, "partner": words.PARTNER, "breakfast": words.BREAKFAST
        }[came_by],
        "tags": ["demo"],
        "consent": {"marketing": True} | ({"newsletter": True} if chance.random() < 0.7 else {}),
    }  # fmt: skip
    if part:
        answers["buying_role"] = part
    if chance.random() < 0.55:
        answers["phone"] = f"+4940555{number + 10000:05d}"
    if chance.random() < 0.3:
        answers["tags"] = ["demo", chance.choice(words.TAGS)]
    if habit in ("keen", "clicker") and chance.random() < 0.6:
        answers["fields"] = {"interest": chance.choice(words.INTERESTS)}
    if came_by == "fair" and chance.random() < 0.08:
        answers["consent"] = {}
    return Person(
        number=number,
        answers=answers,
        arrives=arrives,
        came_by=came_by,
        habit=habit,
        firm=firm,
        browser=chance.choice(words.BROWSERS),
        ip=f"2001:db8:{number + 1:x}::{chance.randrange(1, 0xFFFF):x}",
        hides=chance.random() < 0.16,
    )


def _arrival(chance: Random, span: timedelta) -> tuple[str, timedelta]:
    """A third came home from a fair with us, the others one by one, in office hours mostly."""
    if chance.random() < 0.34:
        return "fair", timedelta(hours=1, seconds=chance.randrange(3600))
    came_by = chance.choices(("site", "partner", "breakfast"), (66, 16, 18))[0]
    days = int(span.days * chance.random() ** 1.15)
    return came_by, timedelta(days=days, hours=chance.randrange(0, 10), seconds=chance.randrange(3600))


def _picked(chance: Random, table: Any, weight: int) -> Any:
    return chance.choices(table, [row[weight] for row in table])[0]


def _plain(name: str) -> str:
    """A name as it stands in an address."""
    spelled = name.lower().replace("ü", "ue").replace("ö", "oe").replace("ä", "ae").replace("ß", "ss")
    letters = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    return "-".join("".join(sign if sign.isalnum() else " " for sign in letters).split())
