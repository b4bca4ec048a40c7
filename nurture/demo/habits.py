"""What invented people do with a mail, and in between: plans of single acts, drawn from the seed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from nurture.demo import words
from nurture.demo.people import Person
from nurture.demo.sink import Letter

_FADES = timedelta(days=11)
# Habit: opens, clicks once there, follows a second link, looks around the website afterwards.
_ODDS = {
    "sleeper": (0.07, 0.04, 0.0, 0.0),
    "reader": (0.55, 0.10, 0.2, 0.1),
    "clicker": (0.82, 0.46, 0.4, 0.45),
    "keen": (0.96, 0.86, 0.7, 0.85),
    "faded": (0.93, 0.75, 0.5, 0.6),
    "leaver": (0.5, 0.1, 0.0, 0.0),
    "bounces": (0.0, 0.0, 0.0, 0.0),
}
# How often, on a working day, somebody comes by without a mail.
_RATES = {"keen": 0.10, "faded": 0.05, "clicker": 0.02}


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens: `what` is open, click, scan, proxy, signal, touch, leave or answers."""

    at: datetime
    what: str
    person: Person
    token: str = ""
    kind: str = ""
    data: dict[str, Any] | None = None


def on_letter(
    chance: Random, person: Person, letter: Letter, sent: datetime, *, number: int, lost_interest: bool
) -> list[Act]:
    """What follows from the `number`-th mail to this person, sent at `sent`."""
    acts = _machines(chance, person, letter, sent)
    opens, clicks, again, looks = _ODDS["sleeper" if lost_interest else person.habit]
    if chance.random() >= opens:
        return acts
    at = _when_read(chance, person, sent)
    if letter.opening:
        acts.append(Act(at, "proxy" if person.hides else "open", person, letter.opening))
    if person.habit == "leaver" and number >= 2:
        return [*acts, Act(at + timedelta(seconds=50), "leave", person)]
    if not letter.links or chance.random() >= clicks:
        return acts
    acts.append(Act(at + timedelta(seconds=chance.randrange(25, 120)), "click", person, letter.links[0]))
    if len(letter.links) > 1 and chance.random() < again:
        later = at + timedelta(seconds=chance.randrange(150, 500))
        acts.append(Act(later, "click", person, letter.links[1]))
    if chance.random() < looks:
        acts += _around_the_website(chance, person, at + timedelta(minutes=chance.randrange(3, 9)))
    return acts


def in_between(chance: Random, person: Person, now: datetime) -> list[Act]:
    """What a person does of itself on a working day, mails or not."""
    if person.habit not in _RATES or chance.random() >= _RATES[person.habit]:
        return []
    at = now + timedelta(minutes=chance.randrange(10, 400))
    if person.habit == "keen" and chance.random() < 0.28:
        return [_call(chance, person, at)]
    return _around_the_website(chance, person, at)


def on_arrival(chance: Random, person: Person, at: datetime) -> list[Act]:
    """How a person became known."""
    soon = at + timedelta(seconds=5)
    if person.came_by == "site":
        data = {"form": "Stock check", "url": words.PAGES[0]}
        visit = Act(soon, "signal", person, kind="visited", data={"url": words.PAGES[0]})
        return [visit, Act(soon + timedelta(seconds=40), "signal", person, kind="form_submitted", data=data)]
    if person.came_by == "partner":
        return [
            Act(soon, "signal", person, kind="partner_referral", data={"text": "Stratos knows them well."})
        ]
    if person.came_by == "breakfast":
        data = {"label": "Planning breakfast Frankfurt"}
        return [Act(soon, "signal", person, kind="event_registered", data=data)]
    note = chance.choice(words.NOTES)
    return [Act(soon, "touch", person, kind="business_card", data={"note": note, "direction": "in"})]


def at_the_event(chance: Random, person: Person, at: datetime) -> list[Act]:
    """Who had registered comes, or does not; some say how it was."""
    data = {"label": "Planning breakfast Frankfurt"}
    if chance.random() < 0.3:
        return [Act(at, "signal", person, kind="event_no_show", data=data)]
    acts = [Act(at, "signal", person, kind="event_attended", data=data)]
    if chance.random() < 0.6:
        rating = chance.choices((5, 4, 3, 2), (40, 35, 18, 7))[0]
        acts.append(Act(at + timedelta(hours=26), "signal", person, kind="feedback", data={"rating": rating}))
    return acts


def _machines(chance: Random, person: Person, letter: Letter, sent: datetime) -> list[Act]:
    """The gateway of the company opens and follows everything at once."""
    if person.firm.gateway is None:
        return []
    at = sent + timedelta(milliseconds=chance.randrange(400, 1500))
    return [
        Act(at, "scan", person, token, kind=kind)
        for kind, token in (("open", letter.opening), *(("click", link) for link in letter.links))
        if token
    ]


def fades(person: Person, since: timedelta) -> bool:
    """Whether this person has lost interest by now."""
    return person.habit == "faded" and since > _FADES


def _when_read(chance: Random, person: Person, sent: datetime) -> datetime:
    """Some hours later as a rule, and by day."""
    at = sent + timedelta(minutes=4 + chance.lognormvariate(4.6, 1.1))
    local = at.astimezone(ZoneInfo(person.answers["timezone"]))
    if local.hour < 7 or local.hour >= 22:
        ahead = timedelta(days=local.hour >= 22) + timedelta(hours=7) - timedelta(hours=local.hour)
        at += ahead + timedelta(minutes=chance.randrange(10, 170))
    return at


def _around_the_website(chance: Random, person: Person, at: datetime) -> list[Act]:
    acts = [Act(at, "signal", person, kind="visited", data={"url": chance.choice(words.PAGES)})]
    if chance.random() < 0.45:
        data = {"label": chance.choice(words.DOWNLOADS)}
        acts.append(Act(at + timedelta(minutes=4), "signal", person, kind="downloaded", data=data))
    if chance.random() < 0.4:
        data = {"label": chance.choice(words.PRODUCTS)}
        acts.append(Act(at + timedelta(minutes=7), "signal", person, kind="viewed_product", data=data))
    return acts


def _call(chance: Random, person: Person, at: datetime) -> Act:
    return Act(at, "touch", person, kind="call", data={"note": chance.choice(words.CALLS), "direction": "in"})
