"""Whoever wants to hear what happens in a simulation."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from nurture.rules.simulation.lead import Lead


class Log(Protocol):
    """Hears of everything, in order of time."""

    def note(self, lead: Lead, at: datetime, what: str, **detail: Any) -> None:
        """Something happened to a lead."""

    def steps(self, chain: str, arrivals: Sequence[str], departures: Sequence[str]) -> None:
        """A lead came to these steps of a chain, and left those."""
