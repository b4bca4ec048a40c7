"""Users who sign in, and the keys of programs that call the API."""

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.audit import audit as audit
from nurture.store.base import Base, Count, Id, Instant, Json, Ref

ROLES = ("admin", "marketer", "sales", "viewer")


class User(Base):
    """A person of the company. `session_epoch` rises when password, role or second factor change: older
    sessions end. `last_seen_at` is the last sign-in. `totp_sealed` is the secret of the second factor,
    `totp_pending` one that is not proven yet, `totp_step` the last time step whose code was taken."""

    __tablename__ = "user_account"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(server_default="")
    role: Mapped[str]
    password_hash: Mapped[str]
    session_epoch: Mapped[Count]
    preferences: Mapped[Json]
    created_at: Mapped[Instant]
    last_seen_at: Mapped[Instant | None]
    disabled_at: Mapped[Instant | None]
    totp_sealed: Mapped[str | None]
    totp_pending: Mapped[str | None]
    totp_since: Mapped[Instant | None]
    totp_step: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class ApiKey(Base):
    """A key of the API: the prefix finds it, the SHA-256 of the secret proves it."""

    __tablename__ = "api_key"

    id: Mapped[Id]
    name: Mapped[str]
    role: Mapped[str]
    prefix: Mapped[str] = mapped_column(unique=True)
    secret_hash: Mapped[str]
    created_by: Mapped[Ref | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[Instant]
    last_used_at: Mapped[Instant | None]
    revoked_at: Mapped[Instant | None]
    expires_at: Mapped[Instant | None]


class IdempotencyKey(Base):
    """The answer once given to a POST with an Idempotency-Key, to be given again."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index("ix_idempotency_key_created_at", "created_at"),)

    api_key_id: Mapped[Ref] = mapped_column(ForeignKey("api_key.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    status: Mapped[int | None]
    headers: Mapped[Json]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[Instant]


def any_user(session: Session) -> bool:
    """Whether anybody can sign in yet; while nobody can, the set-up page is open."""
    return session.scalar(select(User.id).limit(1)) is not None


def by_email(session: Session, email: str) -> User | None:
    return session.scalar(select(User).where(User.email == email))


def key_by_prefix(session: Session, prefix: str) -> ApiKey | None:
    """The living key with this prefix."""
    return session.scalar(select(ApiKey).where(ApiKey.prefix == prefix, ApiKey.revoked_at.is_(None)))


def living_admins(session: Session) -> list[User]:
    """Administrators who can sign in."""
    query = select(User).where(User.role == "admin", User.disabled_at.is_(None)).order_by(User.id)
    return list(session.scalars(query))


def active_admins(session: Session) -> list[int]:
    """Ids of administrators who can sign in, locked, so that the last one cannot be lost in a race."""
    living = select(User.id).where(User.role == "admin", User.disabled_at.is_(None)).order_by(User.id)
    return list(session.scalars(living.with_for_update()))
