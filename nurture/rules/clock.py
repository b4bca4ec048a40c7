"""The course of time: real, or for demonstrations and tests a virtual one that runs faster."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Course:
    """Virtual time: `start` was at the real instant `began`; from there it runs `speed` times as fast.
    The course of a real clock has no start."""

    start: datetime | None = None
    began: datetime | None = None
    speed: float = 1.0

    def at(self, real: datetime) -> datetime:
        """The moment on this course at a real instant."""
        if self.start is None or self.began is None:
            return real
        return self.start + (real - self.began) * self.speed
