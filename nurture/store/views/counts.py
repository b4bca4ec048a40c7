"""Counting without reading history: exact up to a bound, "more than" beyond it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import Session

UP_TO = 10_000


@dataclass(frozen=True)
class Bounded:
    """`n` rows, or more than `n` when not `exact`."""

    n: int
    exact: bool


def bounded(session: Session, query: Select[Any], up_to: int = UP_TO) -> Bounded:
    """How many rows `query` has, reading at most `up_to` + 1 of them."""
    some = query.with_only_columns(literal(1)).order_by(None).limit(up_to + 1).subquery()
    n = session.scalar(select(func.count()).select_from(some)) or 0
    return Bounded(min(n, up_to), n <= up_to)
