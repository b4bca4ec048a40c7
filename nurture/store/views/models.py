"""Heat models as the pages show them: what they say, their versions, and which programs go by them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from nurture.store.models import HeatModelRow, HeatModelVersion
from nurture.store.programs import ProgramRow

_MOST = 50
_DRAFTS = text(
    """
    SELECT d.model_id, d.updated_at, coalesce(u.name, k.name, d.updated_by) AS who
    FROM heat_model_draft d LEFT JOIN user_account u ON d.updated_by = 'user:' || u.id
    LEFT JOIN api_key k ON d.updated_by = 'key:' || k.id
    WHERE d.model_id = ANY(:ids)
    """
)


@dataclass(frozen=True, slots=True)
class Version:
    """One version: who brought it and when it began to rate, None if it never did."""

    no: int
    live: bool
    created_at: datetime
    created_by: str
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class ModelPage:
    """One model; `spec` is what its live version says, None before the first. `drafted_by` changed its draft
    last, if there is one."""

    id: int
    key: str
    spec: Mapping[str, Any] | None
    versions: list[Version]
    drafted_by: str | None
    drafted_at: datetime | None
    programs: list[tuple[int, str]]


def every(session: Session) -> list[ModelPage]:
    """All models, the default one first; four statements."""
    rows = session.execute(
        select(HeatModelRow.id, HeatModelRow.key, HeatModelRow.live_version_id)
        .order_by(HeatModelRow.key != "default", HeatModelRow.key)
        .limit(_MOST)
    ).all()
    ids = [row.id for row in rows]
    live = {row.live_version_id for row in rows}
    versions: dict[int, list[Version]] = {}
    specs: dict[int, Mapping[str, Any]] = {}
    for one in session.scalars(
        select(HeatModelVersion)
        .where(HeatModelVersion.model_id.in_(ids))
        .order_by(HeatModelVersion.model_id, HeatModelVersion.no.desc())
        .limit(500)
    ):
        known = Version(one.no, one.id in live, one.created_at, one.created_by, one.published_at)
        versions.setdefault(one.model_id, []).append(known)
        if one.id in live:
            specs[one.model_id] = one.spec
    used: dict[int, list[tuple[int, str]]] = {}
    for number, name, model_id in session.execute(
        select(ProgramRow.id, ProgramRow.name, ProgramRow.model_id).order_by(ProgramRow.name).limit(500)
    ):
        used.setdefault(model_id, []).append((number, name))
    drafts = {row.model_id: row for row in session.execute(_DRAFTS, {"ids": ids})}
    return [
        ModelPage(
            row.id,
            row.key,
            specs.get(row.id),
            versions.get(row.id, []),
            drafts[row.id].who if row.id in drafts else None,
            drafts[row.id].updated_at if row.id in drafts else None,
            used.get(row.id, []),
        )
        for row in rows
    ]
