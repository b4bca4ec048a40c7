"""Sources: where leads come from."""

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Flag, Id, Instant
from nurture.store.rowcount import written


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


# Each of the two columns on its own, so that only rows that change are written.
_MOVE = (
    text("UPDATE lead SET source_id = :into WHERE source_id = :source"),
    text("UPDATE lead SET last_source_id = :into WHERE last_source_id = :source"),
)
_USED = text(
    "SELECT EXISTS (SELECT FROM lead WHERE source_id = :source)"
    " OR EXISTS (SELECT FROM lead WHERE last_source_id = :source)"
)


def every(session: Session) -> list[Source]:
    """All sources by name."""
    return list(session.scalars(select(Source).order_by(Source.name).limit(1_000)))


def page(session: Session, *, after: int, limit: int) -> list[Source]:
    """In the order they were made, those after the last one seen."""
    return list(session.scalars(select(Source).where(Source.id > after).order_by(Source.id).limit(limit)))


def named(session: Session, name: str) -> int | None:
    """The id of the source of this name."""
    return session.scalar(select(Source.id).where(Source.name == name))


def move_leads(session: Session, source_id: int, into_id: int) -> int:
    """Whoever came from the one comes from the other; how many came from it first."""
    session.flush()
    given = {"source": source_id, "into": into_id}
    first, _last = (written(session, statement, given) for statement in _MOVE)
    return first


def is_used(session: Session, source_id: int) -> bool:
    """Whether any lead came from it, at first or last."""
    return bool(session.scalar(_USED, {"source": source_id}))
