"""What comes in thousands is written down first and rated a little later, so that a lead is rated once for
all that it did: rating a lead costs more than counting another of its signals.

With no backlog nothing waits. With one, hits and visits wait until it is gone, and no longer than a few
seconds; whatever a person told us by any other door (a form, a reply, a call, the API) never does.
"""

from datetime import datetime, timedelta

# So many hits in the stream are a backlog: about the work of a second.
BACKLOG = 10_000
# Nobody is kept waiting for longer.
LONGEST = timedelta(seconds=10)


def rate_by(now: datetime) -> datetime:
    """When a hit or visit that is recorded now is rated at the latest, however many come after it."""
    return now + LONGEST


def holds_back(waiting: int) -> bool:
    """Whether rating waits while so many hits wait to be recorded."""
    return waiting > BACKLOG
