"""Long jobs: what takes minutes at a million leads, and may be begun again at any time."""

from nurture.flows.enroll import enter_existing
from nurture.runtime import opened


def enter_programs(day: int) -> int:
    """Let every lead of the base enter the live programs that it fits by now, and those that it may enter
    again; how many entered. Once for each `day`: what happens to a lead makes it enter at once, this is
    for what merely time has made true."""
    with opened() as runtime:
        return enter_existing(runtime.sessions, now=runtime.now())
