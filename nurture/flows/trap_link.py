"""The switch of the house over the link in its marketing mails that nobody sees (mail/trap)."""

from datetime import datetime

from sqlalchemy.orm import Session

from nurture.store import installation as installations
from nurture.store.audit import audit


def set_trap_link(session: Session, *, on: bool, by: str, now: datetime) -> None:
    """Whether the mails that go out from now on carry it, in the caller's transaction. Links in mails already
    sent go on to tell machines apart."""
    installation = installations.lock(session)
    if installation.trap_link == on:
        return
    installation.trap_link = on
    audit(session, by, "trap_link.changed", "installation", now=now, detail={"trap_link": [not on, on]})
