"""Whether a lead found ripe is handed over, and in which turn those that wait go to sales."""

from datetime import datetime
from typing import Final

from nurture.rules.stages import RIPENS_FROM

DIRECT_REQUEST: Final = "direct_request"
# A person asks, or a person of ours decides: this does not wait for the lead to be armed again.
WITHOUT_ARMING = frozenset({DIRECT_REQUEST, "hand"})
# These go before the ripest.
URGENT = frozenset({DIRECT_REQUEST, "bant"})
# Someone who asks to be called is not kept waiting for a free place; the place is counted all the same.
BEYOND_CAPACITY = DIRECT_REQUEST
# Only what heat has made can heat's fading undo.
COOLING = ("threshold",)
CAUSES = ("threshold", DIRECT_REQUEST, "bant", "step", "hand")

Turn = tuple[bool, bool, float, datetime, int]


def makes_handoff(cause: str, *, stage: str, armed: bool, is_open: bool) -> bool:
    """Whether ripeness makes a hand-off: not while one is open, nor where sales has the lead already, nor
    again before the lead is armed."""
    return not is_open and stage in RIPENS_FROM and (armed or cause in WITHOUT_ARMING)


def has_cooled(cause: str, *, armed: bool) -> bool:
    """Whether a hand-off that waits is taken back: its lead is armed again, so its readiness has fallen."""
    return armed and cause in COOLING


def turn(cause: str, score: float, readiness: float, ready_at: datetime, number: int) -> Turn:
    """Sorts those that wait: direct requests, what is urgent, then the ripest of now. The same order as
    `store.releases.next_waiting` asks for."""
    return cause != BEYOND_CAPACITY, cause not in URGENT, -max(score, readiness), ready_at, number
