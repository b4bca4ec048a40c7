"""Statistics of chains: counters by step and day, and which leads are compared with which."""

from nurture.store.statistics.arms import NewArm, NewEntry, come_in, join, meet, still_open
from nurture.store.statistics.days import CHAIN, DayTally, count, day_of
from nurture.store.statistics.tables import ArmDay, ArmLead, StepDay

__all__ = [
    "CHAIN",
    "ArmDay",
    "ArmLead",
    "DayTally",
    "NewArm",
    "NewEntry",
    "StepDay",
    "come_in",
    "count",
    "day_of",
    "join",
    "meet",
    "still_open",
]
