"""A person lets a sending domain send again."""

from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import NotFound
from nurture.flows.trouble import sender_pause_name
from nurture.rules.words import _
from nurture.store import pacing, transport_states, users


def let_sender_send(session: Session, domain: str, *, by: str, now: datetime) -> None:
    """The domain authenticates again: what waited goes out. Raises NotFound when it was not paused."""
    if not pacing.resume_sender(session, domain):
        raise NotFound(_("{domain} is not paused.").format(domain=domain))
    transport_states.note(session, sender_pause_name(domain), ok=True, sentence="", now=now)
    users.audit(session, by, "sender.resumed", domain, now=now)
