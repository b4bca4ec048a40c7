"""Sources: where leads come from."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Flag, Id, Instant


class Source(Base):
    """`kind` is a channel such as import, api, form, event; `targeted` tells data made for our offer
    from consumer (general) data."""

    __tablename__ = "source"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(server_default="")
    targeted: Mapped[bool | None]
    created_at: Mapped[Instant]
    demo: Mapped[Flag]


_ENSURE = text(
    """
    WITH made AS (
        INSERT INTO source (name, kind, created_at) VALUES (:name, :kind, :now)
        ON CONFLICT (name) DO NOTHING RETURNING id
    )
    SELECT id FROM made UNION ALL SELECT id FROM source WHERE name = :name LIMIT 1
    """
)


def ensure(session: Session, name: str, *, kind: str, now: datetime) -> int:
    """The id of the source of this name, made if there is none yet."""
    return int(session.execute(_ENSURE, {"name": name, "kind": kind, "now": now}).scalar_one())
