"""Which signals are touches: the lead came to us, by whatever way."""

# An open says little, a no-show is the absence of a touch, a note is ours.
_NO_TOUCH = frozenset({"opened", "event_no_show", "note"})


def is_touch(kind: str) -> bool:
    """Whether a human signal of this kind counts among the touches from the lead's side."""
    return kind not in _NO_TOUCH
