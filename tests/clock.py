"""A clock that stands until a test moves it."""

from datetime import datetime, timedelta


class StandingClock:
    """`clock()` is the moment; `clock.advance(days=1)` moves it."""

    def __init__(self, start: datetime) -> None:
        self.moment = start

    def __call__(self) -> datetime:
        return self.moment

    @property
    def now(self) -> datetime:
        return self.moment

    def advance(self, **span: float) -> datetime:
        self.moment += timedelta(**span)
        return self.moment

    def set(self, moment: datetime) -> None:
        self.moment = moment
