"""Leads come to belong to another company: its heat, their grades and the segments follow."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.store import companies, company_heat, leads, segments


def put_in_company(session: Session, lead_ids: Sequence[int], company_id: int, *, now: datetime) -> list[int]:
    """These leads belong to this company from now on; the ids of those that did not before."""
    before = companies.put(session, lead_ids, company_id, now=now)
    moved = sorted(before)
    if moved:
        leads.refold(session, moved)
        segments.mark_dirty(session, moved)
        companies.judge_contacts(session, [company_id])
        company_heat.note_companies(session, {company_id} | {one for one in before.values() if one})
    return moved
