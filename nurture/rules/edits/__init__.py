"""What an edit of a program is: the difference of two versions, and what publishing does to those inside."""

from nurture.rules.edits.diff import (
    ChainDiff,
    Difference,
    MailDiff,
    Setting,
    StepDiff,
    Words,
    compare,
)
from nurture.rules.edits.landing import Gone, changed_steps, gone_of, lands_at, senders_changed
from nurture.rules.edits.plan import Effect, Plan, Standing, plan
from nurture.rules.edits.words import Piece

__all__ = [
    "ChainDiff",
    "Difference",
    "Effect",
    "Gone",
    "MailDiff",
    "Piece",
    "Plan",
    "Setting",
    "Standing",
    "StepDiff",
    "Words",
    "changed_steps",
    "compare",
    "gone_of",
    "lands_at",
    "plan",
    "senders_changed",
]
