"""The one condition language: segments, branches, entries, exits, goals, scorecards.

`parse` makes a tree of frozen values from what a file or the API says, `holds` decides it on the
facts of a lead, `describe` says it in a sentence, `unparse` gives the plain form back. Two-valued:
what is missing makes every comparison false, `ne` too; only `exists` and `not` see that it is
missing. Texts compare folded. The tree holds nothing but plain values, so that the same tree can be
asked of the database.
"""

from nurture.rules.conditions.deciding import first_failing, holds
from nurture.rules.conditions.faults import ConditionFault, Fault
from nurture.rules.conditions.reading import parse
from nurture.rules.conditions.saying import describe
from nurture.rules.conditions.tree import (
    AllOf,
    AnyOf,
    Bant,
    Compare,
    Condition,
    Look,
    Not,
    OneOf,
    Op,
    Signalled,
    looked_at,
    parts_of,
    signals_asked,
)
from nurture.rules.conditions.writing import unparse

__all__ = [
    "AllOf",
    "AnyOf",
    "Bant",
    "Compare",
    "Condition",
    "ConditionFault",
    "Fault",
    "Look",
    "Not",
    "OneOf",
    "Op",
    "Signalled",
    "describe",
    "first_failing",
    "holds",
    "looked_at",
    "parse",
    "parts_of",
    "signals_asked",
    "unparse",
]
