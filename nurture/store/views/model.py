"""The default heat model as it rates now: its thresholds and half-life stand on many pages."""

from sqlalchemy import select
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
