"""A person changes what is known of one lead: saved like any answers, and kept with what was there before."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import NotFound
from nurture.flows.leads import save_lead
from nurture.rules import lead_edits as rules
from nurture.rules.words import _
from nurture.store import lead_edits, lead_json


def edit_lead(
    session: Session,
    lead_id: int,
    said: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
    pepper: bytes,
    base_url: str,
    source_kind: str = "by_hand",
) -> dict[str, Any]:
    """Change what is said and nothing else (the names of the API); what it changed, {name: [before, after]}.
    Raises Invalid with every fault, NotFound, Conflict for the address or number of another lead."""
    before = lead_json.read(session, [lead_id], base_url=base_url, now=now).get(lead_id)
    if before is None:
        raise NotFound(_("There is no such lead."))
    save_lead(
        session,
        {**said, "id": lead_id},
        now=now,
        by=by,
        pepper=pepper,
        base_url=base_url,
        source_kind=source_kind,
    )
    session.flush()
    after = lead_json.read(session, [lead_id], base_url=base_url, now=now)[lead_id]
    changes = rules.told(before, after)
    lead_edits.note(session, lead_id, changes, by=by, now=now)
    return changes
