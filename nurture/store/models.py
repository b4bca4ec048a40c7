"""Heat models: named, versioned, one of them the default."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ForeignKey, Row, UniqueConstraint, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.model import HeatModel, plain, read
from nurture.store.base import Base, Id, Instant, Json, Ref


class HeatModelRow(Base):
    """A named model; `live_version_id` is the version that rates. `switching_after` is NULL but while leads
    are being brought over to it: then those up to this id have been."""

    __tablename__ = "heat_model"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    live_version_id: Mapped[Ref | None]
    switching_after: Mapped[Ref | None]
    created_at: Mapped[Instant]


class HeatModelVersion(Base):
    """An immutable version: the file as written and the parsed values."""

    __tablename__ = "heat_model_version"
    __table_args__ = (UniqueConstraint("model_id", "no"),)

    id: Mapped[Id]
    model_id: Mapped[Ref] = mapped_column(ForeignKey("heat_model.id"))
    no: Mapped[int]
    source: Mapped[str]
    spec: Mapped[Json]
    created_at: Mapped[Instant]
    created_by: Mapped[str] = mapped_column(server_default="")
    published_at: Mapped[Instant | None]


DEFAULT = "default"
_RATING_LOCK = 4_201_001


@dataclass(frozen=True, slots=True)
class LiveModel:
    """The version of a model that rates now. While leads are being brought over to it, those up to the id
    `switching_after` have been; None when all have."""

    id: int
    version_id: int
    no: int
    model: HeatModel
    switching_after: int | None = None

    @property
    def is_default(self) -> bool:
        """True for the model whose temperature lists and leads show."""
        return self.model.key == DEFAULT


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version of a model, live or not."""

    id: int
    no: int
    model: HeatModel


_LIVE = text(
    """
    SELECT m.id, v.id AS version_id, v.no, CAST(v.spec AS text) AS spec, m.switching_after
    FROM heat_model m JOIN heat_model_version v ON v.id = m.live_version_id
    ORDER BY m.id
    """
)
_KNOWN = text(
    """
    SELECT m.id, v.id AS version_id, v.no, CAST(v.spec AS text) AS spec, m.switching_after
    FROM heat_model m JOIN LATERAL (
        SELECT id, no, spec FROM heat_model_version WHERE model_id = m.id
        ORDER BY id = m.live_version_id DESC NULLS LAST, no DESC LIMIT 1) v ON true
    ORDER BY m.id
    """
)
_ADD_MODEL = text(
    """
    WITH added AS (
        INSERT INTO heat_model (key, created_at) SELECT :key, :now
        WHERE NOT EXISTS (SELECT FROM heat_model WHERE key = :key)
        ON CONFLICT (key) DO UPDATE SET key = excluded.key
        RETURNING id
    )
    -- The row of a model that is there stays unlocked: rating refers to it.
    SELECT id FROM added UNION ALL SELECT id FROM heat_model WHERE key = :key LIMIT 1
    """
)
_ADD_VERSION = text(
    """
    INSERT INTO heat_model_version (model_id, no, source, spec, created_at, created_by)
    SELECT :model_id, coalesce(max(no), 0) + 1, :source, CAST(:spec AS jsonb), :now, :by
    FROM heat_model_version WHERE model_id = :model_id
    RETURNING id, no
    """
)
_NEWEST = text(
    """
    SELECT id, no, source FROM heat_model_version WHERE model_id = :model_id ORDER BY no DESC LIMIT 1
    """
)
_PUBLISH = text(
    """
    WITH published AS (
        UPDATE heat_model_version SET published_at = :now WHERE id = :version_id RETURNING id, model_id
    )
    UPDATE heat_model SET live_version_id = published.id FROM published WHERE heat_model.id = model_id
    """
)
_BY_VERSIONS = text("SELECT id, CAST(spec AS text) AS spec FROM heat_model_version WHERE id = ANY(:ids)")
_VERSION = text(
    """
    SELECT id, no, CAST(spec AS text) AS spec FROM heat_model_version WHERE model_id = :model_id AND no = :no
    """
)
_SHARE_RATING = text(f"SELECT pg_advisory_xact_lock_shared({_RATING_LOCK})")
_STOP_RATING = text(f"SELECT pg_advisory_xact_lock({_RATING_LOCK})")


