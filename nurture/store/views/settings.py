"""Users and keys as the settings pages list them."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from nurture.store import recovery_codes
from nurture.store.users import ApiKey, User


def users(session: Session) -> list[User]:
    """Everybody, those who may sign in first."""
    return list(
        session.scalars(select(User).order_by(User.disabled_at.is_not(None), User.name, User.id).limit(500))
    )


def keys(session: Session) -> list[ApiKey]:
    """Every key, the living first."""
    living_first = (ApiKey.revoked_at.is_not(None), ApiKey.id.desc())
    return list(session.scalars(select(ApiKey).order_by(*living_first).limit(500)))


def recovery_codes_left(session: Session, user_id: int) -> int:
    """How many recovery codes of a user are unused."""
    return recovery_codes.left(session, user_id)


def users_after(session: Session, after: int, limit: int) -> list[User]:
    """Users in the order they came, those after this id."""
    return list(session.scalars(select(User).where(User.id > after).order_by(User.id).limit(limit)))
