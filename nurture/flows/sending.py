"""The two switches over all sending: the go-live switch and the emergency stop."""

from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Conflict
from nurture.rules.words import _
from nurture.store import installation as installations
from nurture.store import users


def stop_sending(session: Session, *, by: str, now: datetime) -> None:
    """Nothing more goes out until somebody resumes; everything that is due waits."""
    installation = installations.lock(session)
    if not installation.sending_stopped:
        installation.sending_stopped = True
        installation.sending_stopped_at = now
        users.audit(session, by, "sending.stopped", "installation", now=now)


def resume_sending(session: Session, *, by: str, now: datetime) -> None:
    """What waited goes out, within its windows."""
    installation = installations.lock(session)
    if installation.sending_stopped:
        installation.sending_stopped = False
        installation.sending_stopped_at = None
        users.audit(session, by, "sending.resumed", "installation", now=now)


def go_live(session: Session, *, by: str, now: datetime) -> None:
    """Let mails out for the first time; the law wants a sender and a postal address in each."""
    installation = installations.lock(session)
    if not (installation.company_name and installation.postal_address and installation.sender_email):
        raise Conflict(_("Say first who sends: company name, postal address and sender address."))
    if not installation.live:
        installation.live = True
        users.audit(session, by, "sending.went_live", "installation", now=now)
