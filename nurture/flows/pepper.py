"""One pepper for one database: a host with another one would not recognise who asked to be left alone."""

import hmac
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Unavailable
from nurture.rules.words import _
from nurture.store import installation, users
from nurture.store.views.reading import AWAY


def agree_on_pepper(sessions: sessionmaker[Session], pepper: bytes, file: Path) -> None:
    """Compare the pepper of this home with the mark that the first host left in the database; the first to
    come leaves it. Raises Unavailable, naming `file`, when they differ. A database that does not answer or
    has no tables yet has nothing to compare with: that is for others to say."""
    mark = hmac.digest(pepper, b"nurture pepper mark", "sha256").hex()
    try:
        with sessions.begin() as session:
            kept = installation.pepper_mark(session) or installation.keep_pepper_mark(session, mark)
    except (*AWAY, ProgrammingError):
        return
    if not hmac.compare_digest(kept, mark):
        raise Unavailable(
            _(
                "This database knows who asked to be left alone by another pepper than the one of this home, "
                "so they would not be recognised: copy pepper/suppression from the home folder of the first "
                "host, or from a backup, to {file}. Where it is lost for good: nurture migrate --new-pepper."
            ).format(file=file)
        )


def forget_pepper(session: Session, *, by: str, now: datetime) -> None:
    """Let the next host to come bring its own pepper. Those suppressed until now are not found any more."""
    installation.forget_pepper_mark(session)
    users.audit(session, by, "installation.pepper_forgotten", "installation", now=now)
