"""A heat model: how signals warm, when a lead is warm or hot, who fits, and who is ready."""

from nurture.rules.model.changes import changes, changes_by_part
from nurture.rules.model.doubts import asked_fields, doubts
from nurture.rules.model.reading import ModelFault, is_name, read
from nurture.rules.model.values import (
    DEFAULT_DATA,
    DEFAULT_NEED,
    Band,
    DataPolicy,
    HeatModel,
    NeedRule,
    Parts,
    Readiness,
    Requirements,
    Scorecard,
    ScoreRule,
    SignalRule,
    Thresholds,
)
from nurture.rules.model.writing import plain

__all__ = [
    "DEFAULT_DATA",
    "DEFAULT_NEED",
    "Band",
    "DataPolicy",
    "HeatModel",
    "ModelFault",
    "NeedRule",
    "Parts",
    "Readiness",
    "Requirements",
    "ScoreRule",
    "Scorecard",
    "SignalRule",
    "Thresholds",
    "asked_fields",
    "changes",
    "changes_by_part",
    "doubts",
    "is_name",
    "plain",
    "read",
]
