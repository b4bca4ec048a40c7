"""Drafts of models: what a person has typed so far, right or wrong, until it is published or thrown away."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Count, Instant, Json, Ref


class HeatModelDraft(Base):
    """The one draft of a model, in its plain form. `revision` rises with each change, so that two people
    cannot overwrite each other unseen; `based_on` is the number of the version it began from."""

    __tablename__ = "heat_model_draft"

    model_id: Mapped[Ref] = mapped_column(ForeignKey("heat_model.id"), primary_key=True, autoincrement=False)
    spec: Mapped[Json]
    revision: Mapped[Count]
    based_on: Mapped[int | None]
    updated_at: Mapped[Instant]
    updated_by: Mapped[str] = mapped_column(server_default="")


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as values; `who` is the name of the user who changed it last."""

    model_id: int
    spec: Mapping[str, Any]
    revision: int
    based_on: int | None
    updated_at: datetime
    who: str


_FIND = text(
    """
    SELECT d.model_id, d.spec, d.revision, d.based_on, d.updated_at,
           coalesce(u.name, k.name, d.updated_by) AS who
    FROM heat_model_draft d LEFT JOIN user_account u ON d.updated_by = 'user:' || u.id
    LEFT JOIN api_key k ON d.updated_by = 'key:' || k.id
    WHERE d.model_id = :model_id
    """
)


def find(session: Session, model_id: int) -> Draft | None:
    row = session.execute(_FIND, {"model_id": model_id}).one_or_none()
    return None if row is None else Draft(*row)


def lock(session: Session, model_id: int) -> HeatModelDraft | None:
    """The row, held until the transaction ends."""
    return session.get(HeatModelDraft, model_id, with_for_update=True, populate_existing=True)


def put(
    session: Session, model_id: int, spec: Mapping[str, Any], *, based_on: int | None, now: datetime, by: str
) -> int:
    """Keep this as the draft; its new revision."""
    row = lock(session, model_id)
    if row is None:
        row = HeatModelDraft(model_id=model_id, revision=0, based_on=based_on, updated_at=now)
        session.add(row)
    row.spec, row.revision, row.updated_at, row.updated_by = dict(spec), row.revision + 1, now, by
    row.based_on = based_on if based_on is not None else row.based_on
    session.flush()
    return row.revision


def drop(session: Session, model_id: int) -> None:
    session.execute(text("DELETE FROM heat_model_draft WHERE model_id = :id"), {"id": model_id})
