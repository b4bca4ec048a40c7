"""Companies: several leads may belong to one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Id, Instant, Json


class Company(Base):
    """`folded` is the name as Python folds it (rules/folding.py); it finds the company again."""

    __tablename__ = "company"

    id: Mapped[Id]
    name: Mapped[str]
    folded: Mapped[str] = mapped_column(unique=True)
    size: Mapped[int | None]
    industry: Mapped[str | None]
    website: Mapped[str | None]
    country: Mapped[str | None]
    city: Mapped[str | None]
    fields: Mapped[Json]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]


_TAKE = text(
    """
    INSERT INTO company AS c (name, folded, size, industry, website, country, city, created_at, updated_at)
    VALUES (:name, :folded, :size, :industry, :website, :country, :city, :now, :now)
    ON CONFLICT (folded) DO UPDATE
    SET size = coalesce(excluded.size, c.size), industry = coalesce(excluded.industry, c.industry),
        website = coalesce(excluded.website, c.website), country = coalesce(excluded.country, c.country),
        city = coalesce(excluded.city, c.city), updated_at = :now
    RETURNING id
    """
)
_ABOUT = ("size", "industry", "website", "country", "city")


def take(session: Session, name: str, folded: str, about: Mapping[str, Any], *, now: datetime) -> int:
    """The id of the company of this name, made if there is none; `about` fills and corrects what is known."""
    given = {"name": name, "folded": folded, "now": now, **{column: about.get(column) for column in _ABOUT}}
    return int(session.execute(_TAKE, given).scalar_one())
