"""Which signals are touches: the lead came to us, by whatever way; and what touches are called that people
enter by hand."""

from nurture.rules.sales_signals import SAID_BY_SALES

# What was entered, and in which direction: the kind of its signal.
KINDS = {
    ("call", "in"): "called",
    ("call", "out"): "phoned",
    ("meeting", "in"): "met",
    ("meeting", "out"): "met",
    ("business_card", "in"): "business_card",
    ("note", "in"): "note",
    ("note", "out"): "note",
    ("missed", "in"): "meeting_missed",
    # By whatever way they said it: in a call, in answer to a mail, at a fair. It is handed over at once.
    ("request", "in"): "meeting_requested",
}
# The source of what people enter, and the sources that report what they are told: a mistake of theirs can be
# taken back. Hits have verdicts, guests a list, and what sales answers is answered anew.
BY_HAND = "page"
_TOLD = frozenset({BY_HAND, "api", "segment", "import"})
# Why a signal counts no more, where somebody said that it had been told by mistake.
TAKEN_BACK = "taken_back"
# Where we went to them.
OUTWARD = frozenset({"phoned"})
# An open says little, a no-show is the absence of a touch, a note and what sales says are ours.
_NO_TOUCH = frozenset({"opened", "event_no_show", "meeting_missed", "note"}) | OUTWARD | SAID_BY_SALES


def is_touch(kind: str) -> bool:
    """Whether a human signal of this kind counts among the touches from the lead's side."""
    return kind not in _NO_TOUCH


def may_be_taken_back(source: str) -> bool:
    """Whether a signal of this source can have been told by mistake."""
    return source in _TOLD
