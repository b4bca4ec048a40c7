"""The segments as conditions, ready to be decided."""

from dataclasses import dataclass
from functools import lru_cache
from json import dumps, loads

from sqlalchemy.orm import Session

from nurture.rules.conditions import Condition, parse
from nurture.rules.segments import in_order
from nurture.store import segments


@dataclass(frozen=True, slots=True)
class Asked:
    """A segment ready to be decided."""

    id: int
    key: str
    condition: Condition


def asked_in_order(session: Session) -> list[Asked]:
    """Every segment, those that lean on others after them."""
    stored = {one.key: one for one in segments.every(session)}
    conditions = {key: _parsed(dumps(one.condition, sort_keys=True)) for key, one in stored.items()}
    return [Asked(stored[key].id, key, conditions[key]) for key in in_order(conditions)]


@lru_cache(1024)
def _parsed(plain: str) -> Condition:
    return parse(loads(plain))
