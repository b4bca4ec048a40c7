"""The default heat model as it rates now: its thresholds and half-life stand on many pages."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from nurture.rules.model import HeatModel, read
from nurture.store.models import HeatModelRow, HeatModelVersion

DEFAULT = "default"


def default_model(session: Session) -> HeatModel | None:
    """One statement; None before a model has been loaded."""
    spec = session.scalar(
        select(HeatModelVersion.spec)
        .join(HeatModelRow, HeatModelRow.live_version_id == HeatModelVersion.id)
        .where(HeatModelRow.key == DEFAULT)
    )
    return read(spec) if spec else None


_RATING = text(
    """
    SELECT m.id, m.key, v.no AS version, v.published_at, v.spec AS definition
    FROM heat_model m JOIN heat_model_version v ON v.id = m.live_version_id ORDER BY m.id
    """
)


def rating(session: Session) -> Sequence[Mapping[str, Any]]:
    """Every model that rates now, in the order they were made."""
    return [dict(row) for row in session.execute(_RATING).mappings()]
