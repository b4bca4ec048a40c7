"""New and changed leads are led on: told to those who listen, graded, and let into programs."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.flows.judge_leads import judge_leads
from nurture.store import lead_json
from nurture.store.webhooks import Message, write_messages

_CREATED = "lead.created"


def take_in(
    session: Session, lead_ids: Sequence[int], *, since: datetime | None, base_url: str, now: datetime
) -> None:
    """Lead these leads on, in the caller's transaction; those made at `since` or later are announced.

    Repeating it is harmless: messages, grades and enrolments are each there once.
    """
    if not lead_ids:
        return
    if since is not None:
        _announce(session, lead_ids, since, base_url, now)
    judge_leads(session, lead_ids, now=now)


def _announce(
    session: Session, lead_ids: Sequence[int], since: datetime, base_url: str, now: datetime
) -> None:
    news = lead_json.news(session, lead_ids, since=since)
    leads = lead_json.read(session, news, base_url=base_url, now=now)
    messages = [
        Message(_CREATED, {"lead": lead}, lead_id, f"{_CREATED}:{lead_id}") for lead_id, lead in leads.items()
    ]
    write_messages(session, messages, now=now)
