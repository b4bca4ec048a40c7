"""The names under which other programs have reported signals: each once for a source."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_OF = text(
    "SELECT key, signal_id FROM signal_key WHERE source = :source AND key = ANY(CAST(:keys AS text[]))"
)


def known(session: Session, source: str, keys: Sequence[str]) -> dict[str, UUID]:
    """The signals that the source has reported under these keys."""
    if not keys:
        return {}
    rows = session.execute(_OF, {"source": source, "keys": list(keys)})
    return {row.key: row.signal_id for row in rows}
