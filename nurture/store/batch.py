"""A batch of rows as one value: psycopg makes arrays of texts and instants several times as slowly as
PostgreSQL reads them from JSON, and a list of numbers is quickest as the text of an array."""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

# Whole numbers that do not fit into 64 bits, which only the slower reader keeps exact.
_LONG_NUMBER = re.compile(rb"\d{19}")


def rows(values: Sequence[Any]) -> str:
    """Rows as JSON; ids and instants may stand in them as they are."""
    try:
        return orjson.dumps(values, default=_plain).decode()
    except TypeError:  # a number over 64 bits, or half a sign of UTF-16: for PostgreSQL to judge
        return json.dumps(values, default=_plain)


def numbers(ids: Iterable[int]) -> str:
    """Whole numbers as the text of an array."""
    return "{" + ",".join(map(str, ids)) + "}"


def uuids(ids: Iterable[UUID]) -> str:
    """Ids as the text of an array."""
    return "{" + ",".join(map(str, ids)) + "}"


def instants(moments: Iterable[datetime]) -> str:
    """Instants as the text of an array."""
    return "{" + ",".join(moment.isoformat() for moment in moments) + "}"


def loads(data: bytes | str) -> Any:
    """What PostgreSQL gives as JSON; raises ValueError for anything else."""
    if data == b"{}":
        return {}
    raw = data.encode() if isinstance(data, str) else data
    return json.loads(raw) if _LONG_NUMBER.search(raw) else orjson.loads(raw)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Iterable):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in a row")
