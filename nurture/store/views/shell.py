"""What stands around every page: who is signed in, whether mails go out, what waits for sales."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from nurture.store.handoffs import Handoff
from nurture.store.installation import Installation
from nurture.store.users import User

_COUNT_UP_TO = 100


@dataclass(frozen=True)
class Viewer:
    """The person who is signed in."""

    id: int
    email: str
    name: str
    role: str
    last_seen_at: datetime | None
    preferences: Mapping[str, Any] = field(default_factory=dict)
    has_totp: bool = False
    admins_need_totp: bool = False

    @property
    def must_add_totp(self) -> bool:
        """Whether the second factor has to be set up before anything else."""
        return self.role == "admin" and self.admins_need_totp and not self.has_totp

    @property
    def theme(self) -> str:
        """light, dark, or empty: as the system."""
        return str(self.preferences.get("theme", ""))

    @property
    def language(self) -> str:
        """A code such as ru, or empty: as the browser asks."""
        return str(self.preferences.get("language", ""))

    @property
    def actor(self) -> str:
        """How this person stands in records."""
        return f"user:{self.id}"


@dataclass(frozen=True)
class Shell:
    """The installation as every page shows it; `handoffs` counts open ones up to 100. `caught` says that
    mails go to the catcher and reach nobody."""

    company_name: str
    timezone: str
    live: bool
    sending_stopped: bool
    sending_stopped_at: datetime | None
    handoffs: int
    caught: bool = False


def person(session: Session, user_id: int, epoch: int) -> Viewer | None:
    """The user of a session that has not been ended by a new password or by being kept out."""
    user = session.execute(
        select(
            User.id,
            User.email,
            User.name,
            User.role,
            User.last_seen_at,
            User.preferences,
            User.totp_sealed.is_not(None),
            select(Installation.admins_need_totp).scalar_subquery(),
        ).where(User.id == user_id, User.session_epoch == epoch, User.disabled_at.is_(None))
    ).one_or_none()
    return Viewer(*user) if user else None


def load(session: Session) -> Shell:
    """One statement."""
    waiting = select(literal(1)).where(Handoff.state == "released").limit(_COUNT_UP_TO).subquery()
    row = session.execute(
        select(
            Installation.company_name,
            Installation.timezone,
            Installation.live,
            Installation.sending_stopped,
            Installation.sending_stopped_at,
            select(func.count()).select_from(waiting).scalar_subquery(),
        ).where(Installation.id == 1)
    ).one()
    return Shell(*row)
