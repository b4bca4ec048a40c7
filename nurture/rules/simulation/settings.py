"""What may be set about a simulation, read from what a form or the API says, with every fault at once."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from nurture.errors import Invalid
from nurture.rules.simulation.habits import Habits, Rates, SalesHabits
from nurture.rules.timing import zone_named
from nurture.rules.whole import whole
from nurture.rules.words import _

MOST_LEADS, MOST_DAYS, MOST_RUNS = 20_000, 730, 20
# So many leads times days times runs are simulated at once at most: some minutes of work.
MOST_WORK = 20_000_000
DRAFT, LIVE = "draft", "live"
BASE, INVENTED = "base", "invented"
HISTORY, STATED = "history", "stated"
_SHARES = ("opened", "clicked", "replied", "asked", "unsubscribed", "accepts", "meets", "cold", "warm", "hot")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that may be set. `version` and `against` say which side is simulated (draft, live; against
    nothing: ""). `people` are those of the base, of one `segment` if named, or invented ones, who come over
    `over_days`. `rates` are those of the program's own history or the stated ones, in per cent of the mails
    sent. `per_day` is what sales takes (None: all); `accepts`, `meets` per cent. `zones`, `sizes`, `sources`
    read "name share, name share"."""

    version: str = DRAFT
    against: str = ""
    people: str = INVENTED
    leads: int = 500
    segment: str = ""
    over_days: int = 0
    cold: float = 80
    warm: float = 16
    hot: float = 4
    zones: str = "Europe/Berlin 100"
    sizes: str = "8 30, 60 50, 300 20"
    sources: str = ""
    rates: str = HISTORY
    opened: float = 35
    clicked: float = 6
    replied: float = 1
    asked: float = 0.2
    unsubscribed: float = 0.3
    uneven: float = 1.0
    per_day: int | None = None
    accepts: float = 70
    meets: float = 50
    days: int = 90
    runs: int = 5
    seed: int = 1

    def plain(self) -> dict[str, Any]:
        """As `read_settings` reads it."""
        return asdict(self)

    @property
    def habits(self) -> Habits:
        """What people do by the stated rates."""
        return Habits(
            self.seed,
            Rates(
                *(
                    share / 100
                    for share in (self.opened, self.clicked, self.replied, self.asked, self.unsubscribed)
                )
            ),
            sales=SalesHabits(self.accepts / 100, timedelta(hours=4), self.meets / 100, timedelta(days=5)),
            uneven=self.uneven,
        )


_WHOLE = {
    "leads": (1, MOST_LEADS),
    "days": (1, MOST_DAYS),
    "runs": (1, MOST_RUNS),
    "over_days": (0, MOST_DAYS),
    "seed": (0, 2**31),
}
_ONE_OF = {
    "version": (DRAFT, LIVE),
    "against": ("", DRAFT, LIVE),
    "people": (BASE, INVENTED),
    "rates": (HISTORY, STATED),
}


def read_settings(raw: Mapping[str, Any], known: Settings | None = None) -> Settings:
    """The settings that `raw` says, the others as `known` has them. Raises Invalid with every fault by
    field."""
    found, faults = known or Settings(), {}
    values: dict[str, Any] = {}
    for name, value in raw.items():
        try:
            values[name] = _read(name, value)
        except ValueError as fault:
            faults[name] = [str(fault)]
    if not faults:
        found = replace(found, **values)
        faults = _together(found)
    if faults:
        raise Invalid(" ".join(one for many in faults.values() for one in many), faults)
    return found


def shares_of(text: str) -> dict[str, float]:
    """ "name share, name share" as shares by name; ValueError with a sentence."""
    found: dict[str, float] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, _space, share = part.rpartition(" ")
        try:
            found[name.strip() or share] = float(share) if name else 1.0
        except ValueError:
            raise ValueError(
                _("Write a name and its share, such as: Europe/Berlin 80, Europe/Paris 20.")
            ) from None
    if any(share < 0 for share in found.values()) or (found and not sum(found.values())):
        raise ValueError(_("Shares are numbers above 0."))
    return found


def _read(name: str, value: Any) -> Any:
    if name not in Settings.__dataclass_fields__:
        raise ValueError(_("There is no such setting."))
    if name in _ONE_OF:
        if value not in _ONE_OF[name]:
            raise ValueError(
                _("This is one of: {names}.").format(names=", ".join(filter(None, _ONE_OF[name])))
            )
        return value
    if name == "per_day":
        return None if value in (None, "") else _whole(value, 0, 100_000)
    if name in _WHOLE:
        return _whole(value, *_WHOLE[name])
    if name in _SHARES:
        return _number(value, 0, 100)
    if name == "uneven":
        return _number(value, 0, 3)
    return _shares(name, str(value or "").strip())


def _shares(name: str, text: str) -> str:
    if name == "segment":
        return text
    named = shares_of(text)
    if name == "zones" and (strange := [zone for zone in named if zone_named(zone) is None]):
        raise ValueError(_('There is no time zone "{zone}".').format(zone=strange[0]))
    if name == "sizes" and not all(whole(size) is not None for size in named):
        raise ValueError(_("A size is a whole number of people."))
    return text


def _whole(value: Any, least: int, most: int) -> int:
    number = _number(value, least, most)
    if number != int(number):
        raise ValueError(_("A whole number from {least} to {most}.").format(least=least, most=f"{most:,}"))
    return int(number)


def _number(value: Any, least: float, most: float) -> float:
    try:
        number = float(str(value).strip().replace(",", "."))
    except ValueError:
        number = float("nan")
    if not least <= number <= most or isinstance(value, bool):
        raise ValueError(_("A number from {least} to {most}.").format(least=f"{least:g}", most=f"{most:,g}"))
    return number


def _together(found: Settings) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    if found.cold + found.warm + found.hot <= 0:
        faults["cold"] = [_("Somebody has to be cold, warm or hot.")]
    if found.clicked > found.opened:
        faults["clicked"] = [_("Who clicks has opened: clicks cannot be more than opens.")]
    if found.against and found.against == found.version:
        faults["against"] = [_("Compare with the other version.")]
    if found.leads * found.days * found.runs > MOST_WORK:
        faults["runs"] = [_("That is too much for one simulation: fewer leads, days or repetitions.")]
    return faults
