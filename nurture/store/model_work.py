"""Work that models make and that may take minutes: previews, switches to a new version, trainings."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Engine, ForeignKey, Index, Row, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Count, Id, Instant, Json, Ref
from nurture.store.rowcount import written

KINDS = ("preview", "switch", "training")
STATES = ("wanted", "working", "done", "failed", "dropped")
OPEN = ("wanted", "working")


class ModelWork(Base):
    """One piece of work. `spec` is what it is about, `done` of `total` portions are through, `result` what
    came of it, `sentence` why it failed. One that died while working is begun again."""

    __tablename__ = "model_work"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index("ix_model_work_open", "id", postgresql_where=text("state IN ('wanted', 'working')")),
        Index("ix_model_work_model_id_kind_id", "model_id", "kind", "id"),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    model_id: Mapped[Ref | None] = mapped_column(ForeignKey("heat_model.id"))
    version_id: Mapped[Ref | None]
    spec: Mapped[Json]
    state: Mapped[str] = mapped_column(server_default="wanted")
    done: Mapped[Count]
    total: Mapped[Count]
    result: Mapped[Json]
    sentence: Mapped[str] = mapped_column(server_default="")
    asked_at: Mapped[Instant]
    asked_by: Mapped[str] = mapped_column(server_default="")
    ended_at: Mapped[Instant | None]


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work as values."""

    id: int
    kind: str
    model_id: int | None
    version_id: int | None
    spec: Mapping[str, Any]
    state: str
    done: int
    total: int
    result: Mapping[str, Any]
    sentence: str
    asked_at: datetime
    asked_by: str
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


_COLUMNS = (
    "id, kind, model_id, version_id, spec, state, done, total, result, sentence, asked_at, asked_by, ended_at"
)
_ADD = text(
    f"""
    INSERT INTO model_work (kind, model_id, version_id, spec, total, asked_at, asked_by)
    VALUES (:kind, :model_id, :version_id, CAST(:spec AS jsonb), :total, :now, :by)
    RETURNING {_COLUMNS}
    """
)
_DROP = text(
    """
    UPDATE model_work SET state = 'dropped', ended_at = :now
    WHERE kind = :kind AND model_id IS NOT DISTINCT FROM :model_id AND state IN ('wanted', 'working')
    """
)
_OPEN = text(f"SELECT {_COLUMNS} FROM model_work WHERE state IN ('wanted', 'working') ORDER BY id LIMIT 20")
_ONE = text(f"SELECT {_COLUMNS} FROM model_work WHERE id = :id")
_NEWEST = text(
    f"""
    SELECT {_COLUMNS} FROM model_work
    WHERE kind = :kind AND model_id IS NOT DISTINCT FROM :model_id AND state <> 'dropped'
    ORDER BY id DESC LIMIT 1
    """
)
_TELL = text(
    """
    UPDATE model_work SET state = 'working', done = :done, total = greatest(total, :done)
    WHERE id = :id AND state IN ('wanted', 'working')
    """
)
_END = text(
    """
    UPDATE model_work SET state = :state, result = CAST(:result AS jsonb), sentence = :sentence,
        ended_at = :now, done = CASE WHEN :state = 'done' THEN greatest(total, done) ELSE done END
    WHERE id = :id AND state IN ('wanted', 'working')
    """
)
_LOCK_SPACE = 0x30DE1


def add(
    session: Session,
    kind: str,
    model_id: int | None,
    spec: Mapping[str, Any],
    *,
    total: int,
    now: datetime,
    by: str,
    version_id: int | None = None,
) -> Work:
    """Ask for work; what was asked for before of the same kind and model is dropped."""
    session.execute(_DROP, {"kind": kind, "model_id": model_id, "now": now})
    given = {"kind": kind, "model_id": model_id, "version_id": version_id, "spec": json.dumps(spec)}
    return _work(session.execute(_ADD, given | {"total": total, "now": now, "by": by}).one())


def waiting(session: Session) -> Sequence[Work]:
    """What is not finished, the oldest first."""
    return [_work(row) for row in session.execute(_OPEN)]


def find(session: Session, work_id: int) -> Work | None:
    row = session.execute(_ONE, {"id": work_id}).one_or_none()
    return None if row is None else _work(row)


def newest(session: Session, kind: str, model_id: int | None) -> Work | None:
    """The last that was asked for and not dropped."""
    row = session.execute(_NEWEST, {"kind": kind, "model_id": model_id}).one_or_none()
    return None if row is None else _work(row)


def tell(session: Session, work_id: int, done: int) -> bool:
    """Note how far it is; False when it is wanted no more."""
    return written(session, _TELL, {"id": work_id, "done": done}) > 0


def end(
    session: Session,
    work_id: int,
    state: str,
    *,
    now: datetime,
    result: Mapping[str, Any] | None = None,
    sentence: str = "",
) -> None:
    """Finish it as done, or as failed with the reason."""
    given = {"id": work_id, "state": state, "result": json.dumps(result or {}), "sentence": sentence}
    session.execute(_END, given | {"now": now})


@contextmanager
def alone_with(engine: Engine, work_id: int) -> Iterator[bool]:
    """True while no other process does this work; whoever dies lets go of it by itself."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        given = {"space": _LOCK_SPACE, "id": work_id % 2**31}
        mine = connection.execute(text("SELECT pg_try_advisory_lock(:space, :id)"), given).scalar_one()
        try:
            yield bool(mine)
        finally:
            if mine:
                connection.execute(text("SELECT pg_advisory_unlock(:space, :id)"), given)


def _work(row: Row[Any]) -> Work:
    return Work(**row._mapping)
