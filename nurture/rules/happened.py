"""When something can have happened: what clocks and typed dates of other programs say is bounded here, for an
instant outside of it is a mistake, and one before the first year could be written and never read again."""

from datetime import UTC, datetime, timedelta

from nurture.rules.words import _

# Nothing that is reported here is older than the computers that report it.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
# Clocks of other machines are a little ahead at times; a day ahead is a mistake.
AHEAD = timedelta(minutes=10)


def fault_of(at: datetime, now: datetime) -> str | None:
    """Why something cannot have happened `at`, in a sentence; None for a moment that can be."""
    if at > now + AHEAD:
        return _("This lies in the future.")
    if at < EARLIEST:
        return _("This lies before 1970.")
    return None


def not_ahead(at: datetime, now: datetime) -> datetime:
    """When a door of ours saw something whose clock had jumped ahead: now, for heat of years to come would be
    without measure today."""
    return now if at > now + AHEAD else at


def fault_of_date(at: datetime) -> str | None:
    """Why nobody can meet, or have met, `at`, in a sentence; None for a moment that calendars have."""
    if at < EARLIEST:
        return _("This lies before 1970.")
    return _("This lies too far ahead.") if at >= LATEST else None
