"""Answers once given to a POST with an Idempotency-Key, to be given again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

# A request that has not answered after this long has died with its process.
ABANDONED = timedelta(minutes=5)
KEPT = timedelta(hours=24)


@dataclass(frozen=True)
class Kept:
    """What is kept under a key. `status` is None while the first request is under way."""

    request_hash: str
    status: int | None
    headers: dict[str, Any]
    body: bytes | None
    created_at: datetime


_CLAIM = text(
    """
    INSERT INTO idempotency_key AS k (api_key_id, key, request_hash, created_at)
    VALUES (:api_key, :key, :hash, :now)
    ON CONFLICT (api_key_id, key) DO UPDATE SET
        request_hash = excluded.request_hash, status = NULL, headers = '{}', body = NULL, created_at = :now
    WHERE k.created_at < :expired OR (k.status IS NULL AND k.created_at < :abandoned)
    RETURNING key
    """
)
_FIND = text(
    """
    SELECT request_hash, status, headers, body, created_at FROM idempotency_key
    WHERE api_key_id = :api_key AND key = :key
    """
)
_KEEP = text(
    """
    UPDATE idempotency_key SET status = :status, headers = CAST(:headers AS jsonb), body = :body
    WHERE api_key_id = :api_key AND key = :key
    """
)


def claim(session: Session, api_key_id: int, key: str, request_hash: str, *, now: datetime) -> Kept | None:
    """Take the key for this request: None when it is ours now, else what is kept under it."""
    given = {
        "api_key": api_key_id,
        "key": key,
        "hash": request_hash,
        "now": now,
        "expired": now - KEPT,
        "abandoned": now - ABANDONED,
    }
    if session.execute(_CLAIM, given).first() is not None:
        return None
    row = session.execute(_FIND, {"api_key": api_key_id, "key": key}).one()
    body = bytes(row.body) if row.body is not None else None
    return Kept(row.request_hash, row.status, row.headers, body, row.created_at)


def keep(session: Session, api_key_id: int, key: str, status: int, headers: str, body: bytes) -> None:
    """Keep the answer; `headers` is a JSON object."""
    given = {"api_key": api_key_id, "key": key, "status": status, "headers": headers, "body": body}
    session.execute(_KEEP, given)


def release(session: Session, api_key_id: int, key: str) -> None:
    """The request failed on our side: the key may be used for another try."""
    query = text("DELETE FROM idempotency_key WHERE api_key_id = :api_key AND key = :key")
    session.execute(query, {"api_key": api_key_id, "key": key})
