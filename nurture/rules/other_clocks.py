"""When something happened by our clock, told by a program whose own may be wrong."""

from datetime import datetime


def by_our_clock(at: datetime | None, sent_at: datetime | None, now: datetime) -> datetime | None:
    """The instant of `at` by our clock: as long before now as it was before the message was sent, both by the
    clock of its sender (the Segment specification, common fields: `timestamp` is `receivedAt` less the time
    from `originalTimestamp` to `sentAt`). As it stands where nobody said when it was sent; None where nobody
    said when it was."""
    if at is None or sent_at is None or sent_at < at:
        return at
    try:
        return now - (sent_at - at)
    except OverflowError:  # before the calendar begins: whoever looks at it refuses it
        return at
