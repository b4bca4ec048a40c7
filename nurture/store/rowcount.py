"""How many rows a statement wrote."""

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import CursorResult, Executable
from sqlalchemy.orm import Session


def written(session: Session, statement: Executable, given: Mapping[str, Any] | None = None) -> int:
    """Carry out an INSERT, UPDATE or DELETE without RETURNING; how many rows it wrote."""
    return cast(CursorResult[Any], session.execute(statement, dict(given or {}))).rowcount
