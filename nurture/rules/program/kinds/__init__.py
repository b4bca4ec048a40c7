"""A machine-readable description of the language of programs: every kind of step with its fields, and the
fields of programs and chains. Editors make their forms from it, the reference its tables."""

from nurture.rules.program.kinds.frame import EXITS, chain_fields, program_fields
from nurture.rules.program.kinds.steps import CHAINS, ROLES, groups, key, steps
from nurture.rules.program.kinds.values import TYPES, Block, Field, Kind

__all__ = [
    "CHAINS",
    "EXITS",
    "ROLES",
    "TYPES",
    "Block",
    "Field",
    "Kind",
    "chain_fields",
    "groups",
    "key",
    "kind",
    "program_fields",
    "steps",
]


def kind(word: str) -> Kind:
    """The description of the kind of step that this word tells apart; KeyError for none."""
    return {one.word: one for one in steps()}[word]
