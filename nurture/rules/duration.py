"""Lengths of time as people write them in files: 30s, 15m, 3h, 5d, 2w."""

import re
from dataclasses import dataclass
from datetime import timedelta

from nurture.rules.words import _, ngettext

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_FORM = re.compile(r"([0-9]{1,9})([smhdw])")
_LONGEST_S = 36525 * 86400


@dataclass(frozen=True, slots=True)
class Duration:
    """`amount` of `unit`, as written. s, m and h are elapsed time; d and w are days of the calendar
    where a local hour is kept (a wait), and 24-hour days where a span is measured (`elapsed`)."""

    amount: int
    unit: str

    @property
    def elapsed(self) -> timedelta:
        """The length with a day of 24 hours."""
        return timedelta(seconds=self.seconds)

    @property
    def seconds(self) -> float:
        """The same in seconds."""
        return float(self.amount * _SECONDS[self.unit])

    @property
    def keeps_local_hour(self) -> bool:
        """True for days and weeks, which end at the lead's same local hour."""
        return self.unit in "dw"

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"


@dataclass(frozen=True, slots=True)
class Offset:
    """A length of time before (`back`) or after something."""

    by: Duration
    back: bool = False

    @property
    def elapsed(self) -> timedelta:
        """The length with its sign, a day being 24 hours."""
        return -self.by.elapsed if self.back else self.by.elapsed

    def __str__(self) -> str:
        return f"-{self.by}" if self.back else str(self.by)


AT_ONCE = Offset(Duration(0, "d"))


def parse_offset(raw: object) -> Offset:
    """The offset that `raw` says (-14d, 2h); ValueError with what was expected otherwise."""
    text = raw.strip() if isinstance(raw, str) else ""
    try:
        return Offset(parse(text[1:] if text[:1] in ("+", "-") else text), text.startswith("-"))
    except ValueError:
        raise ValueError(_("expected a length of time before or after it, such as -14d or 2h")) from None


def parse(raw: object) -> Duration:
    """The duration that `raw` says; ValueError with what was expected otherwise."""
    match = _FORM.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if match is None:
        raise ValueError(_("expected a length of time such as 30s, 15m, 3h, 5d or 2w"))
    duration = Duration(int(match[1]), match[2])
    if duration.amount * _SECONDS[duration.unit] > _LONGEST_S:
        raise ValueError(_("expected a length of time of at most 100 years"))
    return duration


def describe(duration: Duration) -> str:
    """In words: "5 days"."""
    amount = duration.amount
    words = {
        "s": ngettext("{n} second", "{n} seconds", amount),
        "m": ngettext("{n} minute", "{n} minutes", amount),
        "h": ngettext("{n} hour", "{n} hours", amount),
        "d": ngettext("{n} day", "{n} days", amount),
        "w": ngettext("{n} week", "{n} weeks", amount),
    }
    return words[duration.unit].format(n=amount)