def live(session: Session) -> list[LiveModel]:
    """Every model that rates, one statement."""
    return [_live(row) for row in session.execute(_LIVE)]


def known(session: Session) -> list[LiveModel]:
    """Every model there is, by the version that rates or, where none does yet, by its newest; one
    statement."""
    return [_live(row) for row in session.execute(_KNOWN)]


def rate_under(session: Session) -> list[LiveModel]:
    """Every model that rates, held live until the transaction ends: a switch waits for it, and it waits
    for a switch under way."""
    session.execute(_SHARE_RATING)
    return live(session)


def stop_rating(session: Session) -> None:
    """Let no rating run until the transaction ends."""
    session.execute(_STOP_RATING)


def add_version(
    session: Session, model: HeatModel, source: str, *, now: datetime, by: str
) -> tuple[int, int, int]:
    """Keep a version as written, not live yet; (model id, version id, number). The newest version again,
    word for word, is not kept twice."""
    model_id = session.execute(_ADD_MODEL, {"key": model.key, "now": now}).scalar_one()
    newest = session.execute(_NEWEST, {"model_id": model_id}).one_or_none()
    if newest is not None and newest.source == source:
        return model_id, newest.id, newest.no
    given = {"model_id": model_id, "source": source, "spec": _json(plain(model)), "now": now, "by": by}
    added = session.execute(_ADD_VERSION, given).one()
    return model_id, added.id, added.no


def set_live(session: Session, version_id: int, *, now: datetime) -> None:
    """Let this version rate from now on."""
    session.execute(_PUBLISH, {"version_id": version_id, "now": now})


def note_switch(session: Session, model_id: int, after: int | None) -> None:
    """Leads up to the id `after` have been brought over to the live version; None: all have."""
    given = {"id": model_id, "after": after}
    session.execute(text("UPDATE heat_model SET switching_after = :after WHERE id = :id"), given)


def by_versions(session: Session, version_ids: Collection[int]) -> dict[int, HeatModel]:
    """What these versions say, live or not."""
    rows = session.execute(_BY_VERSIONS, {"ids": list(version_ids)})
    return {row.id: _parsed(row.spec) for row in rows}


def version_of(session: Session, model_id: int, no: int) -> StoredVersion | None:
    """One version of a model by its number."""
    row = session.execute(_VERSION, {"model_id": model_id, "no": no}).one_or_none()
    return None if row is None else StoredVersion(row.id, row.no, _parsed(row.spec))


def key_of(session: Session, model_id: int) -> str | None:
    """The name of a model; None for one that does not exist."""
    found = session.execute(text("SELECT key FROM heat_model WHERE id = :id"), {"id": model_id}).scalar()
    return None if found is None else str(found)


def id_of(session: Session, key: str) -> int | None:
    """The model of this name."""
    found = session.execute(text("SELECT id FROM heat_model WHERE key = :key"), {"key": key}).scalar()
    return None if found is None else int(found)


def add_model(session: Session, key: str, *, now: datetime) -> int:
    """The id of the model of this name, made if need be."""
    return int(session.execute(_ADD_MODEL, {"key": key, "now": now}).scalar_one())


def _json(spec: dict[str, Any]) -> str:
    return json.dumps(spec, ensure_ascii=False)


def _live(row: Row[Any]) -> LiveModel:
    return LiveModel(row.id, row.version_id, row.no, _parsed(row.spec), row.switching_after)


@lru_cache(maxsize=32)
def _parsed(spec: str) -> HeatModel:
    return read(json.loads(spec))
