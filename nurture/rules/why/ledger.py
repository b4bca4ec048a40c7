"""What the ledger of consent says of a moment that is past: which entry stood, and which one refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

GRANTED, PENDING = "granted", "pending"


@dataclass(frozen=True, slots=True)
class Said:
    """One entry of the ledger, as far as a decision rests on it."""

    id: int
    purpose: str
    state: str
    at: datetime


def standing_at(said: Sequence[Said], purpose: str, at: datetime) -> Said | None:
    """The entry that held for the purpose at that moment, of entries in their order; None before the first.
    A question that waits takes no yes away."""
    held: Said | None = None
    for one in _until(said, purpose, at):
        if one.state != PENDING or held is None or held.state != GRANTED:
            held = one
    return held


def refusal_at(said: Sequence[Said], purpose: str, at: datetime) -> Said | None:
    """The newest entry by which a mail of that moment was refused: withdrawn, or not confirmed."""
    refusals = [one for one in _until(said, purpose, at) if one.state != GRANTED]
    return refusals[-1] if refusals else None


def _until(said: Sequence[Said], purpose: str, at: datetime) -> list[Said]:
    return [one for one in said if one.purpose == purpose and one.at <= at]
