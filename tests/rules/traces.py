"""Hits as they leave traces."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from nurture.rules.crowds import Trace
from nurture.rules.hits import CLICK, OPEN

SENT = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)

DOOR = "84.17.3.9"


def trace(after: float, *, mail: int = 1, link: int | None = 1, ip: str = DOOR, ua: str = "Chrome") -> Trace:
    """A hit so many seconds after acceptance; without a link, an open."""
    soon = after < 900 and link is not None
    return Trace(
        id=UUID(int=hash((after, mail, link, ip, ua)) & (2**128 - 1)),
        delivery_id=mail,
        kind=OPEN if link is None else CLICK,
        link_id=None if link is None else mail * 100 + link,
        ip=ip,
        at=SENT + timedelta(seconds=after),
        ua=ua,
        since_sent=after,
        domain="weber.example" if soon else None,
    )
