"""What steps leave on the leads themselves: tags and custom fields."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store.leads import refold
from nurture.store.segments import mark_dirty

_MARK = text(
    """
    UPDATE lead l
    SET tags = ARRAY(SELECT DISTINCT t FROM unnest(
                   l.tags || ARRAY(SELECT jsonb_array_elements_text(CAST(m.tags AS jsonb)))) AS t ORDER BY t),
        fields = l.fields || CAST(m.fields AS jsonb),
        updated_at = :now
    FROM unnest(CAST(:ids AS bigint[]), CAST(:tags AS text[]), CAST(:fields AS text[]))
         AS m (id, tags, fields)
    WHERE l.id = m.id
    """
)


def mark(
    session: Session,
    tags: Mapping[int, Sequence[str]],
    fields: Mapping[int, Mapping[str, Any]],
    *,
    now: datetime,
) -> None:
    """Add tags and set custom fields, by lead id, in one statement."""
    ids = sorted(tags.keys() | fields.keys())
    if ids:
        values = {
            "ids": ids,
            "tags": [json.dumps(list(tags.get(lead_id, ()))) for lead_id in ids],
            "fields": [json.dumps(fields.get(lead_id, {})) for lead_id in ids],
            "now": now,
        }
        session.execute(_MARK, values)
        refold(session, ids)
        mark_dirty(session, ids)
