"""How a stage moves and which answers of sales a hand-off takes (DOMAIN.md, the funnel of stages)."""

from dataclasses import dataclass

# The reasons of a rejection that say the person was never in the audience: such a lead is lost.
DISQUALIFYING = frozenset({"disqualified", "wrong_audience", "false_data", "duplicate", "competitor"})

OUTCOMES = ("accepted", "rejected", "contacted", "meeting", "later", "won", "lost")

# Ripening takes a lead from any of these; one whom sales has already is not ripened again.
RIPENS_FROM = ("inquiry", "lead", "customer", "lost")
# Where a lead stands that is ripe: in the line for sales, or with sales and not met yet.
AWAITS_SALES = "sales_ready"

OPEN = ("waiting", "released", "accepted", "contacted", "meeting")
WITH_SALES = ("released", "accepted", "contacted", "meeting")

_TAKES = {
    "released": OUTCOMES,
    "accepted": ("rejected", "contacted", "meeting", "later", "won", "lost"),
    "contacted": ("rejected", "contacted", "meeting", "later", "won", "lost"),
    "meeting": ("meeting", "later", "won", "lost"),
}

_STAGE_AFTER = {
    "accepted": "sales_ready",
    "contacted": "sales_ready",
    "meeting": "opportunity",
    "won": "customer",
    "lost": "lost",
}


@dataclass(frozen=True)
class Move:
    """What an answer does to the lead: its new stage, whether it may ripen again, whether nurturing ends."""

    stage: str
    arms: bool
    ends_nurturing: bool


def takes(state: str, outcome: str) -> bool:
    """Whether a hand-off in `state` takes this answer."""
    return outcome in _TAKES.get(state, ())


def after(outcome: str, reason: str, *, came_from: str | None) -> Move:
    """The move that an answer of sales makes. `came_from` is the stage the lead ripened from: a customer
    whom sales returns is a customer still."""
    if outcome == "rejected" and reason in DISQUALIFYING:
        return Move("lost", arms=False, ends_nurturing=True)
    if outcome in ("rejected", "later"):
        return Move(returned_to(came_from), arms=True, ends_nurturing=False)
    return Move(_STAGE_AFTER[outcome], arms=False, ends_nurturing=outcome in ("meeting", "won", "lost"))


def returned_to(came_from: str | None) -> str:
    """Where a lead goes on being nurtured when sales returns it or its ripeness has passed."""
    return "customer" if came_from == "customer" else "lead"
