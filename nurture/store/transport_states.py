"""How each way of sending stands: the last sentence a person should read."""

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Instant


class TransportState(Base):
    """How a transport stands: the last sentence a person should read (a refused login, say)."""

    __tablename__ = "transport_state"

    name: Mapped[str] = mapped_column(primary_key=True)
    ok: Mapped[bool]
    sentence: Mapped[str] = mapped_column(server_default="")
    since: Mapped[Instant]
    at: Mapped[Instant]


_TRANSPORT = text("""
    INSERT INTO transport_state AS t (name, ok, sentence, since, at)
    VALUES (:name, :ok, :sentence, :now, :now)
    ON CONFLICT (name) DO UPDATE
    SET ok = excluded.ok, sentence = excluded.sentence, at = excluded.at,
        since = CASE WHEN t.ok = excluded.ok AND t.sentence = excluded.sentence
                THEN t.since ELSE excluded.since END
    WHERE NOT excluded.ok OR t.ok OR t.at <= :began
    RETURNING name
""")


def any_down(session: Session) -> bool:
    """Whether the last word about a way of sending was that it does not work."""
    return session.scalar(select(TransportState.name).where(~TransportState.ok).limit(1)) is not None


def note(
    session: Session, name: str, *, ok: bool, sentence: str, now: datetime, began: datetime | None = None
) -> bool:
    """Keep how a transport stands, for pages and `doctor`; whether that was kept. What went well and `began`
    before the last trouble was noted (in another process, say) tells nothing about that trouble."""
    values = {"name": name, "ok": ok, "sentence": sentence, "now": now, "began": began or now}
    return session.execute(_TRANSPORT, values).first() is not None


def every(session: Session) -> list[TransportState]:
    """How every transport stands."""
    return list(session.scalars(select(TransportState).order_by(TransportState.name)))
