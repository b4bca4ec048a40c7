"""Which transport carries which mails now: what was chosen, unless it is down and another takes over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

KINDS = ("smtp", "ses", "mailgun", "postmark", "sendgrid")
# The transport that the environment sets up (NURTURE_SMTP_URL) has no row.
OF_SETTINGS = 0

# After the first failure nobody knocks for so long; twice as long after each further one.
FIRST_REST_SECONDS = 5.0
LONGEST_REST_SECONDS = 300.0
# Whoever knocks first has so long to find out.
PROBE_SECONDS = 60.0
PROBE_MAILS = 1

WORKING, RESTING, ON_TRIAL = "working", "resting", "on_trial"


@dataclass(frozen=True)
class Limits:
    """How much may go out over something: mails a second, in any hour, in any day; None: no limit."""

    per_second: float | None = None
    per_hour: int | None = None
    per_day: int | None = None

    @property
    def none(self) -> bool:
        return self.per_second is None and self.per_hour is None and self.per_day is None


@dataclass(frozen=True)
class Health:
    """A circuit breaker: `failures` in a row; `rest` is set while it is open: seconds until somebody may
    knock,
    0 or less when one may. `at`: since when it stands like this."""

    failures: int = 0
    rest: float | None = None
    sentence: str = ""
    at: datetime | None = None

    @property
    def phase(self) -> str:
        """WORKING; RESTING while nobody knocks; ON_TRIAL when one mail may try."""
        if self.rest is None:
            return WORKING
        return RESTING if self.rest > 0 else ON_TRIAL


@dataclass(frozen=True)
class Standing:
    """A transport as the choice sees it."""

    id: int
    fallback_id: int | None = None
    paused: bool = False
    health: Health = field(default_factory=Health)

    @property
    def usable(self) -> bool:
        return not self.paused and self.health.phase == WORKING

    @property
    def on_trial(self) -> bool:
        return not self.paused and self.health.phase == ON_TRIAL


def carried_by(standings: Sequence[Standing]) -> dict[int, int]:
    """For each transport that may be chosen, the one that carries its mails now. One that is down and has
    nobody in its place waits for itself; so it is knocked at when its rest is over."""
    known = {one.id: one for one in standings}
    return {one.id: _carrier(one, known) for one in standings}


def _carrier(chosen: Standing, known: Mapping[int, Standing]) -> int:
    seen: set[int] = set()
    at: Standing | None = chosen
    while at is not None and at.id not in seen:
        if at.usable:
            return at.id
        seen.add(at.id)
        at = known.get(at.fallback_id) if at.fallback_id is not None else None
    return chosen.id


def served(carriers: Mapping[int, int], one: Standing) -> tuple[int, ...]:
    """The choices whose mails this transport carries now. One whose rest is over tries a mail of its own
    beside whoever stands in for it: else it would never be seen to work again."""
    found = tuple(sorted(choice for choice, carrier in carriers.items() if carrier == one.id))
    return found or ((one.id,) if one.on_trial else ())


def is_sick(answered: int, troubled: int) -> bool:
    """Whether the outcomes of a chunk say that the transport itself is unwell: most of a fair number of
    mails came to nothing by no fault of theirs."""
    return troubled >= 10 and troubled * 2 > answered + troubled


# What each kind is told besides its secret: name → whether it has to be there.
FIELDS: Mapping[str, Mapping[str, bool]] = {
    "smtp": {"host": True, "port": True, "tls": True, "user": False, "verify": False},
    "ses": {"region": True, "access_key": True, "configuration_set": False, "endpoint": False},
    "mailgun": {"domain": True, "region": False, "endpoint": False},
    "postmark": {"stream": False, "endpoint": False},
    "sendgrid": {"region": False, "endpoint": False},
}
_ENDPOINTS = {
    "ses": "https://email.{region}.amazonaws.com",
    "mailgun": "https://api.{region}mailgun.net",
    "postmark": "https://api.postmarkapp.com",
    "sendgrid": "https://api.{region}sendgrid.com",
}


def endpoint_of(kind: str, settings: Mapping[str, str]) -> str:
    """The base address of a service: its own, that of a region (eu), or another that was set."""
    if settings.get("endpoint"):
        return settings["endpoint"]
    region = settings.get("region", "")
    if kind != "ses":
        region = f"{region}." if region and region != "us" else ""
    return _ENDPOINTS[kind].format(region=region)
