"""Tags over the whole base. They live on the rows of their leads."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.rules.folding import fold
from nurture.store import segments

# Found by their folded tags, the only ones with an index.
_BEARERS = text(
    """
    SELECT id FROM lead
    WHERE folded_tags <> '{}' AND folded_tags && ARRAY[CAST(:folded AS text)]
      AND tags @> ARRAY[CAST(:tag AS text)]
    ORDER BY id FOR NO KEY UPDATE
    """
)
# Whoever has both keeps the other one once.
_REPLACE = text(
    """
    UPDATE lead SET updated_at = :now,
        tags = CASE WHEN :new = ANY(tags) THEN array_remove(tags, :old)
            ELSE array_replace(tags, :old, :new) END,
        folded_tags = CASE WHEN :new_folded = ANY(folded_tags) AND :new_folded <> :old_folded
            THEN array_remove(folded_tags, :old_folded)
            ELSE array_replace(folded_tags, :old_folded, :new_folded) END
    WHERE id = ANY(:leads)
    """
)
_REFOLD = text(
    "UPDATE lead SET folded_tags = array_remove(folded_tags, :tag) WHERE id = ANY(:leads)"
    " AND NOT EXISTS (SELECT FROM unnest(tags) t WHERE lower(t) = :tag)"
)


def bearers(session: Session, tag: str) -> list[int]:
    """Everybody who has the tag, locked."""
    return list(session.scalars(_BEARERS, {"tag": tag, "folded": fold(tag)}))


def replace(session: Session, old: str, old_folded: str, new: str, new_folded: str, *, now: datetime) -> int:
    """Give everybody with one tag another instead; how many."""
    leads = bearers(session, old)
    given = {"old": old, "new": new, "old_folded": old_folded, "new_folded": new_folded}
    session.execute(_REPLACE, {**given, "leads": leads, "now": now})
    segments.mark_dirty(session, leads)
    return len(leads)


def refold_without(session: Session, lead_ids: Sequence[int], folded: str) -> None:
    """What conditions see of these leads does not have the tag any more."""
    session.execute(_REFOLD, {"tag": folded, "leads": list(lead_ids)})
    segments.mark_dirty(session, lead_ids)
