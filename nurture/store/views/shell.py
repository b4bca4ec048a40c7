"""What stands around every page: who is signed in, whether mails go out, what waits for sales."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from nurture.store.demo import Demo
from nurture.store.handoffs import Handoff
from nurture.store.installation import Installation
from nurture.store.pulse import PumpBeat
from nurture.store.users import User

_COUNT_UP_TO = 100
# A pump says every five seconds that it lives; a turn may last, so that a minute of silence is too much.
SILENT_SECONDS = 60.0
LATE_SECONDS = 300.0


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
    def sales_mails(self) -> bool:
        """Whether mails come as leads become theirs and as time runs out."""
        return bool(self.preferences.get("sales_mails", True))

    @property
    def digest(self) -> bool:
        """Whether an overview comes as the working day begins."""
        return bool(self.preferences.get("digest", True))

    @property
    def actor(self) -> str:
        """How this person stands in records."""
        return f"user:{self.id}"


@dataclass(frozen=True)
class Shell:
    """The installation as every page shows it; `handoffs` counts open ones up to 100. `caught` says that
    mails go to the catcher and reach nobody. `beat_age` in seconds since a pump last said that it lives,
    None when none ever did; `behind` in seconds how late the oldest work is, `behind_what` which."""

    company_name: str
    timezone: str
    live: bool
    sending_stopped: bool
    sending_stopped_at: datetime | None
    handoffs: int
    demo: str = "none"
    beat_age: float | None = None
    behind: float = 0.0
    behind_what: str = ""
    late_after: float = LATE_SECONDS
    caught: bool = False

    @property
    def making_demo(self) -> bool:
        """Whether the pumps stand still because demo data is made or removed."""
        return self.demo in ("wanted", "making", "unwanted", "removing")

    @property
    def nobody_works(self) -> bool:
        """Whether pumps were there and none has said for a while that it lives."""
        return self.beat_age is not None and self.beat_age > SILENT_SECONDS and not self.making_demo

    @property
    def is_behind(self) -> bool:
        return self.behind > self.late_after and not self.nobody_works and not self.making_demo


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
    recent = func.clock_timestamp() - timedelta(seconds=SILENT_SECONDS)
    fresh = select(PumpBeat.behind, PumpBeat.what).where(PumpBeat.seen_at > recent).subquery()
    row = session.execute(
        select(
            Installation.company_name,
            Installation.timezone,
            Installation.live,
            Installation.sending_stopped,
            Installation.sending_stopped_at,
            select(func.count()).select_from(waiting).scalar_subquery().label("handoffs"),
            select(Demo.state).scalar_subquery().label("demo"),
            select(func.extract("epoch", func.clock_timestamp() - func.max(PumpBeat.seen_at)))
            .scalar_subquery()
            .label("beat_age"),
            select(func.coalesce(func.min(fresh.c.behind), 0.0)).scalar_subquery().label("behind"),
            select(fresh.c.what).order_by(fresh.c.behind).limit(1).scalar_subquery().label("behind_what"),
        ).where(Installation.id == 1)
    ).one()
    age = None if row.beat_age is None else float(row.beat_age)
    behind = float(row.behind or 0)
    return Shell(
        company_name=row.company_name,
        timezone=row.timezone,
        live=row.live,
        sending_stopped=row.sending_stopped,
        sending_stopped_at=row.sending_stopped_at,
        handoffs=row.handoffs,
        demo=row.demo,
        beat_age=age,
        behind=behind,
        behind_what=row.behind_what or "",
    )
